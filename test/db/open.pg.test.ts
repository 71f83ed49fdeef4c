import { afterAll, afterEach, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { openDatabase } from '../../src/db/db.ts'
import { embeddedStatus } from '../../src/db/embedded/status.ts'
import { emptyDatabase } from '../helpers/pg.ts'
import { endAll, kill, newHomeWithData, removePattern, stopped } from './homes.ts'

afterEach(endAll)
afterAll(removePattern)

/** What both kinds must do: the same suite, once on the embedded server and once by URL. */
const kinds = {
  embedded: async () => ({ home: await newHomeWithData(), drop: async () => {} }),
  'by URL': async () => ({ home: '/nowhere', ...(await emptyDatabase()) }),
}

for (const [kind, make] of Object.entries(kinds)) {
  test(`${kind}: is migrated when it is open, keeps what was written, and its URL works for others`, async () => {
    const { drop, ...where } = await make()
    const db = await openDatabase({ ...where, log: silentLog })
    expect((await db.query('select name from db.migration')).length).toBeGreaterThan(0)
    await db.query('create table kept (n int)')
    const other = await openDatabase({ home: '/nowhere', url: db.url, log: silentLog })
    await other.query('insert into kept values (1)')
    await other.close()
    await db.close()
    const again = await openDatabase({ ...where, log: silentLog })
    expect(await again.query('select n from kept')).toEqual([{ n: 1 }])
    await again.close()
    await again.close()
    await drop()
  })
}

test('a closed database lets its server go', async () => {
  const home = await newHomeWithData()
  const db = await openDatabase({ home, log: silentLog })
  await db.close()
  await stopped(home)
  expect(embeddedStatus(home)).toMatchObject({ state: 'stopped', guarded: false })
})

test('a server that was killed under an open database is started again by the next statement, with its listeners', async () => {
  const home = await newHomeWithData()
  const db = await openDatabase({ home, log: silentLog })
  await db.query('create table kept (n int)')
  await db.query('insert into kept values (1)')
  let tell = () => {}
  const told = new Promise<void>((resolve) => {
    tell = resolve
  })
  await db.listen('changed', () => {}, tell)
  const first = embeddedStatus(home).pid ?? 0
  kill(first)
  await told
  expect(await db.query('select n from kept')).toEqual([{ n: 1 }])
  expect(embeddedStatus(home).pid).not.toBe(first)
  await db.close()
})

test('a URL where nothing answers is refused with what to do', async () => {
  const opening = openDatabase({ home: '/nowhere', url: 'postgresql://me:secret@127.0.0.1:1/x', log: silentLog })
  await expect(opening).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('127.0.0.1:1') })
  await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('secret') })
})

test('a home that cannot be made is refused with what to do', async () => {
  await expect(openDatabase({ home: '/proc/version/x', log: silentLog })).rejects.toThrow(/WEIR_HOME/)
})
