import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Project } from '../../src/config/project.ts'
import { BATCH_MAX } from '../../src/wire/predict.ts'
import { ingestRides, ridesProject } from '../features/rides.ts'
import { openServerRig } from './rig.ts'

/** More than a chunk of DuckDB and more than a batch of keys. */
const COUNT = 2_500
const AS_OF = '2024-01-31'
const FULL = ['age', 'city', 'score', 'member'].map((name) => `profile__${name}`)
const COMPUTED = ['per_year', 'next_age']
const INPUTS = {
  late_ride: [...FULL, ...COMPUTED.map((name) => `worked_out__${name}`)],
  tipped_ride: [...['age', 'city', 'score', 'member'].map((n) => `driver__${n}`), 'rider__steps', ...COMPUTED],
}
const MODELS = Object.keys(INPUTS) as (keyof typeof INPUTS)[]

/** A project with two models: one by full names, one by roles, both with features on demand. */
describe.sequential('B2: a feature goes by its name in the service, not by that in its view', () => {
  const project: Project = { ...ridesProject(), defaultModel: 'late_ride' }
  let rig: Awaited<ReturnType<typeof openServerRig>>
  beforeAll(async () => {
    rig = await openServerRig({ change: () => project })
    await ingestRides(rig.app.ingest, COUNT)
    await rig.app.features.materialize()
  })
  afterAll(() => rig.close())

  test('B2: training logs signature, example, importance and schema by these names', async () => {
    for (const model of MODELS) {
      const report = await rig.app.trainBaseline({ model, asOf: AS_OF })
      expect(report).toMatchObject({ name: model, version: 1, rows: COUNT, features: INPUTS[model].length })
      const run = await rig.app.tracking.runs.get(report.runId)
      const of = async <T>(path: string) =>
        JSON.parse((await rig.app.tracking.artifacts.read(run.artifactUri, path)).toString()) as T
      expect(names((await of<{ features: Named }>('feature_schema.json')).features)).toEqual(INPUTS[model])
      expect(await of('model/input_example.json')).toMatchObject({ columns: INPUTS[model] })
      const schema = JSON.parse(run.inputs[0]?.dataset.schema ?? '') as { mlflow_colspec: Named }
      expect(names(schema.mlflow_colspec)).toEqual(INPUTS[model])
      const importance = await of<{ feature: string }[]>('feature_importance.json')
      expect(importance.map((one) => one.feature).sort()).toEqual([...INPUTS[model]].sort())
    }
  })

  test('B2: a prediction, one of a batch and one of the same values by hand are the same, for both models', async () => {
    for (const name of MODELS) {
      await rig.app.mlflow.registry.transition({
        name,
        version: 1,
        stage: 'Production',
        archiveExisting: true,
        actor: 'test',
      })
    }
    await rig.until((answer) => answer.status === 200, { person: 1 })
    while ((await rig.get('/ready')).status !== 200);
    const keys = Array.from({ length: COUNT }, (_, i) => i)
      .filter((i) => i % 10 !== 9)
      .slice(-BATCH_MAX)
    for (const model of MODELS) {
      const roles = keys.map((i) => ({ person: i, driver: (i * 7) % COUNT, rider: (i * 13 + 1) % COUNT }))
      const body = model === 'late_ride' ? { persons: keys } : { keys: roles }
      const batch = await rig.post(`/models/${model}/predict/batch`, body)
      expect(batch.body.errors).toEqual([])
      const predictions = batch.body.predictions as Predicted[]
      expect(predictions.map((p) => p.person)).toEqual(keys)
      expect(Object.keys(predictions[0]?.features_used ?? {})).toEqual(INPUTS[model])
      const thrice = [...predictions, ...predictions, ...predictions]
      const byHand = await rig.post(`/models/${model}/invocations`, {
        dataframe_records: thrice.map((p) => p.features_used),
      })
      expect(byHand.body.predictions).toEqual(
        thrice.map(({ prediction, probability }) => ({ label: prediction, probability })),
      )
      for (const i of [0, 999]) {
        const key = model === 'late_ride' ? { person: keys[i] } : roles[i]
        expect((await rig.post(`/models/${model}/predict`, key)).body).toEqual(predictions[i])
      }
    }
  })

  test('B2: the offline values of each row are the live ones', async () => {
    for (const model of MODELS) {
      const ref = await rig.app.features.trainingSet({
        model,
        asOf: '2024-01-31T00:00:00.000000Z',
        knownAt: await rig.app.lake.pinKnownAt(),
        mode: 'restated',
      })
      const { rows, columns } = await rig.app.features.readTrainingSet(ref)
      const service = rig.app.features.service(project.models.find((m) => m.name === model)?.featureService ?? '')
      const key = (r: number) => Object.fromEntries(service.keys.map((k) => [k.name, columns.get(k.name)?.values[r]]))
      const keys = Array.from({ length: rows }, (_, r) => key(r) as Record<string, number>)
      const live = await rig.app.features.readOnline(service.name, keys)
      for (const [f, name] of INPUTS[model].entries()) {
        const column = columns.get(name)
        const offline = keys.map((_, r) => (column?.valid[r] === 1 ? column.values[r] : null))
        const values = live.map((row) => row.values[f] ?? null)
        expect(values.map((v) => (typeof v === 'boolean' ? Number(v) : v))).toEqual(offline)
      }
    }
  })
})

type Named = { name: string }[]
type Predicted = { person: number; prediction: number; probability: number; features_used: Record<string, unknown> }

function names(list: Named): string[] {
  return list.map((one) => one.name)
}
