/**
 * Monitoring: what Prometheus reads, and the last minute of each model. Owns no table. Doors: traffic.ts. Numbers only: no key and no feature value of anybody is a label.
 */
import type { FastifyPluginAsync } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Instant, msOfInstant } from '../base/instant.ts'
import { routeOptions } from '../wire/route.ts'
import type { Traffic } from './traffic.ts'

export type Metrics = ReturnType<typeof createMetrics>

type FeatureState = { view: string; materialized: boolean; validAt: Instant | null; rows: number }

/** Seconds; a prediction takes milliseconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createMetrics({
  featureStates,
  traffic,
}: {
  featureStates: () => Promise<FeatureState[]>
  /** Hears of each request for a prediction; the route says of which model. */
  traffic?: Traffic
}) {
  const register = new Registry()
  const registers = [register]
  const requests = new Histogram({
    name: 'weir_http_request_seconds',
    help: 'Time to answer, by route and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS,
    registers,
  })
  const predictions = new Counter({
    name: 'weir_predictions_total',
    help: 'Rows predicted, by model and version',
    labelNames: ['model', 'version'] as const,
    registers,
  })
  const liveVersion = new Gauge({
    name: 'weir_model_live',
    help: '1 for the version that answers',
    labelNames: ['model', 'version'] as const,
    registers,
  })
  const answering = new Map<string, string>()
  const loadFailures = new Counter({
    name: 'weir_model_load_failures_total',
    help: 'Promoted versions that could not be loaded; the one before went on answering',
    labelNames: ['model'] as const,
    registers,
  })
  const featureGauge = (name: string, help: string, value: (state: FeatureState) => number | null) =>
    new Gauge({
      name,
      help,
      labelNames: ['view'] as const,
      registers,
      async collect() {
        this.reset()
        // Without a database there is nothing to say of the views; the other numbers are still told.
        for (const state of await featureStates().catch(() => [])) {
          const number = state.materialized ? value(state) : null
          if (number !== null) this.set({ view: state.view }, number)
        }
      },
    })
  featureGauge(
    'weir_feature_view_valid_at_seconds',
    'The moment that the online values describe, in seconds since 1970',
    ({ validAt }) => (validAt === null ? null : msOfInstant(validAt) / 1000),
  )
  featureGauge('weir_feature_view_rows', 'Entities in the online table', ({ rows }) => rows)
  collectDefaultMetrics({ register })

  /** Times every route of the server, and answers GET /metrics. Given to the server before the other routes. */
  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook('onResponse', async (request, reply) => {
      const route = request.routeOptions.url ?? 'none'
      const { model } = request.routeOptions.config
      if (model !== undefined) traffic?.note(model, reply.elapsedTime, reply.statusCode >= 400)
      requests.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    })
    const options = routeOptions({
      tag: 'state',
      summary: 'Prometheus metrics',
      query: 'any',
      answers: { 200: { type: 'text/plain', description: "Prometheus' text format." } },
    })
    app.get('/metrics', options, async (_request, reply) => {
      reply.header('content-type', register.contentType)
      return register.metrics()
    })
  }
  // Fastify's own mark for a plugin whose hooks are for its whole parent.
  Object.assign(plugin, { [Symbol.for('skip-override')]: true })

  return {
    plugin,
    events: {
      predicted: (model: { name: string; version: string }, count: number) =>
        predictions.inc({ model: model.name, version: model.version }, count),
      live(model: string, version: string | undefined) {
        // prom-client removes nothing unless all labels are named.
        const before = answering.get(model)
        if (before !== undefined) liveVersion.remove({ model, version: before })
        answering.delete(model)
        if (version === undefined) return
        answering.set(model, version)
        liveVersion.set({ model, version }, 1)
      },
      loadFailed: (name: string) => loadFailures.inc({ model: name }),
    },
  }
}
