import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { BOOSTING_DEFAULTS } from '../../src/ml/learn/boosting/params.ts'
import { boostedPredict } from '../../src/ml/model/boosted.ts'
import { encodeRow, type InputValue } from '../../src/ml/model/encoder.ts'
import { decodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { MODEL, openServerRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>

beforeAll(async () => {
  rig = await openServerRig({
    change: (project) => ({
      ...project,
      models: project.models.map((model) => ({
        ...model,
        learner: {
          kind: 'gradient_boosting',
          ...BOOSTING_DEFAULTS,
          monotone: { failed_payments_90d: 'rising' },
        },
      })),
    }),
  })
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
})
afterAll(() => rig.close())

test('gradient boosting is trained as a run, promoted, and answers with the numbers of its file', async () => {
  const trained = await rig.train()
  expect(trained.metrics.val_auc).toBeGreaterThan(0.8)
  const version = await rig.app.registry.getVersion(MODEL, 1)
  const { params } = await rig.app.tracking.runs.get(must(version.runId))
  expect(Object.fromEntries(params.map(({ key, value }) => [key, value]))).toMatchObject({
    model_type: 'gradient_boosting',
    n_estimators: '1000',
    learning_rate: String(BOOSTING_DEFAULTS.learningRate),
    early_stopping_round: '50',
    trees: expect.stringMatching(/^[1-9][0-9]?[0-9]?$/),
    monotone_constraints: '{"failed_payments_90d":"rising"}',
  })
  for (const key of ['train_logloss', 'valid_logloss']) {
    const { rows: points } = await rig.app.tracking.metricHistory(must(version.runId), key)
    expect(points.length > 8 && points.length <= 100, key).toBe(true)
    expect(points.slice(0, 3).map(({ step }) => step)).toEqual([1, 2, 3])
    expect(points.at(-1)!.value).toBeLessThan(points[0]!.value)
  }
  const files = await rig.app.tracking.artifacts.listOfRun(must(version.runId), 'model')
  expect(files.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['model/model.onnx', 'model/model.weir']))
  const model = decodeModel(await rig.app.tracking.artifacts.read(version.location, 'model.weir'))
  if (model.learned.kind !== 'gradient_boosting') throw new Error('another model')

  await rig.promote(1)
  const { body } = await rig.until((answer) => answer.status === 200)
  const values = Object.values(body.features_used as Record<string, InputValue>)
  expect(body.probability).toBe(predictOne(model, values)[0])
  encodeRow(model.encoder, values, model.row)
  const own = new Float64Array(1)
  boostedPredict(model.learned.boosted, model.row, own)
  expect(body.probability).toBe(own[0])
  expect(body.prediction).toBe((body.probability as number) >= 0.5 ? 1 : 0)

  const columns = model.encoder.spec.inputs.map(({ name }) => name)
  const services = ['Satellite', 'DSL']
  const asked = services.map((service) => values.map((v, i) => (columns[i] === 'net_service' ? service : v)))
  const sent = await rig.post(`/models/${MODEL}/invocations`, { dataframe_split: { columns, data: asked } })
  expect(sent.status).toBe(200)
  const answers = asked.map((row) => predictOne(model, row))
  expect(JSON.stringify(sent.body)).toContain(String(answers[0]))
  expect(JSON.stringify(sent.body)).toContain(String(answers[1]))
})
