import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import Fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isTraced } from '../../src/monitoring/is-traced.ts'
import { openTracing, type Tracing } from '../../src/monitoring/tracing.ts'

type Sent = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: { key: string; value: Record<string, unknown> }[]
}
type Body = {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] }
    scopeSpans: { spans: Sent[] }[]
  }[]
}

const bodies: Body[] = []
/** What an OTLP collector does: takes JSON at /v1/traces. */
const collector = createServer((request, response) => {
  void json(request).then((body) => {
    bodies.push(body as Body)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
})
let tracing: Tracing
const before = process.env.OTEL_EXPORTER_OTLP_ENDPOINT

beforeAll(async () => {
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  tracing = await openTracing('1.2.3', process.env)
})
afterAll(() => {
  if (before === undefined) delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT
  else process.env.OTEL_EXPORTER_OTLP_ENDPOINT = before
  collector.closeAllConnections()
  collector.close()
})

test("a collector is sent a span for each request, below the caller's, with one for each stage of its own", async () => {
  const app = Fastify()
  await app.register(tracing.plugin)
  app.get('/things/:key', { config: { model: 'churn' } }, async (request) => {
    for (const stage of ['features', 'model']) tracing.stage('churn', stage, 5, request.id)
    return 'ok'
  })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await app.inject({ url: '/things/7590-VHVEG', headers: { traceparent } })
  await app.inject({ url: '/things/other', headers: { traceparent: 'nonsense' } })
  tracing.stage('churn', 'features', 1, 'no-such-request')
  await app.close()
  await tracing.close()

  const spans = bodies.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  )
  const requests = spans.filter(({ name }) => name === 'GET /things/:key')
  expect([requests.length, spans.length]).toEqual([2, 6])
  const [mine] = requests.filter(({ traceId }) => traceId === '0af7651916cd43dd8448eb211c80319c')
  expect(mine?.parentSpanId).toBe('b7ad6b7169203331')
  for (const request of requests) {
    const below = spans.filter(({ parentSpanId }) => parentSpanId === request.spanId)
    expect(below.map(({ name, traceId }) => [name, traceId])).toEqual([
      ['features', request.traceId],
      ['model', request.traceId],
    ])
  }
  const told = Object.fromEntries(mine!.attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
  expect(told).toMatchObject({ 'http.route': '/things/:key', 'http.response.status_code': 200, 'weir.model': 'churn' })
  expect(JSON.stringify(bodies)).not.toContain('7590')
  const resource = bodies[0]!.resourceSpans[0]!.resource.attributes.map(({ key, value }) => [key, value.stringValue])
  expect(resource).toEqual(expect.arrayContaining([['service.name', 'weir']]))
})

test('nothing is traced where no exporter is configured, or traces are turned off', () => {
  expect(isTraced({})).toBe(false)
  expect(isTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toBe(false)
  expect(isTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_TRACES_EXPORTER: 'none' })).toBe(false)
  expect(isTraced({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x', OTEL_SDK_DISABLED: 'true' })).toBe(false)
  expect(isTraced({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://x' })).toBe(true)
})
