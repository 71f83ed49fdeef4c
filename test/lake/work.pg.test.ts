import { afterEach, beforeEach, expect, test } from 'vitest'
import { createWork, type Work } from '../../src/lake/work.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'
import { proxyTo } from '../helpers/proxy.ts'

let database: TestDatabase
const works: Work[] = []
beforeEach(async () => {
  database = await testDatabase()
})
afterEach(async () => {
  for (const work of works.splice(0)) await work.close()
  await database.drop()
})

const work = (waitMs?: number, url = database.url) => {
  const made = createWork({ url, waitMs })
  works.push(made)
  return made
}

/** Work that is under way until `end` is called. */
async function hanging(at: Work) {
  let end = () => {}
  let begun = () => {}
  const began = new Promise<void>((done) => {
    begun = done
  })
  const ended = at.during(async () => {
    begun()
    await new Promise<void>((done) => {
      end = done
    })
  })
  await began
  return { end: () => end(), ended }
}

test('who waits for work that hangs is told for which session, and may ask again', async () => {
  const { end, ended } = await hanging(work())
  const short = work(300)
  const error = await short.pass().catch((thrown) => thrown)
  expect(error).toMatchObject({ code: 'conflict' })
  expect(error.message).toMatch(/has not ended: PostgreSQL session \d+ \(weir work, from .+, since .+\)\..* ask again/)
  const [holder] = await database.db.query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name = 'weir work' and query like '%epoch%'`,
  )
  expect(error.message).toContain(`session ${holder?.pid} `)
  end()
  await ended
  await short.pass()
})

test('who would be alone where another one hangs is told so', async () => {
  let end = () => {}
  const other = work().alone('erase', () => new Promise<void>((done) => (end = done)))
  const short = work(300)
  await expect(
    (async () => {
      // Until the other one has the name.
      for (;;) await short.alone('erase', async () => {})
    })(),
  ).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining("'erase'") })
  end()
  await other
})

test('X11: a database that is silent when work begins, or is waited for, is told within seconds', async () => {
  const proxy = await proxyTo(database.url)
  const through = work(undefined, proxy.through(database.url))
  await proxy.silence()
  await expect(through.during(async () => {})).rejects.toMatchObject({ code: 'unavailable' })
  await expect(through.pass()).rejects.toMatchObject({ code: 'unavailable' })
  await proxy.pass()
  await through.during(async () => {})
  await through.pass()
  await through.close()
  await proxy.stop()
})
