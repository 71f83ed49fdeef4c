import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { BOOSTING_DEFAULTS } from '../../src/ml/learn/boosting/params.ts'
import { log } from '../../src/ml/numbers/exp.ts'
import { MODEL, openServerRig } from './rig.ts'

type Explanation = { of: unknown; unit: string; base: number; contributions: Record<string, number> }

let rig: Awaited<ReturnType<typeof openServerRig>>

beforeAll(async () => {
  rig = await openServerRig({
    change: (project) => ({
      ...project,
      models: project.models.flatMap((model) => [
        model,
        { ...model, name: 'boosted', learner: { kind: 'gradient_boosting', ...BOOSTING_DEFAULTS, monotone: {} } },
      ]),
      defaultModel: MODEL,
    }),
  })
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  for (const name of [MODEL, 'boosted']) {
    await rig.app.trainBaseline({ model: name, asOf: '2024-01-31' })
    const promotion = { name, version: 1, stage: 'Production', archiveExisting: true, actor: 'test' } as const
    await rig.app.mlflow.registry.transition(promotion)
    // The change comes by a notification.
    while ((await rig.post(`/models/${name}/predict`, key)).status !== 200) {}
  }
})
afterAll(() => rig.close())

const key = { user_id: '7590-VHVEG' }

test('a prediction says what each feature adds to it where it is asked, and the sum is what is predicted', async () => {
  const plain = await rig.post('/predict', key)
  const asked = await rig.post('/predict?explain=true', key)
  const { explanation, ...rest } = asked.body
  expect(rest).toEqual(plain.body)
  const { of, unit, base, contributions } = explanation as Explanation
  expect({ of, unit }).toEqual({ of: 1, unit: 'probability' })
  expect(Object.keys(contributions)).toEqual(Object.keys(asked.body.features_used as object))
  expect(Math.abs(sumOf(base, contributions) - (asked.body.probability as number))).toBeLessThan(1e-9)
  expect((await rig.post('/predict?explain=false', key)).body).toEqual(plain.body)
})

test('boosting is explained on the log-odds', async () => {
  const { body } = await rig.post('/models/boosted/predict?explain=true', key)
  const { unit, base, contributions } = body.explanation as Explanation
  const p = body.probability as number
  expect(unit).toBe('log_odds')
  expect(Math.abs(sumOf(base, contributions) - log(p / (1 - p)))).toBeLessThan(1e-9)
})

test('what else is asked in the query is refused, as is an explanation of many', async () => {
  for (const path of ['/predict?explain=perhaps', '/predict?because=true', '/predict?explain=true&explain=true']) {
    expect((await rig.post(path, key)).status, path).toBe(400)
  }
  expect((await rig.post('/predict/batch?explain=true', { user_ids: [key.user_id] })).status).toBe(400)
  expect((await rig.post('/predict?explain=true', { user_id: 'nobody' })).status).toBe(404)
})

test('a run has what its model goes by: summary, dependence, and the price of each feature', async () => {
  const { runId } = await rig.app.registry.getVersion(MODEL, 1)
  const { artifactUri } = await rig.app.tracking.runs.get(must(runId))
  const json = async (name: string) =>
    JSON.parse((await rig.app.tracking.artifacts.read(artifactUri, name)).toString()) as Record<string, unknown>
  const [summary, dependence, permutation] = [
    await json('shap_summary.json'),
    await json('shap_dependence.json'),
    await json('permutation_importance.json'),
  ]
  expect(summary).toMatchObject({ rows: expect.any(Number), unit: 'probability', outputs: [{ of: 1 }] })
  expect((dependence.outputs as { features: object[] }[])[0]!.features).toHaveLength(14)
  expect(permutation).toMatchObject({ metric: 'auc', repeats: 5 })
  const [first] = permutation.features as { worse: number; deviation: number; gain: number }[]
  expect(first!.worse).toBeGreaterThan(0)
})

function sumOf(base: number, contributions: Record<string, number>): number {
  return Object.values(contributions).reduce((sum, added) => sum + must(added), base)
}
