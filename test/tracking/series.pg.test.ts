import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MlflowRig, openMlflowRig } from './rig.ts'

let rig: MlflowRig
let experimentId: string
beforeAll(async () => {
  rig = await openMlflowRig()
  experimentId = await rig.newExperiment('curves')
})
afterAll(() => rig.close())

async function runWith(curves: Record<string, (step: number) => number>, steps: number): Promise<string> {
  const { runId } = await rig.tracking.runs.create({ experimentId })
  for (const [key, value] of Object.entries(curves)) await log(runId, key, steps, value)
  return runId
}

async function log(runId: string, key: string, steps: number, value: (step: number) => number, from = 0) {
  for (let at = from; at < from + steps; at += 1_000) {
    const few = Array.from({ length: Math.min(1_000, from + steps - at) }, (_, i) => at + i)
    const metrics = few.map((step) => ({ key, step, value: value(step), timestampMs: 1_700_000_000_000 + 7 * step }))
    await rig.tracking.logBatch(runId, { metrics })
  }
}

async function series(query: Record<string, string | string[]>) {
  const params = new URLSearchParams(
    Object.entries(query).flatMap(([k, v]) => [v].flat().map((one): [string, string] => [k, one])),
  )
  const answer = await text(`/series?${params}`)
  return { status: answer.statusCode, json: answer.json() }
}

const text = (url: string) => rig.server.app.inject({ url, headers: { host: 'localhost' } })

/** A spike up and one down, where no even sampling looks. */
const spiky = (step: number) => (step === 3_333 ? 1e6 : step === 7_777 ? -1e6 : Math.cos(step / 100))

describe('GET /series', () => {
  test('gives each curve with all its least and greatest values, and how many points it has', async () => {
    const runs = [await runWith({ loss: spiky, acc: (s) => s }, 10_000), await runWith({ loss: (s) => -s }, 3_000)]
    for (const time of ['first, when it is read', 'and then, when it is kept']) {
      const { status, json } = await series({ run: runs, key: ['loss', 'acc', 'never'], points: '200' })
      expect(status, time).toBe(200)
      expect(json.series.map((c: { run: string; key: string }) => [runs.indexOf(c.run), c.key])).toEqual([
        [0, 'loss'],
        [0, 'acc'],
        [1, 'loss'],
      ])
      const [loss] = json.series
      expect(loss).toMatchObject({ points: 10_000, thinned: true })
      expect(loss.x.length).toBeLessThanOrEqual(200)
      expect(loss.x[loss.values.indexOf(1e6)]).toBe(3_333)
      expect(loss.x[loss.values.indexOf(-1e6)]).toBe(7_777)
      expect([loss.x[0], loss.x.at(-1)]).toEqual([0, 9_999])
    }
  })

  test('what is kept of a curve counts only until its run logs again', async () => {
    const run = await runWith({ loss: (s) => s }, 2_500)
    const ask = async () => (await series({ run, key: 'loss', points: '100' })).json.series[0]
    expect(await ask()).toMatchObject({ points: 2_500 })
    await log(run, 'loss', 1, () => 99_999, 1_234)
    const after = await ask()
    expect(after).toMatchObject({ points: 2_501 })
    expect(after.values).toContain(99_999)
    const kept = await rig.db.query(
      'select points from tracking.thinned join tracking.series using (series_id) where run_id = $1',
      [run],
    )
    expect(kept).toEqual([{ points: 2_501 }])
  })

  test('a longer curve than one statement reads is the same as in one piece', async () => {
    const { runId } = await rig.tracking.runs.create({ experimentId })
    await log(runId, 'long', 1, () => 0)
    await rig.db.query(
      `insert into tracking.point (series_id, timestamp_ms, step, value)
       select series_id, 1700000000000 + (s / 3), s, case s when 250001 then 5 when 299999 then -5 else sin(s) end
       from tracking.series, generate_series(1, 300000) s where run_id = $1`,
      [runId],
    )
    const { json } = await series({ run: runId, key: 'long', points: '300' })
    const [curve] = json.series
    expect(curve).toMatchObject({ points: 300_001, thinned: true })
    expect([curve.x[curve.values.indexOf(5)], curve.x[curve.values.indexOf(-5)]]).toEqual([250_001, 299_999])
    expect([curve.x[0], curve.x.at(-1)]).toEqual([0, 300_000])
  })

  test('steps are exact, what is no number is a text, and x may be the time', async () => {
    const { runId } = await rig.tracking.runs.create({ experimentId })
    const big = 2n ** 62n + 1n
    const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1]
    const metrics = values.map((value, i) => ({ key: 'm', value, step: big + BigInt(i), timestampMs: 1_000 * (4 - i) }))
    await rig.tracking.logBatch(runId, { metrics })
    const bySteps = (await text(`/series?run=${runId}&key=m`)).body
    expect(bySteps).toContain(
      `"x":[${[0n, 1n, 2n, 3n].map((i) => big + i)}],"values":["NaN","Infinity","-Infinity",0.1]`,
    )
    const byTime = await series({ run: runId, key: 'm', x: 'time' })
    expect(byTime.json.series[0]).toMatchObject({
      x: [1_000, 2_000, 3_000, 4_000],
      values: [0.1, '-Infinity', 'Infinity', 'NaN'],
    })
  })

  test('refuses what would be too much, and names the limit', async () => {
    const runs = Array.from({ length: 101 }, (_, i) => i.toString(16).padStart(32, '0'))
    const refused = async (query: Record<string, string | string[]>) => {
      const { status, json } = await series(query)
      return [status, json.detail ?? json.message]
    }
    expect(await refused({ run: runs, key: 'a' })).toEqual([400, expect.stringContaining('limit historyRuns')])
    expect(await refused({ run: runs.slice(1), key: ['a', 'b'], points: '2000' })).toEqual([
      400,
      expect.stringContaining('limit seriesPoints'),
    ])
    expect(await refused({ run: runs[0]!, key: 'a', points: '2501' })).toEqual([
      400,
      expect.stringContaining('historySteps'),
    ])
    expect(await refused({ run: runs[0]!, key: 'a', points: '9' })).toEqual([
      400,
      expect.stringContaining('10 or more'),
    ])
    const keys = Array.from({ length: 51 }, (_, i) => `k${i}`)
    expect(await refused({ run: runs[0]!, key: keys })).toEqual([400, expect.stringContaining('limit seriesKeys')])
  })
})
