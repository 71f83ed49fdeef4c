import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { systemClock } from '../../src/base/clock.ts'
import { createClosing } from '../../src/base/closing.ts'
import { silentLog } from '../../src/base/log.ts'
import { readSettings } from '../../src/config/settings.ts'
import { loadStreamflow } from '../features/real-data.ts'
import { testDatabase } from '../helpers/pg.ts'

test.each([
  ['Redis', { WEIR_ONLINE: 'redis://127.0.0.1:1' }, 'unavailable'],
  ['S3', { WEIR_OBJECTS: 's3://nobody/weir', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 'unavailable'],
  ['the folder', { WEIR_OBJECTS: '/dev/null/objects' }, undefined],
])(
  'X14: a start that %s fails gives back what it took: no connection to the database is left',
  async (_what, env, code) => {
    const database = await testDatabase()
    const home = await mkdtemp(join(tmpdir(), 'weir-start-'))
    const environment = { ...process.env }
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_REGION: 'us-east-1', ...env })
    const settings = readSettings({
      flags: {},
      env: { DATABASE_URL: database.url, WEIR_HOME: home, ...env },
      projectDir: home,
    })
    try {
      const held = await database.db.query<{ pid: number }>(
        'select pid from pg_stat_activity where datname = current_database()',
      )
      const known = held.map(({ pid }) => pid)
      const start = createApp({ settings, project: await loadStreamflow(), clock: systemClock, log: silentLog })
      await expect(start).rejects.toMatchObject(code ? { code } : {})
      // The test's own pool has connections too: those of before the start do not count.
      const others = () =>
        database.db.query<{ n: number }>(
          'select count(*) as n from pg_stat_activity where datname = current_database() and pid <> all ($1::int[])',
          [known],
        )
      await expect.poll(async () => (await others())[0]?.n).toBe(0)
    } finally {
      process.env = environment
      await database.drop()
      await rm(home, { recursive: true, force: true })
    }
  },
)

test('what was opened is closed in reverse order; one that fails or hangs does not keep the others open', async () => {
  const closed: string[] = []
  const trouble: string[] = []
  const closing = createClosing(20, (what) => trouble.push(what))
  closing.add('first', 1, () => closed.push('first'))
  closing.add('hangs', 2, () => new Promise(() => {}))
  closing.add('fails', 3, async () => {
    throw new Error('no')
  })
  expect(closing.add('last', 4, async () => closed.push('last'))).toBe(4)
  await closing.close()
  await closing.close()
  expect(closed).toEqual(['last', 'first'])
  expect(trouble).toEqual(['fails', 'hangs'])
})
