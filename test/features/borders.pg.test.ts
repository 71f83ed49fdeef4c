import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { ridesProject } from './rides.ts'
import { openRig, type Rig } from './rig.ts'

/** Rows in = rows out between a snapshot and whoever asks for live features; the other borders are in rows-kept. */
const COUNT = 12_000
const project = ridesProject()
const people = must(project.sources.find((source) => source.name === 'people'))

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
  rig.clock.set(Date.UTC(2024, 2, 15))
  await rig.deliver(
    people,
    '2024-01-31',
    `SELECT i::BIGINT AS person, 20::BIGINT AS age, 'Lyon' AS city, 1.0::DOUBLE AS score, true AS member FROM range(${COUNT}) t(i)`,
  )
})
afterAll(() => rig.close())

test('a snapshot that gives a view fewer rows than it was recorded with is not brought online', async () => {
  const { history } = rig.lake
  rig.lake.history = async (...asked) => (await history(...asked)).map((s) => ({ ...s, rows: s.rows + 1 }))
  await expect(rig.features(project).materialize({ views: ['profile'] })).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/→ feature view 'profile': 12001 rows went in and 12000 came out/),
  })
  rig.lake.history = history
  const tables = await rig.db.query("select table_name from features.online_table where view = 'profile'")
  expect(tables).toEqual([])
})

test('an answer of the live store that has fewer rows than keys were asked for is refused', async () => {
  const features = rig.features(project)
  await features.materialize({ views: ['profile'] })
  const service = features.serviceOf(['profile:age'])
  const keys = Array.from({ length: 3_000 }, (_, i) => String(i))
  expect((await features.readOnlineOf(service, keys)).length).toBe(3_000)
  const losing = {
    ...rig.db,
    prepared: async (name: string, text: string, values: unknown[]) =>
      (await rig.db.prepared(name, text, values)).slice(1),
  }
  await expect(rig.features(project, losing as typeof rig.db).readOnlineOf(service, keys)).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/keys → live rows/),
  })
})
