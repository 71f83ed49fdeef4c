import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createPrng } from '../../src/base/prng.ts'
import { migrate, readMigrations } from '../../src/db/migrate.ts'
import { endClient, openClient } from '../../src/db/session.ts'
import { insertMetrics } from '../../src/tracking/queries/metrics.ts'
import { emptyDatabase } from '../helpers/pg.ts'
import { type MlflowRig, openMlflowRig } from './rig.ts'

const OURS = 27

let rig: MlflowRig
beforeAll(async () => {
  rig = await openMlflowRig()
})
afterAll(() => rig.close())

/** What the version before 0027 sends of a latest value. */
const LATEST_BEFORE = `insert into tracking.latest_metric as l (run_id, experiment_id, key, timestamp_ms, step, value)
  values ($1, 0, 'm', $2, $2, $3)
  on conflict (run_id, key) do update
  set timestamp_ms = excluded.timestamp_ms, step = excluded.step, value = excluded.value
  where (excluded.step, excluded.timestamp_ms, excluded.value) > (l.step, l.timestamp_ms, l.value)`
const HISTORY_BEFORE =
  'insert into tracking.metric (run_id, key, timestamp_ms, step, value) values ($1, $4, $2, $2, $3)'

async function extentOf(runId: string, key: string): Promise<unknown[]> {
  const columns = [`metrics.${key}`, `min.${key}`, `max.${key}`]
  const { json } = await rig.callRoot('POST', '/runs/search', { experiment_ids: ['0'], columns, run_ids: [runId] })
  return json.columns.map((column: { values: unknown[] }) => column.values[0])
}

describe('the least and the greatest value of a metric', () => {
  it('are those of all its points, in whatever batches and order they came; NaN only where there is nothing else', async () => {
    const random = createPrng(27)
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0, 0.1, 5e300]
    for (let round = 0; round < 25; round++) {
      const runId = await rig.newRun()
      const all: number[] = []
      for (let batch = 0; batch < 5; batch++) {
        const points = Array.from({ length: 1 + random.int(6) }, () => {
          const value = values[random.int(1 + random.int(values.length))]!
          all.push(value)
          return { runId, key: 'm', value, timestampMs: random.int(3), step: random.int(9) }
        })
        await insertMetrics(rig.db, points)
      }
      const numbers = all.filter((value) => !Number.isNaN(value))
      const [row] = await rig.db.query('select least, greatest from tracking.latest_metric where run_id = $1', [runId])
      const expected = numbers.length === 0 ? [Number.NaN, Number.NaN] : [Math.min(...numbers), Math.max(...numbers)]
      expect([row!.least, row!.greatest], `round ${round}: ${all}`).toEqual(expected)
    }
  })

  it('are read off the history where a server of the version before wrote', async () => {
    const runId = await rig.newRun()
    const log = (step: number, value: number) =>
      rig.postOk('runs/log-metric', { run_id: runId, key: 'm', value, timestamp: step, step })
    const older = async (step: number, value: number) => {
      await rig.db.query(HISTORY_BEFORE, [runId, step, value, 'm'])
      await rig.db.query(LATEST_BEFORE, [runId, step, value])
    }
    await log(1, 5)
    await older(2, 9)
    await older(3, 6)
    expect(await extentOf(runId, 'm')).toEqual([6, 5, 9])
    await log(4, 1)
    expect(await extentOf(runId, 'm')).toEqual([1, 1, 9])
    const first = await rig.newRun()
    await rig.db.query(HISTORY_BEFORE, [first, 1, 3, 'm'])
    await rig.db.query(LATEST_BEFORE, [first, 1, 3])
    expect(await extentOf(first, 'm')).toEqual([3, 3, 3])
  })

  it('are known of what was logged before they were kept', async () => {
    const empty = await emptyDatabase()
    const client = await openClient({ url: empty.url, name: 'test' })
    try {
      const all = readMigrations()
      const before = all.filter((m) => m.number < OURS)
      await migrate(client, silentLog, before)
      const ids = ['a', 'b'].map((letter) => letter.repeat(32))
      for (const id of ids) {
        await client.query(
          `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, artifact_uri)
           values ($1, 0, 'r', 'u', 'RUNNING', 1, 'x')`,
          [id],
        )
        await client.query(LATEST_BEFORE, [id, 1, 0])
      }
      for (const [step, value] of [3, Number.NaN, -2, 7].entries()) {
        await client.query(HISTORY_BEFORE, [ids[0], step, value, 'm'])
        await client.query(HISTORY_BEFORE, [ids[1], step, Number.NaN, 'm'])
      }
      await migrate(client, silentLog, all)
      const { rows } = await client.query('select least, greatest from tracking.latest_metric order by run_id')
      expect(rows).toEqual([
        { least: -2, greatest: 7 },
        { least: Number.NaN, greatest: Number.NaN },
      ])
    } finally {
      await endClient(client)
      await empty.drop()
    }
  })
})
