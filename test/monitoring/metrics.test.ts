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
