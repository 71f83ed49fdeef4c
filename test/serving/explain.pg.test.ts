import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { BOOSTING_DEFAULTS } from '../../src/ml/learn/boosting/params.ts'
import { log } from '../../src/ml/numbers/exp.ts'
import { MODEL, openServerRig } from './rig.ts'

type Explanation = {
  of: unknown
  unit: string
  base: number
  contributions: Record<string, number>
  reasons: string[]
}

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

test.each([MODEL, 'boosted'])(
  'what if: %s says of other values what /invocations says of them, and what each feature adds to that',
  async (name) => {
    const plain = await rig.post(`/models/${name}/predict?explain=true`, key)
    const used = plain.body.features_used as Record<string, unknown>
    const [feature] = Object.keys(used).filter((one) => typeof used[one] === 'number')
    const given = { [must(feature)]: 2 * Number(used[must(feature)]) + 5 }
    const { status, body } = await rig.post(`/models/${name}/what-if`, { key, features: given })
    expect(status).toBe(200)
    const { as_is: asIs, what_if: whatIf, changed } = body as Record<string, typeof plain.body> & { changed: unknown }
    expect(asIs).toEqual(plain.body)
    expect([changed, whatIf!.features_used]).toEqual([[feature], { ...used, ...given }])
    const scored = await rig.post(`/models/${name}/invocations`, { dataframe_records: [{ ...used, ...given }] })
    const [row] = scored.body.predictions as { probability: number }[]
    expect(whatIf!.probability).toBe(must(row).probability)
    const { unit, base, contributions } = whatIf!.explanation as Explanation
    const p = whatIf!.probability as number
    expect(Math.abs(sumOf(base, contributions) - (unit === 'log_odds' ? log(p / (1 - p)) : p))).toBeLessThan(1e-9)
    // Without a change it is the same twice, and null is a value.
    const same = await rig.post(`/models/${name}/what-if`, { key, features: {} })
    expect(same.body.what_if).toEqual(same.body.as_is)
    expect((await rig.post(`/models/${name}/what-if`, { key, features: { [must(feature)]: null } })).status).toBe(200)
  },
)

test('what if refuses what /predict and /invocations refuse', async () => {
  const ask = (body: unknown) => rig.post(`/models/${MODEL}/what-if`, body)
  const [used] = Object.keys((await rig.post('/predict', key)).body.features_used as object)
  expect(await ask({ key: { user_id: 'nobody' }, features: {} })).toMatchObject({ status: 404 })
  expect(await ask({ key, features: { nothing: 1 } })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining(`features: 'nothing' is no feature of ${MODEL}; it takes`) },
  })
  for (const features of [{ [must(used)]: {} }, { [must(used)]: [1] }, 3, undefined]) {
    expect((await ask({ key, features })).status).toBe(400)
  }
  for (const bad of [
    { features: {} },
    { key: {}, features: {} },
    { key: 'x', features: {} },
    { key: { ...key, more: 1 }, features: {} },
  ]) {
    expect((await ask(bad)).status).toBe(400)
  }
  expect((await rig.post('/models/none/what-if', { key, features: {} })).status).toBe(404)
})

test('what can be predicted is listed: keys, features and the version that answers', async () => {
  const { body } = await rig.get('/predict')
  const models = body.models as Record<string, unknown>[]
  expect(models.map(({ name, default: meant }) => [name, meant])).toEqual([
    [MODEL, true],
    ['boosted', false],
  ])
  expect(models[0]).toMatchObject({
    predicts: 'binary',
    keys: [{ name: 'user_id', type: 'String' }],
    live: { version: '1', run_id: expect.any(String) },
  })
  expect((models[0]!.features as unknown[]).length).toBe(14)
})

test('a batch explains each of its keys, as one by one, with its reasons in words', async () => {
  const one = await rig.post('/predict?explain=true', key)
  const asked = { user_ids: [key.user_id, 'nobody', key.user_id] }
  const { status, body } = await rig.post('/predict/batch?explain=true', asked)
  expect(status).toBe(207)
  const [first, second] = body.predictions as { explanation: Explanation }[]
  expect(first).toEqual(one.body)
  const { base, contributions, reasons } = must(second).explanation
  expect(reasons[0]).toBe(
    `The model begins at ${Number(base.toPrecision(4))}, the probability of 1 where nothing is known.`,
  )
  const [strongest] = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
  const [name, adds] = must(strongest)
  const moves = `which ${adds > 0 ? 'raises' : 'lowers'} it by ${Number(Math.abs(adds).toPrecision(4))}.`
  expect(reasons[1]).toMatch(new RegExp(`^${name} is .*, ${moves.replaceAll('.', '\\.')}$`))
  expect(reasons).toHaveLength(7)
})

test('more keys than limit explainKeys are not explained in one request', async () => {
  const many = { user_ids: Array.from({ length: 101 }, () => key.user_id) }
  const refused = await rig.post('/predict/batch?explain=true', many)
  expect(refused.body).toMatchObject({ status: 400, detail: expect.stringContaining('limit explainKeys') })
  expect((await rig.post('/predict/batch', many)).status).toBe(200)
})

test('the sentence that refuses explain elsewhere says where it is taken', async () => {
  const { status, body } = await rig.post(`/models/${MODEL}/invocations?explain=true`, { instances: [] })
  expect([status, body.detail]).toEqual([
    400,
    expect.stringContaining('POST /predict?explain=true, and /predict/batch'),
  ])
})

test('what else is asked in the query is refused', async () => {
  for (const path of ['/predict?explain=perhaps', '/predict?because=true', '/predict?explain=true&explain=true']) {
    expect((await rig.post(path, key)).status, path).toBe(400)
  }
  expect((await rig.post('/predict/batch?explain=perhaps', { user_ids: [key.user_id] })).status).toBe(400)
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
