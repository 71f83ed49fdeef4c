import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Json, type MlflowRig, openMlflowRig } from './rig.ts'

const RUNS = 50_000

let rig: MlflowRig
let experiment: string
beforeAll(async () => {
  rig = await openMlflowRig()
  experiment = await rig.newExperiment('many')
  const { db } = rig
  const id = "lpad(to_hex(i), 32, '0')"
  const all = `generate_series(1, ${RUNS}) i`
  await db.query(
    `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, artifact_uri)
     select ${id}, $1::bigint, 'run ' || i, 'u' || i % 7, 'FINISHED', i / 10, 'mlflow-artifacts:/x/' || i from ${all}`,
    [experiment],
  )
  await db.query(
    `insert into tracking.latest_metric (run_id, experiment_id, key, value, timestamp_ms, step)
     select ${id}, $1::bigint, k, case when k = 'b' and i % 100 = 0 then 'NaN' else ((i * 7919) % 50021)::float8 end, 1, 0
     from ${all}, unnest(array['a', 'b', 'c']) k where not (k = 'c' and i % 2 = 0)`,
    [experiment],
  )
  await db.query(`insert into tracking.param (run_id, key, value) select ${id}, 'p', (i % 50)::text from ${all}`)
  await db.query(`insert into tracking.tag (run_id, key, value) select ${id}, 't', 'v' || i % 3 from ${all}`)
  await db.query('analyze tracking.run, tracking.latest_metric, tracking.param, tracking.tag')
}, 120_000)
afterAll(() => rig.close())

async function pages(body: object): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = []
  let page_token: string | undefined
  let count = 0
  do {
    const answer: Json = await rig.postOk('runs/search', { experiment_ids: [experiment], ...body, page_token })
    ids.push(...(answer.runs ?? []).map((run: Json) => run.info.run_id))
    page_token = answer.next_page_token
    count++
  } while (page_token)
  return { ids, pages: count }
}

describe('50,000 runs of one experiment', () => {
  it.each([
    [[]],
    [['metrics.a DESC']],
    [['metrics.b']],
    [['metrics.c DESC', 'attributes.start_time']],
    [['params.p', 'tags.t DESC']],
  ])(
    'come once each, page by page, ordered by %j',
    async (order_by) => {
      const found = await pages({ order_by, max_results: 9_999 })
      expect(found.pages).toBe(6)
      expect(found.ids.length).toBe(RUNS)
      expect(new Set(found.ids).size).toBe(RUNS)
    },
    120_000,
  )

  it('come all at once, which is the most that may be asked for', async () => {
    expect(await pages({ max_results: RUNS })).toMatchObject({ pages: 1, ids: { length: RUNS } })
  }, 60_000)

  it('are filtered exactly', async () => {
    const expected = Array.from({ length: RUNS }, (_, at) => at + 1)
      .filter((i) => (i * 7919) % 50021 > 40_000 && i % 50 === 3 && i % 3 === 1)
      .map((i) => i.toString(16).padStart(32, '0'))
    const filter = "metrics.a > 40000 AND params.p = '3' AND tags.t = 'v1'"
    expect((await pages({ filter, order_by: ['run_id'], max_results: 50 })).ids).toEqual(expected)
  }, 60_000)
})
