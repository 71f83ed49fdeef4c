import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { PlatformError } from '../../src/base/errors.ts'
import { sha256Hex } from '../../src/base/hash.ts'
import { type Instant, parseInstant } from '../../src/base/instant.ts'
import { sourceOf } from '../../src/config/find.ts'
import type { Project } from '../../src/config/project.ts'
import type { Features } from '../../src/features/features.ts'
import { describeWith } from '../helpers/needs.ts'
import { missingRealMonths } from '../helpers/real-data.ts'
import { csvSql, deliverMonth, FEBRUARY, JANUARY, KNOWN_FEATURES, loadStreamflow } from './real-data.ts'
import { openRig, type Rig, rowsOf } from './rig.ts'

const END = parseInstant('9999-01-01')
const asOf = (date: string, knownAt: Instant = END) =>
  ({ model: 'streamflow_churn', asOf: parseInstant(date), knownAt, mode: 'restated' }) as const

describeWith('training sets of the real months', missingRealMonths(), () => {
  let rig: Rig
  let project: Project
  let features: Features
  /** A K after January and before everything else. */
  let first: Instant

  beforeAll(async () => {
    rig = await openRig()
    project = await loadStreamflow()
    features = rig.features(project)
    await deliverMonth(rig, project, 'month_000', JANUARY)
    first = await rig.lake.pinKnownAt()
  })
  afterAll(() => rig.close())

  test('January has 7,043 rows, 14 features in the order of the service, and the label', async () => {
    const ref = await features.trainingSet(asOf(JANUARY, first))
    const names = project.featureServices[0]?.features.map((f) => f.feature)
    expect(ref).toMatchObject({ rows: 7043, immature: 0, unlabelled: 0, missing: [], warnings: [] })
    expect(ref.columns.map((c) => c.name)).toEqual(['user_id', 'event_timestamp', ...must(names), ref.label])
    expect(names).toHaveLength(14)
    expect(ref.inputs.map((i) => i.source)).toEqual([
      'labels',
      'subscriptions',
      'usage_agg_30d',
      'payments_agg_90d',
      'support_agg_90d',
    ])
    expect((await rowsOf(rig, ref)).find((row) => row.user_id === '7590-VHVEG')).toEqual({
      user_id: '7590-VHVEG',
      event_timestamp: '2024-01-31 00:00:00+00',
      ...KNOWN_FEATURES,
      [ref.label]: false,
    })
  })

  test('it is read by columns, with null plans as null', async () => {
    const data = await features.readTrainingSet(await features.trainingSet(asOf(JANUARY, first)))
    const plan = must(data.columns.get('plan_stream_tv'))
    const service = must(data.columns.get('net_service')).values as string[]
    expect(data.rows).toBe(7043)
    expect(service.filter((value) => value === 'No')).toHaveLength(1526)
    for (let i = 0; i < data.rows; i++) {
      expect(plan.valid[i]).toBe(service[i] === 'No' ? 0 : 1)
      expect(Number.isNaN(plan.values[i] as number)).toBe(plan.valid[i] === 0)
    }
    const labels = must(data.columns.get(project.labels[0]?.name ?? '')).values as Float64Array
    expect([...new Set(labels)].sort()).toEqual([0, 1])
  })

  test('is exported as the bytes of its digest, and refused when the store holds others', async () => {
    const ref = await features.trainingSet(asOf(JANUARY, first))
    const out = join(rig.dir, 'out', 'january.parquet')
    await features.exportTrainingSet(ref, out)
    expect(sha256Hex(await readFile(out))).toBe(ref.digest)
    const digest = '0'.repeat(64)
    const other = { ...ref, digest, objectKey: `datasets/${digest}.parquet` }
    await expect(features.exportTrainingSet(other, out)).rejects.toThrow(/build it again/)
    await rig.objects.put(other.objectKey, await readFile(out))
    await expect(features.readTrainingSet(other)).rejects.toThrow(/does not have the bytes/)
    await rig.objects.delete(other.objectKey)
  })

  test('materialized as of January, a customer has the 14 exact values; null plans are null values', async () => {
    const january = await features.materialize({ asOf: parseInstant(JANUARY), knownAt: first })
    expect(january.map((m) => [m.rows, m.outcome])).toEqual(Array(4).fill([7043, 'materialized']))
    const service = features.service('churn_features')
    const [row] = await features.readOnline('churn_features', ['7590-VHVEG'])
    const values = Object.fromEntries(service.features.map((f, i) => [f.name, row?.values[i]]))
    expect(values).toEqual(KNOWN_FEATURES)
    expect(Object.keys(values)).toEqual(Object.keys(KNOWN_FEATURES))
    expect(new Set(row?.statuses)).toEqual(new Set(['PRESENT']))
    expect((await features.readOnline('churn_features', ['999999']))[0]?.found).toBe(false)
  })

  test('every customer has the same values offline and online', async () => {
    await features.materialize({ asOf: parseInstant(JANUARY), knownAt: first })
    const data = await features.readTrainingSet(await features.trainingSet(asOf(JANUARY, first)))
    const keys = must(data.columns.get('user_id')).values as string[]
    const online = await features.readOnline('churn_features', keys)
    let nullPlans = 0
    for (const [f, { name }] of features.service('churn_features').features.entries()) {
      const column = must(data.columns.get(name))
      for (const [i, row] of online.entries()) {
        const value = row.values[f] ?? null
        if (name === 'plan_stream_tv' && row.statuses[f] === 'NULL_VALUE') nullPlans += 1
        const wanted = column.valid[i] === 0 ? null : column.values[i]
        if ((typeof value === 'boolean' ? Number(value) : value) !== wanted) throw new Error(`${keys[i]} ${name}`)
      }
    }
    expect(nullPlans).toBe(1526)
  })

  test('before the first month there is nothing to learn from, and the refusal says what there is', async () => {
    const refusal = await features.trainingSet(asOf('2024-01-30', first)).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(PlatformError)
    expect((refusal as PlatformError).code).toBe('not_found')
    expect((refusal as PlatformError).message).toContain('ingested are 2024-01-31')
  })

  test('February changes neither the rows nor the bytes of January; a correction does, unless K is before it', async () => {
    const knownAt = await rig.lake.pinKnownAt()
    const january = await features.trainingSet(asOf(JANUARY, knownAt))
    await deliverMonth(rig, project, 'month_001', FEBRUARY)
    expect((await features.trainingSet(asOf(JANUARY))).digest).toBe(january.digest)
    expect(await features.trainingSet(asOf(JANUARY, knownAt))).toEqual(january)
    expect((await features.trainingSet(asOf(FEBRUARY))).moments).toEqual([parseInstant(FEBRUARY)])

    const usage = sourceOf(project, 'usage_agg_30d')
    const change = `CASE WHEN user_id = '7590-VHVEG' THEN skips_7d + 1 ELSE skips_7d END AS skips_7d`
    const correction = await rig.deliver(usage, JANUARY, csvSql(usage, 'month_000', change))
    expect(correction.version).toBe(2)
    expect(await features.trainingSet(asOf(JANUARY, knownAt))).toEqual(january)
    const restated = await features.trainingSet(asOf(JANUARY))
    expect(restated.digest).not.toBe(january.digest)
    expect(restated.rows).toBe(7043)
  })

  test('with a horizon, labels count only when it is over', async () => {
    const later: Project = { ...project, labels: project.labels.map((l) => ({ ...l, horizonMs: 20 * 86_400_000 })) }
    const delayed = rig.features(later)
    await deliverMonth(rig, project, 'month_001', FEBRUARY)
    const ref = await delayed.trainingSet(asOf('2024-03-10'))
    expect(ref).toMatchObject({ moments: [parseInstant(JANUARY)], rows: 7043, immature: 7043 })
  })
})
