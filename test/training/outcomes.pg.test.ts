import { afterAll, beforeAll, expect, test } from 'vitest'
import { normalizeProject } from '../../src/config/normalize.ts'
import { openTrainingRig, type TrainingRig, train } from './rig.ts'

/** Labels in numbers, each a model; features are called as values inside of an ONNX file are. */
const LABELS = { plan: 'Int64', share: 'Float32', paid: 'Float32', flag: 'Int32' }
const project = normalizeProject(
  {
    name: 'outcomes',
    sources: {
      users: { key: 'id', columns: { id: 'String', label: 'Float64', threshold: 'String', ...LABELS } },
    },
    entities: { user: { joinKeys: { id: 'String' } } },
    featureViews: {
      v: {
        entity: 'user',
        source: 'users',
        features: {
          label: 'Float64',
          probability: { type: 'Float64', column: 'label' },
          threshold: 'String',
          'flat:columns': { type: 'Float64', sql: 'label / 2' },
          flat: { type: 'Float64', sql: 'label / 3' },
        },
      },
    },
    featureServices: { s: ['v'] },
    labels: Object.fromEntries(
      Object.keys(LABELS).map((column) => [`y_${column}`, { entity: 'user', source: 'users', column }]),
    ),
    models: Object.fromEntries(
      Object.keys(LABELS).map((column) => [
        column,
        {
          ...{ experiment: 'e', features: 's', label: `y_${column}`, learner: { kind: 'random_forest', trees: 3 } },
          ...(LABELS[column as keyof typeof LABELS] === 'Float32' ? { predicts: 'binary' } : {}),
        },
      ]),
    ),
  },
  '/',
)
const AS_OF = '2024-01-31T00:00:00.000000Z'

let rig: TrainingRig
beforeAll(async () => {
  rig = await openTrainingRig(project)
  const rows = Array.from({ length: 60 }, (_, i) => ({
    ...{ id: `u${i}`, label: i % 7, threshold: i % 2 === 0 ? 'a' : 'b' },
    ...{ plan: i % 8, share: i === 9 ? 0.5 : i % 2, paid: i % 2, flag: i % 2 },
  }))
  await rig.ingest.ingestRows({ source: 'users', asOf: '2024-01-31', rows })
})
afterAll(() => rig.close())

test('a label with other values than 0 and 1 is refused with them, when it is read and before anything is joined', async () => {
  const plan = train(rig.training, { model: 'plan', asOf: AS_OF, threads: 1 })
  await expect(plan).rejects.toMatchObject({
    code: 'invalid_argument',
    message:
      "label 'y_plan', column 'plan' of source 'users', has values other than 0 and 1 among 60 rows: 2 (8 rows), 3 (8 rows), " +
      '4 (7 rows), 5 (7 rows), 6 (7 rows) and others. For two other values state the positive one (positive: 2), for more of them ' +
      "predicts: 'multiclass', for a quantity predicts: 'regression'",
  })
  const share = train(rig.training, { model: 'share', asOf: AS_OF, threads: 1 })
  await expect(share).rejects.toThrow('among 60 rows: 0.5 (1 row). For two other values')
  expect(await rig.objects.list('datasets')).toEqual([])
  // A training set that is not for a learner of ours has what was delivered.
  const knownAt = await rig.lake.pinKnownAt()
  const request = { model: 'plan', asOf: AS_OF, knownAt, mode: 'restated' } as const
  expect((await rig.features(project).trainingSet(request)).rows).toBe(60)
})

test('0 and 1 in a number of any kind is learnt, from features that are called as parts of an ONNX file are', async () => {
  for (const model of ['paid', 'flag']) {
    const { fit, run } = await train(rig.training, { model, asOf: AS_OF, threads: 1 })
    expect(fit.rows).toBe(60)
    const text = (await rig.tracking.artifacts.read(run.source, 'MLmodel')).toString()
    expect(text).toContain('predicted_label')
    expect(text).toContain('predicted_probability')
  }
})
