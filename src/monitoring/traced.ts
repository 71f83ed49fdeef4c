import { isTraced } from './is-traced.ts'
import type { Metrics } from './metrics.ts'
import type { Tracing } from './tracing.ts'

/** Traces, loaded only where an exporter is configured. */
export async function openTraces(
  version: string,
  env: Record<string, string | undefined>,
): Promise<Tracing | undefined> {
  if (!isTraced(env)) return undefined
  const { openTracing } = await import('./tracing.ts')
  return openTracing(version, env)
}

/** The same metrics, of which the traces hear each stage too. */
export function traced(metrics: Metrics, tracing: Tracing | undefined): Metrics {
  if (tracing === undefined) return metrics
  const stage: Metrics['events']['stage'] = (model, stage, ms, requestId = null) => {
    metrics.events.stage(model, stage, ms)
    tracing.stage(model, stage, ms, requestId)
  }
  return { ...metrics, events: { ...metrics.events, stage } }
}
