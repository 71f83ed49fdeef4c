/** Models of each kind, from their definition to what they answer. Each answer is compared with the document of the routes. */
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { createPrng } from '../../src/base/prng.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { createDuck } from '../../src/lake/duck.ts'
import { withAges } from '../../src/ml/model/age.ts'
import { decodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { openServerRig } from './rig.ts'

const SPLINE = { kind: 'spline_regression' }
const FOREST = { kind: 'random_forest', trees: 20 }
const MODELS = {
  state: { positive: 'gone', weight: { column: 'counts' }, learner: SPLINE },
  number: { positive: 2, learner: FOREST },
  plan: { learner: SPLINE },
  late: { features: 'dated', learner: FOREST },
  grade: { predicts: 'multiclass', learner: { kind: 'logistic_regression' } },
  spent: { learner: { kind: 'ridge_regression' }, weight: { feature: 'y' } },
}
const COLUMNS = {
  late: 'Bool',
  since: 'Date',
  seen: 'UnixTimestamp',
  state: 'String',
  number: 'Int64',
  plan: 'String',
  grade: 'Int32',
  spent: 'Float64',
  counts: 'Int64',
}
const project = normalizeProject(
  {
    name: 'kinds',
    sources: {
      users: { key: 'id', columns: { id: 'String', x: 'Float64', y: 'Float64', ...COLUMNS } },
    },
    entities: { user: { joinKeys: { id: 'String' } } },
    featureViews: {
      v: { entity: 'user', source: 'users', features: { x: 'Float64', y: 'Float64' } },
      d: { entity: 'user', source: 'users', features: { since: 'Date', seen: 'UnixTimestamp' } },
    },
    featureServices: { s: ['v'], dated: ['d'] },
    labels: Object.fromEntries(
      Object.keys(MODELS).map((column) => [`label_${column}`, { entity: 'user', source: 'users', column }]),
    ),
    models: Object.fromEntries(
      Object.entries(MODELS).map(([name, model]) => [
        name,
        { experiment: 'e', features: 's', label: `label_${name}`, ...model },
      ]),
    ),
  },
  '/',
)
const AS_OF = '2024-01-31'

let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({ change: () => project })
  const prng = createPrng(1)
  const rows = Array.from({ length: 2_500 }, (_, i) => {
    const [x, y] = [prng.float(), 0.1 + prng.float()]
    const third = x < 0.3 ? 0 : x < 0.6 ? 1 : 2
    return {
      ...{ id: `u${i}`, x, y, counts: 1 + (i % 3) },
      ...{
        since: i % 9 === 0 ? null : dayBefore(1 + (i % 700)),
        seen: `${dayBefore(i % 5)}T06:00:00Z`,
        late: i % 700 > 350,
      },
      ...{ state: x + prng.float() > 1 ? 'gone' : 'here', number: x > 0.5 ? 2 : 1 },
      ...{
        plan: ['basic', 'gold', 'ünï, "x"'][third],
        grade: [-1, 4, 7][third],
        spent: 100 * x - 20 * y + prng.float(),
      },
    }
  })
  await rig.app.ingest.ingestRows({ source: 'users', asOf: AS_OF, rows })
  await rig.app.features.materialize({ asOf: parseInstant(AS_OF, 'as-of') })
})
afterAll(() => rig.close())

function dayBefore(days: number): string {
  return new Date(Date.parse(AS_OF) - days * 86_400_000).toISOString().slice(0, 10)
}

async function live(model: keyof typeof MODELS) {
  const trained = await rig.app.trainBaseline({ model, asOf: AS_OF })
  const version = await rig.app.registry.getVersion(model, 1)
  const change = { name: model, version: 1, stage: 'Production', archiveExisting: true, actor: 'test' } as const
  await rig.app.mlflow.registry.transition(change)
  for (;;) {
    const answer = await rig.post(`/models/${model}/predict`, { id: 'u0' })
    if (answer.status !== 200) continue
    const file = decodeModel(await rig.app.tracking.artifacts.read(version.location, 'model.weir'))
    const used = answer.body.features_used as { x: number; y: number }
    const outputs = predictOne(file, [used.x, used.y])
    const run = await rig.app.tracking.runs.get(must(version.runId))
    const params = Object.fromEntries(run.params.map(({ key, value }) => [key, value]))
    const columns = file.encoder.spec.inputs.map(({ name }) => name)
    const sent = await rig.post(`/models/${model}/invocations`, {
      dataframe_split: { columns, data: [[used.x, used.y]] },
    })
    const many = await rig.post(`/models/${model}/predict/batch`, { ids: ['u0', 'nobody'] })
    expect(many.status).toBe(207)
    expect((many.body.predictions as unknown[])[0]).toEqual(answer.body)
    const [row] = sent.body.predictions as Record<string, unknown>[]
    return { trained, params, file, outputs, answer: answer.body, row: must(row) }
  }
}

test('two texts: the label is said, with the probability of the positive one and of both', async () => {
  const { trained, params, outputs, answer, row } = await live('state')
  expect(trained.metrics.val_auc).toBeGreaterThan(0.7)
  expect(params).toMatchObject({ predicts: 'binary', classes: '["here","gone"]', sample_weight: 'counts' })
  const [probability] = outputs
  const prediction = probability! >= 0.5 ? 'gone' : 'here'
  const probabilities = { here: 1 - probability!, gone: probability }
  expect(answer).toMatchObject({ id: 'u0', prediction, probability, probabilities })
  expect(row).toEqual({ label: prediction, probability, probabilities })
})

test('two whole numbers of which one is stated as the positive one', async () => {
  const { trained, params, file, outputs, answer } = await live('number')
  expect(trained.metrics.val_auc).toBeGreaterThan(0.9)
  expect(params).toMatchObject({ classes: '[1,2]' })
  expect(file.outcome).toMatchObject({ kind: 'binary', classes: [1, 2] })
  expect(answer).toMatchObject({ prediction: outputs[0]! >= 0.5 ? 2 : 1, probability: outputs[0] })
})

test('several texts: the likeliest is said, with the probabilities of all', async () => {
  const { trained, params, file, outputs, answer, row } = await live('plan')
  const { metrics } = trained
  expect(metrics.val_auc_macro).toBeGreaterThan(0.9)
  expect(metrics.val_auc_macro_low).toBeLessThan(metrics.val_auc_macro!)
  expect(metrics.val_acc_high).toBeGreaterThan(metrics.val_acc!)
  expect(Object.keys(metrics)).toEqual(expect.arrayContaining(['val_f1_macro', 'val_logloss', 'val_logloss_low']))
  expect(metrics.val_auc).toBeUndefined()
  expect(params.threshold).toBeUndefined()
  const classes = ['basic', 'gold', 'ünï, "x"']
  expect(file.outcome).toEqual({ kind: 'multiclass', classes })
  const probabilities = Object.fromEntries(classes.map((name, c) => [name, outputs[c]]))
  const prediction = classes[outputs.indexOf(Math.max(...outputs))]
  expect(answer).toMatchObject({ prediction, probabilities })
  expect(answer.probability).toBeUndefined()
  expect(row).toEqual({ label: prediction, probabilities })
})

test('several whole numbers are classes where that is stated', async () => {
  const { answer, file, outputs } = await live('grade')
  expect(file.outcome).toEqual({ kind: 'multiclass', classes: [-1, 4, 7] })
  expect(answer.prediction).toBe([-1, 4, 7][outputs.indexOf(Math.max(...outputs))])
  expect(answer.probabilities).toEqual({ '-1': outputs[0], '4': outputs[1], '7': outputs[2] })
})

test('a number: the prediction is the number, and an invocation has it as value', async () => {
  const { trained, params, outputs, answer, row, file } = await live('spent')
  const { metrics } = trained
  expect(metrics.val_r2).toBeGreaterThan(0.99)
  expect(metrics.val_rmse).toBeLessThan(1)
  expect(metrics.val_mae_low).toBeLessThan(metrics.val_mae_high!)
  expect(trained.split).toMatchObject({ predicts: 'regression', threshold: null })
  expect(params).toMatchObject({ predicts: 'regression', stratify: 'False', sample_weight: 'y' })
  expect(file.outcome).toEqual({ kind: 'regression' })
  expect(answer.prediction).toBe(outputs[0])
  expect(Object.keys(answer)).not.toContain('probability')
  expect(row).toEqual({ value: outputs[0] })
})

test('a date and a moment are learned by their age at the label, and asked by their age at the request; null stays null', async () => {
  await rig.app.trainBaseline({ model: 'late', asOf: AS_OF })
  const version = await rig.app.registry.getVersion('late', 1)
  const file = decodeModel(await rig.app.tracking.artifacts.read(version.location, 'model.weir'))
  const change = { name: 'late', version: 1, stage: 'Production', archiveExisting: true, actor: 'test' } as const
  await rig.app.mlflow.registry.transition(change)
  for (;;) {
    const [before, answer, after] = [Date.now(), await rig.post('/models/late/predict', { id: 'u1' }), Date.now()]
    if (answer.status !== 200) continue
    expect(answer.body.features_used).toEqual({ since: dayBefore(2), seen: `${dayBefore(1)}T06:00:00.000000Z` })
    // All of January 2024 is long ago: the moment of the request does not decide it.
    const at = (ms: number) =>
      predictOne(file, withAges(file.encoder.spec.inputs, [dayBefore(2), `${dayBefore(1)}T06:00:00Z`], ms))[0]
    expect([at(before), at(after)]).toContain(answer.body.probability)
    break
  }
  // By the labels' moment the ages are those of the rows: what was learned is right there.
  const asked = (days: number | null) => ({ since: days, seen: 0.75 })
  const rows = [asked(20), asked(600), asked(null)]
  const sent = await rig.post('/models/late/invocations', { dataframe_records: rows })
  const said = (sent.body.predictions as { label: number }[]).map(({ label }) => label)
  expect(said.slice(0, 2)).toEqual([0, 1])
  const out = join(tmpdir(), `weir-kinds-${process.pid}.parquet`)
  const knownAt = await rig.app.lake.pinKnownAt()
  const request = {
    model: 'late',
    version: 1,
    asOf: parseInstant(AS_OF, 'as-of'),
    knownAt,
    mode: 'restated',
    explain: false,
    out,
  }
  await rig.app.score(request as Parameters<typeof rig.app.score>[0])
  const duck = await createDuck()
  const scored = await duck.rows<{ id: string; probability: number }>(
    `SELECT id, probability FROM read_parquet('${out}') WHERE id IN ('u1', 'u9')`,
  )
  duck.close()
  await rm(out)
  const tMs = Date.parse(AS_OF)
  for (const [id, since, seen] of [
    ['u1', dayBefore(2), dayBefore(1)],
    ['u9', null, dayBefore(4)],
  ] as const) {
    const values = withAges(file.encoder.spec.inputs, [since, `${seen}T06:00:00Z`], tMs)
    expect(scored.find((row) => row.id === id)?.probability).toBe(predictOne(file, values)[0])
  }
})
