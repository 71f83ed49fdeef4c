import Fastify from 'fastify'
import { expect, test } from 'vitest'
import { createMetrics } from '../../src/monitoring/metrics.ts'

async function openMetrics(featureStates: Parameters<typeof createMetrics>[0]['featureStates']) {
  const metrics = createMetrics({ featureStates })
  const app = Fastify()
  await app.register(metrics.plugin)
  app.get('/things/:id', async () => 'ok')
  const text = async () => (await app.inject('/metrics')).body
  return { metrics, app, text }
}

test('one version of a model is live: the new one takes the place of the old', async () => {
  const { metrics, text } = await openMetrics(async () => [])
  metrics.events.live('churn', '1')
  metrics.events.live('other', '7')
  metrics.events.live('churn', '2')
  expect((await text()).match(/^weir_model_live\{.*$/gm)).toEqual([
    'weir_model_live{model="other",version="7"} 1',
    'weir_model_live{model="churn",version="2"} 1',
  ])
  metrics.events.live('churn', undefined)
  expect((await text()).match(/^weir_model_live\{.*$/gm)).toEqual(['weir_model_live{model="other",version="7"} 1'])
})

test('a route is counted by its pattern, so that no key of anybody becomes a label', async () => {
  const { app, text } = await openMetrics(async () => [])
  await app.inject('/things/7590-VHVEG')
  await app.inject('/nowhere/7590-VHVEG')
  const told = await text()
  expect(told).toContain('weir_http_request_seconds_count{method="GET",route="/things/:id",status="200"} 1')
  expect(told).toContain('weir_http_request_seconds_count{method="GET",route="none",status="404"} 1')
  expect(told).not.toContain('7590-VHVEG')
})

test('features that cannot be read leave the other numbers', async () => {
  const { text } = await openMetrics(async () => {
    throw new Error('no database')
  })
  const told = await text()
  expect(told).toContain('nodejs_eventloop_lag_seconds')
  expect(told).not.toMatch(/^weir_feature_view_rows\{/m)
})

test('a view that is not materialized has no age', async () => {
  const { text } = await openMetrics(async () => [
    { view: 'here', materialized: true, validAt: '2024-01-31T00:00:00.000000Z', rows: 7043 },
    { view: 'not_yet', materialized: false, validAt: null, rows: 0 },
  ])
  const told = await text()
  expect(told).toContain(`weir_feature_view_valid_at_seconds{view="here"} ${Date.UTC(2024, 0, 31) / 1000}`)
  expect(told).not.toContain('not_yet')
})

test('a request for a prediction is counted by the names of the stack before too, a refusal as well', async () => {
  const { app, text } = await openMetrics(async () => [])
  const config = { model: 'churn' }
  app.post('/predict', { config }, async (_request, reply) => reply.code(503).send())
  app.post('/predict/batch', { config }, async () => 'ok')
  await app.inject({ method: 'POST', url: '/predict' })
  await app.inject({ method: 'POST', url: '/predict/batch' })
  await app.inject('/things/1')
  const told = await text()
  expect(told).toMatch(/^api_requests_total 2$/m)
  expect(told).toMatch(/^api_request_latency_seconds_count 2$/m)
  const buckets = [...told.matchAll(/^api_request_latency_seconds_bucket\{le="([^"]+)"\}/gm)].map(([, le]) => le)
  expect(buckets.join(' ')).toBe('0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf')
  expect(told).toMatch(/^weir_prediction_stage_seconds_count\{model="churn",stage="total"\} 2$/m)
  expect(told).toMatch(/^api_requests_created \d/m)
})

test('each stage has a histogram of its own, cumulative, with sum and count', async () => {
  const { metrics, text } = await openMetrics(async () => [])
  for (const ms of [0.07, 0.2, 30_000]) metrics.events.stage('churn', 'model', ms)
  metrics.events.stage('churn', 'queue', 1)
  metrics.events.stage('other', 'model', 1)
  const told = await text()
  const of = (rest: string) => Number(new RegExp(`^weir_prediction_stage_seconds_${rest} (.*)$`, 'm').exec(told)?.[1])
  const labels = 'model="churn",stage="model"'
  expect(of(`bucket\\{${labels},le="0.00005"\\}`)).toBe(0)
  expect(of(`bucket\\{${labels},le="0.0001"\\}`)).toBe(1)
  expect(of(`bucket\\{${labels},le="0.00025"\\}`)).toBe(2)
  expect(of(`bucket\\{${labels},le="10"\\}`)).toBe(2)
  expect(of(`bucket\\{${labels},le="\\+Inf"\\}`)).toBe(3)
  expect(of(`sum\\{${labels}\\}`)).toBeCloseTo(30.00027)
  expect(of(`count\\{${labels}\\}`)).toBe(3)
})

test('answers are counted by version and arm, refusals by their code', async () => {
  const { metrics, text } = await openMetrics(async () => [])
  const one = { model: 'churn', version: '2', arm: 'canary', error: null }
  metrics.events.answered([one, one, { ...one, error: 'not_found' }])
  const told = await text()
  expect(told).toContain('weir_prediction_answers_total{model="churn",version="2",arm="canary"} 2')
  expect(told).toContain('weir_prediction_refusals_total{model="churn",arm="canary",error="not_found"} 1')
})
