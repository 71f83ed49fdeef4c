import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { migrate, readMigrations } from '../../src/db/migrate.ts'
import { endClient, openClient } from '../../src/db/session.ts'
import { insertMetrics } from '../../src/tracking/queries/metrics.ts'
import { seriesOf } from '../../src/tracking/series.ts'
import { emptyDatabase } from '../helpers/pg.ts'
import { type MlflowRig, openMlflowRig } from './rig.ts'

const OURS = 20

/** What the version before 0020 sent for a batch of metrics; it goes on doing so while servers are replaced. */
const statementBefore = (whenThere: string) => `with runs as materialized (
    select run_id, experiment_id, lifecycle_stage from tracking.run where run_id = any($1::text[])
  ),
  given as (
    select runs.experiment_id, g.* from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::double precision[])
      as g (run_id, key, timestamp_ms, step, value)
    join runs using (run_id) where runs.lifecycle_stage = 'active'
  ),
  latest as (
    insert into tracking.latest_metric as l (run_id, experiment_id, key, timestamp_ms, step, value)
    select distinct on (run_id, key) run_id, experiment_id, key, timestamp_ms, step, value from given
    order by run_id, key, step desc, timestamp_ms desc, value desc
    on conflict (run_id, key) do update
    set timestamp_ms = excluded.timestamp_ms, step = excluded.step, value = excluded.value
    where (excluded.step, excluded.timestamp_ms, excluded.value) > (l.step, l.timestamp_ms, l.value)
  ),
  history as (
    insert into tracking.metric (run_id, key, timestamp_ms, step, value)
    select distinct run_id, key, timestamp_ms, step, value from given
    order by run_id, key, timestamp_ms, step, value ${whenThere}
  )
  select run_id, lifecycle_stage from runs`

describe('the history of metrics, from its wide table to points', () => {
  it('moves what is there, and the version before goes on reading, writing and deleting while servers are replaced', async () => {
    const empty = await emptyDatabase()
    const client = await openClient({ url: empty.url, name: 'test' })
    try {
      const all = readMigrations()
      await migrate(
        client,
        silentLog,
        all.filter((m) => m.number < OURS),
      )
      const [a, b, gone] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string]
      for (const id of [a, b]) {
        await client.query(
          `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, artifact_uri)
           values ($1, 0, 'r', 'u', 'RUNNING', 1, 'x')`,
          [id],
        )
      }
      // More than one page of PostgreSQL; two runs, two keys; values that only a double has; what a run left that is gone.
      await client.query(
        `insert into tracking.metric select r, k, i, 9007199254740993 + i, v
         from unnest($1::text[]) r, unnest('{m,n}'::text[]) k, generate_series(1, 600) i, unnest('{NaN,Infinity,0.1}'::float8[]) v`,
        [[a, b, gone]],
      )
      const wide = 'select * from tracking.metric where run_id <> $1 order by run_id, key, timestamp_ms, step, value'
      const was = (await client.query(wide, [gone])).rows
      expect(was).toHaveLength(7200)

      await migrate(client, silentLog, all)
      expect((await client.query(wide, [gone])).rows).toEqual(was)
      const { rows } = await client.query('select count(*) as points from tracking.point')
      expect(rows[0].points).toBe(7200)

      const points = [
        [a, a, b],
        ['m', 'new', 'new'],
        [700, 1, 1],
        [1, 1, 1],
        [1, 2, Number.NaN],
      ]
      await client.query(statementBefore(''), [[a, b], ...points])
      await client.query(statementBefore('on conflict do nothing'), [[a, b], ...points])
      const added = await client.query(wide, [gone])
      expect(added.rows).toHaveLength(7203)
      expect(added.rows.filter((row) => row.key === 'new').map((row) => [row.run_id, row.value])).toEqual([
        [a, 2],
        [b, Number.NaN],
      ])

      await client.query('delete from tracking.metric where run_id = $1', [a])
      expect((await client.query(wide, [gone])).rows.every((row) => row.run_id === b)).toBe(true)
      await client.query('delete from tracking.run where run_id = $1', [b])
      expect((await client.query('select 1 from tracking.point')).rows).toEqual([])
    } finally {
      await endClient(client)
      await empty.drop()
    }
  })
})

describe('points', () => {
  let rig: MlflowRig
  beforeAll(async () => {
    rig = await openMlflowRig()
  })
  afterAll(() => rig.close())

  const history = async (run_id: string, metric_key: string) =>
    (await rig.getOk('metrics/get-history', { run_id, metric_key })).metrics ?? []

  it('of a metric that two batches log for the first time at once are all kept', async () => {
    const runs = [await rig.newRun(), await rig.newRun()]
    const keys = Array.from({ length: 30 }, (_, i) => `k${i}`)
    const batches = Array.from({ length: 8 }, (_, step) =>
      runs.flatMap((runId) => keys.map((key) => ({ runId, key, value: step, timestampMs: 1, step }))),
    )
    await Promise.all(batches.map((points, i) => insertMetrics(rig.db, i % 2 ? points : points.toReversed())))
    for (const run of runs) {
      for (const key of keys) {
        expect((await history(run, key)).map((p: { step: number }) => p.step)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      }
    }
  })

  it('keep the same point once, whether it comes twice in a batch or again', async () => {
    const run_id = await rig.newRun()
    const point = { key: 'm', value: 0.1, timestamp: 5, step: 2 }
    const nan = { ...point, value: 'NaN' }
    const infinite = { ...point, value: '-Infinity' }
    for (let i = 0; i < 2; i++) {
      await rig.postOk('runs/log-batch', { run_id, metrics: [nan, point, point, infinite, nan] })
    }
    await rig.postOk('runs/log-metric', { run_id, ...point })
    expect((await history(run_id, 'm')).map((p: { value: unknown }) => p.value)).toEqual([
      -Number.MAX_VALUE,
      0.1,
      'NaN',
    ])
  })

  it('go with their run, and with no other', async () => {
    const [one, two] = [await rig.newRun(), await rig.newRun()]
    for (const run_id of [one, two]) await rig.postOk('runs/log-metric', { run_id, key: 'm', value: 1, timestamp: 1 })
    await rig.db.query('delete from tracking.run where run_id = $1', [one])
    const left = await rig.db.query<{ run_id: string }>(
      'select run_id from tracking.point join tracking.series using (series_id)',
    )
    expect(left.filter((row) => row.run_id === one)).toEqual([])
    expect(left.filter((row) => row.run_id === two)).toHaveLength(1)
    const orphans =
      'select 1 from tracking.point p left join tracking.series s using (series_id) where s.series_id is null'
    expect(await rig.db.query(orphans)).toEqual([])
  })

  it('have the same latest one whichever batch they came in, as PostgreSQL compares them', async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 1, -1]
    const pick = (n: number) => randomBytes(1)[0]! % n
    const points = Array.from({ length: 2_100 }, () => ({
      runId: '',
      key: `k${pick(40)}`,
      value: values[pick(values.length)]!,
      timestampMs: pick(3),
      step: pick(3) - 1,
    }))
    const [whole, single] = [await rig.newRun(), await rig.newRun()]
    await insertMetrics(
      rig.db,
      points.map((p) => ({ ...p, runId: whole })),
    )
    for (let i = 0; i < points.length; i += 7) {
      await insertMetrics(
        rig.db,
        points.slice(i, i + 7).map((p) => ({ ...p, runId: single })),
      )
    }
    const latest = (id: string) =>
      rig.db.query('select key, step, timestamp_ms, value from tracking.latest_metric where run_id = $1 order by key', [
        id,
      ])
    const sorted = await rig.db.query(
      `select distinct on (key) key, step, timestamp_ms, value from tracking.metric where run_id = $1
       order by key, step desc, timestamp_ms desc, value desc`,
      [whole],
    )
    expect(await latest(whole)).toEqual(sorted)
    expect(await latest(single)).toEqual(sorted)
  })

  it('are counted by their series, of two runs and of keys with the same name', () => {
    const point = (runId: string, key: string, step: number) => ({ runId, key, step, timestampMs: 1, value: 1 })
    const { series, places } = seriesOf([
      point('a', 'm', 1),
      point('b', 'm', 1),
      point('a', 'm', 2),
      point('a', 'n', 0),
    ])
    expect(places).toEqual([1, 2, 1, 3])
    expect(series.map((s) => [s.runId, s.key, s.latest.step])).toEqual([
      ['a', 'm', 2],
      ['b', 'm', 1],
      ['a', 'n', 0],
    ])
  })
})
