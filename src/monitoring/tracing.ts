/**
 * OpenTelemetry traces, for whoever configures an exporter: a span for each request, with the caller's `traceparent` as its
 * parent, and below it one for each stage of a prediction. The packages are loaded only then, and nothing waits for an exporter.
 */
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { FastifyPluginAsync } from 'fastify'
import type { Environment } from './is-traced.ts'

export type Tracing = {
  plugin: FastifyPluginAsync
  /** A stage that has just ended, of the request that asked for it. */
  stage(model: string, stage: string, ms: number, requestId: string | null): void
  /** Sends what is left. */
  close(): Promise<void>
}

const STOP_MS = 2_000

/** Where spans go, and how many, the exporter and the sampler read from the environment themselves. */
export async function openTracing(version: string, env: Environment): Promise<Tracing> {
  const [{ NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ])
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': env.OTEL_SERVICE_NAME || 'weir', 'service.version': version }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('weir', version)
  const open = new Map<string, Span>()

  const plugin: FastifyPluginAsync = async (app) => {
    app.addHook('onRequest', (request, _reply, done) => {
      const { url: route = 'none', config } = request.routeOptions
      const attributes: Attributes = {
        'http.request.method': request.method,
        'http.route': route,
        'weir.request_id': request.id,
      }
      if (config.model !== undefined) attributes['weir.model'] = config.model
      const parent = parentOf(request.headers.traceparent)
      open.set(
        request.id,
        tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent),
      )
      done()
    })
    const end = (id: string, status: number) => {
      const span = open.get(id)
      if (!span) return
      open.delete(id)
      span.setAttribute('http.response.status_code', status)
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    }
    app.addHook('onResponse', async (request, reply) => end(request.id, reply.statusCode))
    app.addHook('onRequestAbort', async (request) => end(request.id, 499))
  }
  // Fastify's own mark for a plugin whose hooks are for its whole parent.
  Object.assign(plugin, { [Symbol.for('skip-override')]: true })

  return {
    plugin,
    stage(model, stage, ms, requestId) {
      const request = requestId === null ? undefined : open.get(requestId)
      if (request === undefined) return
      const endMs = Date.now()
      const options = { startTime: endMs - ms, attributes: { 'weir.model': model } }
      tracer.startSpan(stage, options, trace.setSpan(ROOT_CONTEXT, request)).end(endMs)
    },
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, STOP_MS).unref())
      await Promise.race([provider.shutdown().catch(() => {}), late])
    },
  }
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** The span of the caller; one that is not well formed is none. */
function parentOf(header: string | string[] | undefined): Context {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(String(header)) ?? []
  if (traceId === '' || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return ROOT_CONTEXT
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true })
}
