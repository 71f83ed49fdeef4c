import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import type { InputValue } from '../../src/ml/model/encoder.ts'
import { decodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { KNOWN_FEATURES } from '../features/real-data.ts'
import { MODEL, onlineTable, openServerRig } from './rig.ts'

const KNOWN = { user_id: '7590-VHVEG' }
const VIEWS = ['subs_profile_fv', 'usage_agg_30d_fv', 'payments_agg_90d_fv', 'support_agg_90d_fv']

let rig: Awaited<ReturnType<typeof openServerRig>>

beforeAll(async () => {
  rig = await openServerRig()
})
afterAll(() => rig.close())

// One story: each part needs the state that the one before has made.
describe.sequential('from an empty server to a prediction', () => {
  test('alive but not ready: the reasons are named', async () => {
    expect(await rig.get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
    const ready = await rig.get('/ready')
    expect(ready).toMatchObject({ status: 503, type: expect.stringContaining('application/problem+json') })
    expect(ready.body.reasons).toEqual([
      expect.stringContaining('no version of streamflow_churn is in Production'),
      ...VIEWS.map((view) => `feature view '${view}' is not materialized`),
    ])
  })

  test('before any materialize: 503 that names the views', async () => {
    const answer = await rig.predict(KNOWN)
    expect(answer).toMatchObject({
      status: 503,
      body: { error: 'unavailable', missing_views: VIEWS, missing_features: Object.keys(KNOWN_FEATURES) },
    })
    for (const view of VIEWS) expect(answer.body.detail).toContain(view)
  })

  test('no promoted model: 503 that says how to promote one', async () => {
    await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
    await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
    await rig.train()
    const answer = await rig.predict(KNOWN)
    expect(answer).toMatchObject({ status: 503, body: { status: 503, error: 'no_production_model' } })
    expect(answer.body.detail).toContain('weir promote streamflow_churn VERSION --stage Production')
    expect(answer.body).not.toHaveProperty('missing_views')
  })

  test('a promotion is picked up with no restart, and the answer has the features in order', async () => {
    await rig.promote(1)
    const { body, text } = await rig.until((answer) => answer.status === 200)
    const version = await rig.app.registry.getVersion(MODEL, 1)
    expect(Object.keys(body)).toEqual([
      'user_id',
      'prediction',
      'probability',
      'features_used',
      'model',
      'feature_times',
      'features_as_of',
    ])
    expect(Object.keys(body.features_used as object)).toEqual(Object.keys(KNOWN_FEATURES))
    expect(body.features_used).toEqual(KNOWN_FEATURES)
    expect(text).toContain('"user_id":"7590-VHVEG"')
    expect(body).toMatchObject({
      model: { name: MODEL, version: '1', run_id: version.runId, arm: 'champion' },
      feature_times: Object.fromEntries(VIEWS.map((view) => [view, '2024-01-31T00:00:00Z'])),
      features_as_of: '2024-01-31T00:00:00Z',
    })
    expect(body.prediction).toBe((body.probability as number) >= 0.5 ? 1 : 0)
    const ready = await rig.get('/ready')
    expect(ready).toMatchObject({ status: 200, body: { status: 'ready' } })
    expect(ready.body.models).toEqual([{ name: MODEL, version: '1', run_id: version.runId, problem: null }])
    expect(ready.body.feature_views).toEqual(VIEWS.map((view) => ({ view, valid_at: '2024-01-31', rows: 7043 })))
  })
})

describe('answers', () => {
  test('a customer with null plan columns is predicted', async () => {
    const [row] = await rig.app.db.query<{ user_id: string }>(
      `select user_id from ${await onlineTable(rig.app.db)} where net_service = 'No' and plan_stream_tv is null order by 1 limit 1`,
    )
    const answer = await rig.predict({ user_id: row?.user_id })
    expect(answer.status).toBe(200)
    expect(answer.body.features_used).toMatchObject({ plan_stream_tv: null, plan_stream_movies: null })
  })

  test('an unknown customer is 404 with every feature listed', async () => {
    expect(await rig.predict({ user_id: '999999' })).toMatchObject({
      status: 404,
      type: expect.stringContaining('application/problem+json'),
      body: { error: 'not_found', missing_features: Object.keys(KNOWN_FEATURES) },
    })
    expect(await rig.get('/features/999999')).toMatchObject({ status: 404 })
  })

  test('another model by its name; an unknown one is 404 that names what there is', async () => {
    expect(await rig.post(`/models/${MODEL}/predict`, KNOWN)).toMatchObject({ status: 200 })
    const unknown = await rig.post('/models/streamflow_chrun/predict', KNOWN)
    expect(unknown).toMatchObject({ status: 404, body: { error: 'not_found' } })
    expect(unknown.body.detail).toContain("did you mean 'streamflow_churn'")
  })

  test('a batch: 200 for all, 207 for some, the error itself for none', async () => {
    const all = await rig.post('/predict/batch', { user_ids: ['7590-VHVEG', '7590-VHVEG'] })
    expect(all).toMatchObject({ status: 200, body: { errors: [] } })
    expect((all.body.predictions as unknown[])[0]).toEqual((await rig.predict(KNOWN)).body)
    const some = await rig.post('/predict/batch', { user_ids: ['7590-VHVEG', 'nobody'] })
    expect(some).toMatchObject({ status: 207, body: { errors: [{ key: 'nobody', error: 'not_found' }] } })
    expect(some.body.predictions).toHaveLength(1)
    expect((await rig.post('/predict/batch', { user_ids: ['nobody'] })).status).toBe(404)
    expect((await rig.post('/predict/batch', { user_ids: [] })).status).toBe(400)
  })

  test("MLflow's scoring protocol gives the same probability for the same features", async () => {
    const { body } = await rig.predict(KNOWN)
    const features = body.features_used as Record<string, unknown>
    const split = { columns: Object.keys(features), data: [Object.values(features)] }
    const expected = { predictions: [{ label: body.prediction, probability: body.probability }] }
    for (const layout of [
      { dataframe_split: split },
      { dataframe_records: [features] },
      { instances: [features] },
      { inputs: Object.fromEntries(Object.entries(features).map(([name, value]) => [name, [value]])) },
    ]) {
      expect(await rig.post(`/models/${MODEL}/invocations`, layout)).toMatchObject({ status: 200, body: expected })
    }
    const { months_active: _, ...lacking } = features
    const refused = await rig.post(`/models/${MODEL}/invocations`, { dataframe_records: [lacking] })
    expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining("lacks 'months_active'") } })
    const wrong = { dataframe_records: [{ ...features, months_active: 'one' }] }
    expect((await rig.post(`/models/${MODEL}/invocations`, wrong)).body.detail).toContain('must be Int64 or null')
  })

  test("the run's own input example is taken as it is, with booleans as text, and scored as our forest does", async () => {
    const { source } = await rig.app.registry.getVersion(MODEL, 1)
    const file = async (name: string) => rig.app.tracking.artifacts.read(source, name)
    const example = JSON.parse((await file('input_example.json')).toString()) as { columns: string[]; data: never[][] }
    const model = decodeModel(await file('model.weir'))
    const bools = model.encoder.spec.inputs.map((input) => input.type === 'Bool')
    expect(example.data.flat()).toContain('True')
    const rows = example.data.map((row) => row.map((v, c) => (bools[c] && typeof v === 'string' ? v === 'True' : v)))
    const answer = await rig.post(`/models/${MODEL}/invocations`, { dataframe_split: example })
    const scores = answer.body.predictions as { probability: number }[]
    expect(scores.map((score) => score.probability)).toEqual(rows.map((row) => predictOne(model, row)[0]))
  })

  test('rows beyond one slice keep their order', async () => {
    const { body } = await rig.predict(KNOWN)
    const features = body.features_used as Record<string, unknown>
    const rows = Array.from({ length: 600 }, (_, i) => ({ ...features, months_active: i }))
    const answer = await rig.post(`/models/${MODEL}/invocations`, { dataframe_records: rows })
    const scores = answer.body.predictions as { probability: number }[]
    const { source } = await rig.app.registry.getVersion(MODEL, 1)
    const model = decodeModel(await rig.app.tracking.artifacts.read(source, 'model.weir'))
    const expected = rows.map((row) => predictOne(model, Object.values(row) as InputValue[])[0])
    expect(scores.map((score) => score.probability)).toEqual(expected)
  })

  test('the document describes every field of the prediction routes', async () => {
    const { body } = await rig.get('/openapi.json')
    const paths = body.paths as Record<string, Record<string, unknown>>
    const ours = Object.keys(paths).filter((path) => /predict|invocations|health|ready/.test(path))
    expect(ours).toHaveLength(16)
    for (const path of ours) expect({ path, bare: bareFields(paths[path]) }).toEqual({ path, bare: [] })
    const { schema } = at(paths, '/predict', 'post', 'responses', '200', 'content', 'application/json') as never
    expect(Object.keys(at(schema, 'properties', 'features_used', 'properties') as object)).toEqual(
      Object.keys(KNOWN_FEATURES),
    )
  })

  test('metrics, document and page are there', async () => {
    const metrics = await rig.get('/metrics')
    expect(metrics.text).toMatch(/weir_model_live\{model="streamflow_churn",version="1"\} 1/)
    expect(metrics.text).toMatch(/weir_predictions_total\{model="streamflow_churn",version="1"\} \d+/)
    expect(metrics.text).toMatch(/weir_http_request_seconds_count\{method="POST",route="\/predict",status="404"\} \d+/)
    for (const stage of ['queue', 'features', 'model', 'total']) {
      expect(metrics.text).toMatch(
        new RegExp(`weir_prediction_stage_seconds_count\\{model="streamflow_churn",stage="${stage}"\\} [1-9]`),
      )
    }
    expect(metrics.text).toContain('weir_feature_view_rows{view="subs_profile_fv"} 7043')
    expect(metrics.text).toContain(
      `weir_feature_view_valid_at_seconds{view="subs_profile_fv"} ${Date.UTC(2024, 0, 31) / 1000}`,
    )
    const document = await rig.get('/openapi.json')
    expect(document.body.openapi).toBe('3.1.0')
    expect(Object.keys(document.body.paths as object)).toEqual(
      expect.arrayContaining(['/predict', '/predict/batch', '/features/{key}', '/health', '/ready', '/metrics']),
    )
    expect((await rig.get('/docs/')).text).toContain('swagger')
  })
})

describe('bad requests are the caller’s', () => {
  test.each<[string, string, number]>([
    ['broken JSON', '{"user_id": ', 400],
    ['an empty body', '', 400],
    ['not an object', '[1]', 400],
    ['no key', '{}', 400],
    ['a number for a text', '{"user_id": 5}', 400],
    ['null', '{"user_id": null}', 400],
    ['an object', '{"user_id": {"a": 1}}', 400],
    ['an empty key', '{"user_id": ""}', 400],
    ['a NUL', '{"user_id": "a\\u0000b"}', 400],
    ['half a surrogate', '{"user_id": "\\ud800"}', 400],
    ['a key of 2,000 characters', JSON.stringify({ user_id: 'x'.repeat(2000) }), 413],
    ['a key of 1 MB', JSON.stringify({ user_id: 'x'.repeat(1_000_000) }), 413],
    ['a member that is unknown', '{"user_id": "7590-VHVEG", "as_of": "2024-01-31"}', 400],
    ['a prototype', '{"__proto__": {"user_id": "a"}}', 400],
  ])('%s', async (_name, body, status) => {
    const answer = await rig.send('POST', '/predict', body)
    expect(answer).toMatchObject({ status, type: expect.stringContaining('application/problem+json') })
    expect(answer.body).toMatchObject({ status, error: expect.any(String), detail: expect.any(String) })
  })

  test('what is not understood is named, not dropped', async () => {
    const asOf = await rig.predict({ ...KNOWN, as_of: '2024-01-31' })
    expect(asOf.body.detail).toBe("the body has 'as_of', which is unknown; leave it out")
    expect((await rig.post('/predict?x=1', KNOWN)).body.detail).toBe(
      "the address has 'x', which is unknown; leave it out",
    )
    expect((await rig.predict({ user_id: 5 })).body.detail).toBe("'user_id' in the body must be a text")
  })

  test('another content type, method or path', async () => {
    expect((await rig.send('POST', '/predict', 'user_id=a', 'application/x-www-form-urlencoded')).status).toBe(415)
    expect((await rig.get('/predict/batch')).status).toBe(404)
    expect((await rig.get(`/features/${'x'.repeat(5000)}`)).status).toBeGreaterThanOrEqual(400)
    expect((await rig.get('/features/%00')).status).toBe(400)
  })
})

/** Paths of schema members without a description. */
function bareFields(node: unknown, path: string[] = []): string[] {
  if (node === null || typeof node !== 'object') return []
  const members = Object.entries((at(node, 'properties') ?? {}) as Record<string, Record<string, unknown>>)
  const bare = members.filter(([, member]) => member.description === undefined)
  const below = Object.entries(node).flatMap(([key, value]) =>
    key.startsWith('example') ? [] : bareFields(value, [...path, key]),
  )
  return [...bare.map(([name]) => [...path, name].join('.')), ...below]
}

function at(node: unknown, ...path: string[]): unknown {
  return path.reduce((value, key) => (value as Record<string, unknown> | undefined)?.[key], node)
}
