/** Models of each kind, from their definition to what they answer. Each answer is compared with the document of the routes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { createPrng } from '../../src/base/prng.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { decodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { openServerRig } from './rig.ts'

const SPLINE = { kind: 'spline_regression' }
const FOREST = { kind: 'random_forest', trees: 20 }
const MODELS = {
  state: { positive: 'gone', weight: { column: 'counts' }, learner: SPLINE },
  number: { positive: 2, learner: FOREST },
  plan: { learner: SPLINE },
  grade: { predicts: 'multiclass', learner: { kind: 'logistic_regression' } },
  spent: { learner: { kind: 'ridge_regression' }, weight: { feature: 'y' } },
}
const COLUMNS = { state: 'String', number: 'Int64', plan: 'String', grade: 'Int32', spent: 'Float64', counts: 'Int64' }
const project = normalizeProject(
  {
    name: 'kinds',
    sources: {
      users: { key: 'id', columns: { id: 'String', x: 'Float64', y: 'Float64', ...COLUMNS } },
    },
    entities: { user: { joinKeys: { id: 'String' } } },
    featureViews: { v: { entity: 'user', source: 'users', features: { x: 'Float64', y: 'Float64' } } },
    featureServices: { s: ['v'] },
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
