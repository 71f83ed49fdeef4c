import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import type { Duck } from '../../src/lake/duck.ts'
import { JANUARY, openRig, type Rig } from './rig.ts'

/** Rows in = rows out from a delivery to its snapshot: a DuckDB that loses rows stands for whatever could. */
const PROJECT = normalizeProject(
  {
    name: 'borders',
    sources: { people: { key: 'id', columns: { id: 'String', age: 'Int64' } } },
    entities: { person: { joinKeys: { id: 'String' } } },
    featureViews: { profile: { entity: 'person', source: 'people', features: { age: 'Int64' } } },
  },
  '/',
)
const COUNT = 12_000
const ROWS = Array.from({ length: COUNT }, (_, i) => ({ id: `k${i}`, age: i }))

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

test('a delivery of which rows are lost while they are read is refused with both numbers, and keeps nothing', async () => {
  const lossy = losing((sql, run) => {
    const table = /^CREATE TEMP TABLE (\w+) AS/.exec(sql)?.[1]
    return table ? [run(sql), run(`DELETE FROM ${table} WHERE n % 4000 = 7`)] : [run(sql)]
  })
  await expect(deliverWith(lossy)).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/rows of 'people' → delivery: 12000 rows went in and 11997 came out/),
  })
  expect(await rig.lake.list()).toEqual([])
})

test('a snapshot that has fewer rows than its delivery is refused with both numbers, and keeps nothing', async () => {
  const lossy = losing((sql, run) => [
    run(
      sql.startsWith('COPY (SELECT t0') ? sql.replace(/ FROM (\w+) ORDER BY/, ' FROM $1 WHERE n <> 7 ORDER BY') : sql,
    ),
  ])
  await expect(deliverWith(lossy)).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/delivery of 'people' → snapshot: 12000 rows went in and 11999 came out/),
  })
  expect(await rig.lake.list()).toEqual([])
})

test('the same rows through a DuckDB that loses none are taken', async () => {
  const report = await deliverWith(rig.duck)
  expect([report.state, report.sources[0]?.rows]).toEqual(['accepted', COUNT])
})

function deliverWith(duck: Duck) {
  const { db: sql, lake, clock } = rig
  const ingest = createIngest({ sql, lake, duck, project: PROJECT, clock, log: silentLog })
  return ingest.ingestRows({ source: 'people', asOf: JANUARY, rows: ROWS })
}

function losing(change: (sql: string, run: (sql: string) => Promise<void>) => Promise<void>[]): Duck {
  return {
    ...rig.duck,
    session: (body) =>
      rig.duck.session((session) =>
        body({
          ...session,
          run: async (sql, ...more) => {
            await Promise.all(change(sql, (text) => session.run(text, ...more)))
          },
        }),
      ),
  }
}
