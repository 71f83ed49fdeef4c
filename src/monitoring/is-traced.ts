export type Environment = Readonly<Record<string, string | undefined>>

/** Whether an exporter of traces is configured, by the names that OpenTelemetry gives them. */
export function isTraced(env: Environment): boolean {
  if (env.OTEL_SDK_DISABLED === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false
  return Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)
}
