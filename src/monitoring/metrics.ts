/**
 * Monitoring: what Prometheus reads, and the last minute of each model; measures over time, decisions, alerts. Owns the schema `monitoring`. Doors: alerts/alerts.ts, alerts/erase-reasons.ts, alerts/probes.ts, alerts/routes.ts, alerts/traffic-told.ts, decisions.ts, drift/drift.ts, drift/sides.ts, drift/words.ts, gate-records.ts, measures.ts, quality/quality.ts, quality/routes.ts, quality/target-drift.ts, reports/page.ts, reports/reports.ts, reports/routes.ts, traced.ts, traffic.ts. Numbers only: no key and no feature value of anybody is a label.
 */
import type { FastifyPluginAsync } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Instant, msOfInstant } from '../base/instant.ts'
import { routeOptions } from '../wire/route.ts'
import { configOf } from '../wire/route-config.ts'
import { admissionMetrics } from './admission-metrics.ts'
import { logMetrics } from './log-metrics.ts'
import { predictionMetrics } from './prediction-metrics.ts'
import { BUCKETS, quickHistogram, type Series } from './quick-histogram.ts'
import { replacedMetrics } from './replaced-metrics.ts'
import type { Traffic } from './traffic.ts'

export type Metrics = ReturnType<typeof createMetrics>

type FeatureState = { view: string; materialized: boolean; validAt: Instant | null; rows: number }

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
  const requests = quickHistogram<'method' | 'route' | 'status'>({
    name: 'weir_http_request_seconds',
    help: 'Time to answer, by route and status',
    buckets: BUCKETS,
    registers,
  })
  /** By route and status, as they were first seen: what Fastify knows of a route is one object. */
  const known = new WeakMap<object, Map<number, Series>>()
  const predictions = predictionMetrics(registers)
  const replaced = replacedMetrics(registers)
  const log = logMetrics(registers)
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
  const admission = admissionMetrics(register)

  /** Times every route of the server, and answers GET /metrics. Given to the server before the other routes. */
  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook('onResponse', (request, reply, done) => {
      const config = configOf(request)
      const { url: route = 'none' } = config
      const { elapsedTime: ms, statusCode: status } = reply
      const { model } = config
      if (model !== undefined) {
        traffic?.note(model, ms, status >= 400, status >= 500)
        predictions.events.stage(model, 'total', ms)
        replaced.observe(ms)
      }
      const ofRoute = known.get(config) ?? new Map<number, Series>()
      const series = ofRoute.get(status) ?? requests.series({ method: request.method, route, status: String(status) })
      ofRoute.set(status, series)
      known.set(config, ofRoute)
      series.observe(ms / 1000)
      done()
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
    /** Hears of the prediction log. */
    log,
    admission,
    events: {
      ...predictions.events,
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
