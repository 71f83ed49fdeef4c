import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { instantOfMs } from '../../../src/base/instant.ts'
import { decisionsOf } from '../../../src/monitoring/decisions.ts'
import { measuresOf } from '../../../src/monitoring/measures.ts'
import { MODEL, openServerRig } from '../../serving/rig.ts'

const JANUARY = '2024-01-31T00:00:00.000000Z'
const FEBRUARY = '2024-02-29T00:00:00.000000Z'
const TABLES = ['users', 'subscriptions', 'usage_agg_30d', 'payments_agg_90d', 'support_agg_90d']

/** The two real months (generated ones where they are not here): features hardly move, and labels are others. */
let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({ trees: 20 })
  const month = (name: string, asOf: string, sources?: string[]) =>
    rig.app.ingestMonth({ dir: join(rig.months, name), asOf, ...(sources ? { sources } : {}) })
  await month('month_000', '2024-01-31')
  await rig.train()
  await rig.promote(1)
  await month('month_001', '2024-02-29', TABLES)
})
afterAll(() => rig.close())

const figures = (metrics: string[], at = FEBRUARY) =>
  measuresOf(rig.app.db, { on: { kind: 'model', name: MODEL }, metrics, from: at, to: at, limit: 50 })

test('before labels come a month has an estimate, which is called one, and no truth', async () => {
  const [month] = await rig.app.measureQuality({ model: MODEL, at: FEBRUARY })
  expect(month).toMatchObject({
    at: FEBRUARY,
    labels: null,
    groups: [{ version: 1, arm: null, source: 'scored', entities: 7043, labelled: 0, truth: null, parting: null }],
  })
  expect(month!.says[0]).toBe(
    'no answer of this period was kept: what is measured is what the champion would have said of the month, not what was answered',
  )
  expect(month!.says[1]).toMatch(/^labels are not there: /)
  expect(await figures(['quality.auc'])).toEqual([])
  const [estimate] = await figures(['estimate.auc'])
  expect(estimate!.value).toBeGreaterThan(0.7)
  expect(estimate!.low).toBeLessThan(estimate!.value!)
  expect(estimate!.details).toMatchObject({ source: 'scored', labelled: 0, calibration: expect.any(String) })
  // Nothing has changed: the step that runs again records nothing.
  expect((await rig.app.measureQuality({ model: MODEL, at: FEBRUARY }))[0]!.recorded).toBe(0)
})

test('labels that come late open the month again: the truth stands beside the estimate within one run, and where they part it is concept drift', async () => {
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_001'), asOf: '2024-02-29', sources: ['labels'] })
  const report = await rig.app.monitorMonth({ model: MODEL })
  expect([report.from, report.to]).toEqual([JANUARY, FEBRUARY])
  expect(report.target.says).toMatch(/^\[Target drift\] ref_rate=0\.\d{4} cur_rate=0\.\d{4} abs_diff=0\.\d{4}$/)
  const [truth] = await figures(['quality.auc'])
  const [estimate] = await figures(['estimate.auc'])
  // The model of January does not know February, which no feature tells.
  expect(truth!.value).toBeLessThan(estimate!.low!)
  expect(truth!.high).toBeLessThan(estimate!.low!)
  expect((await figures(['quality.concept_drift'])).map(({ value }) => value)).toEqual([1])
  // Of January itself only those count that the version has not learned from: no forest knows them by heart.
  expect(report.lines.join('\n')).toMatch(/528\d of the month that version 1 learned from are left out/)
  const [january] = await figures(['quality.auc'], JANUARY)
  expect(january!.value).toBeLessThan(0.9)
  expect(report.verdict).toBe('RETRAINING_TRIGGERED')
  expect(report.says).toMatch(
    /^RETRAINING_TRIGGERED drift_share=\S+ .*concept_drift=\[2024-02-29 version 1\] -> told to the schedules that wait for drift$/,
  )
  expect(report.lines.join('\n')).toContain(
    'concept drift: the same features no longer mean the same: auc was estimated at',
  )
  const [decision] = await decisionsOf(rig.app.db, { model: MODEL, kind: 'monitor', limit: 5 })
  expect(decision).toMatchObject({ verdict: 'RETRAINING_TRIGGERED', says: report.says, at: FEBRUARY })
  const told = await rig.app.db.query("select kind, subject, id from flows.trigger where kind = 'drift'")
  expect(told).toEqual([{ kind: 'drift', subject: MODEL, id: decision!.flowRun }])
})

test('answers that were kept are measured by version and arm, the last one of the period counts, and corrected labels stand beside what was known then', async () => {
  const keys = (
    await rig.app.db.query<{ user_id: string }>(
      `select user_id from online."${await subscriptions()}" order by user_id limit 600`,
    )
  ).map((row) => row.user_id)
  const run = (await rig.app.registry.getVersion(MODEL, 1)).runId!
  const answer = (key: string, arm: 'champion' | 'canary' | 'shadow', score: number, atMs: number) => ({
    requestId: null,
    model: MODEL,
    version: '1',
    runId: run,
    arm,
    keys: [key],
    values: [],
    statuses: [],
    featureTimes: [],
    said: { prediction: score >= 0.5 ? 1 : 0, probability: score },
    score,
    atMs,
    latencyMs: 1,
    returned: arm !== 'shadow',
    error: null,
  })
  const march = Date.UTC(2024, 2, 5)
  const rows = keys.flatMap((key, i) => {
    const hash = (i * 7919) % 100
    return [
      // Before the period, then twice in it: only the last of the champion counts.
      answer(key, 'champion', 1, Date.UTC(2024, 1, 10)),
      answer(key, 'champion', 0, march),
      answer(key, 'champion', hash / 100, march + 1),
      answer(key, 'canary', (99 - hash) / 100, march),
      answer(key, 'shadow', 0.5, march),
    ]
  })
  await rig.app.predictions.append(rows)
  expect(await rig.app.predictions.flush()).toBe(true)
  const [month] = await rig.app.measureQuality({ model: MODEL, at: FEBRUARY })
  expect(month!.groups.map(({ arm, source, entities, labelled }) => [arm, source, entities, labelled])).toEqual([
    ['champion', 'answers', 600, 600],
    ['canary', 'answers', 600, 600],
    ['shadow', 'answers', 600, 600],
  ])
  const area = (arm: string) => month!.groups.find((group) => group.arm === arm)!.truth!.measures.auc!.value!
  expect(area('champion')).toBeCloseTo(1 - area('canary'), 10)
  expect(area('shadow')).toBe(0.5)
  const { confusion } = month!.groups[0]!.truth!
  expect(confusion!.truePositive + confusion!.falsePositive, 'scores from 0.5 on').toBe(
    keys.filter((_, i) => (i * 7919) % 100 >= 50).length,
  )

  // Corrected labels: everybody is the other. What was known then stays, and is found by K.
  const then = await rig.app.lake.pinKnownAt()
  await correctLabels()
  const [after] = await rig.app.measureQuality({ model: MODEL, at: FEBRUARY })
  const now = after!.groups.find(({ arm }) => arm === 'champion')!.truth!.measures.auc!.value!
  expect(now).toBeCloseTo(area('canary'), 10)
  const kept = (await figures(['quality.auc'])).filter(({ arm }) => arm === 'champion').map(({ value }) => value)
  expect(kept, 'the newest first').toEqual([now, area('champion')])
  const [asThen] = await rig.app.measureQuality({ model: MODEL, at: FEBRUARY, knownAt: then })
  expect(asThen!.groups[0]!.truth!.measures.auc!.value).toBeCloseTo(area('champion'), 10)
  expect(instantOfMs(march) > FEBRUARY).toBe(true)
})

async function subscriptions(): Promise<string> {
  await rig.app.materialize({})
  const [row] = await rig.app.db.query<{ table_name: string }>(
    "select table_name from features.online_table where view = 'subs_profile_fv'",
  )
  return row!.table_name
}

async function correctLabels(): Promise<void> {
  const { mkdtemp, readFile, writeFile } = await import('node:fs/promises')
  const dir = await mkdtemp(join(rig.app.settings.home, 'corrected-'))
  const text = await readFile(join(rig.months, 'month_001', 'labels.csv'), 'utf8')
  const other: Record<string, string> = {
    True: 'False',
    False: 'True',
    true: 'false',
    false: 'true',
    '1': '0',
    '0': '1',
  }
  const turned = text
    .split('\n')
    .map((line) =>
      line.replace(/,(True|False|true|false|1|0)(\r?)$/, (_, v: string, end: string) => `,${other[v]}${end}`),
    )
  await writeFile(join(dir, 'labels.csv'), turned.join('\n'))
  await rig.app.ingestMonth({ dir, asOf: '2024-02-29', sources: ['labels'] })
}
