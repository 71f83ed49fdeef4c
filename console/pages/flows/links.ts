/** What a run made, as places of the console. */
export type Made =
  | { kind: 'version'; name: string; version: string }
  | { kind: 'run'; run: string }
  | { kind: 'snapshot'; id: string; source: string }
  | { kind: 'view'; view: string }

type Json = Record<string, unknown>

export function madeBy(flow: string, output: unknown): Made[] {
  if (flow === 'materialize' && Array.isArray(output)) return output.flatMap(viewOf)
  const all = objectOf(output)
  if (flow === 'train_baseline') return trained(all)
  if (flow === 'ingest_month')
    return listOf(all.sources).flatMap((source) => snapshotOf(source.snapshot, source.source))
  if (flow !== 'withdraw') return []
  const { id, source } = objectOf(all.snapshot)
  return [...snapshotOf(id, source), ...listOf(all.views).flatMap(viewOf)]
}

function trained({ name, version, runId }: Json): Made[] {
  const made: Made[] = []
  if (typeof name === 'string' && version !== undefined) made.push({ kind: 'version', name, version: String(version) })
  if (typeof runId === 'string' && runId !== '') made.push({ kind: 'run', run: runId })
  return made
}

function viewOf(one: unknown): Made[] {
  const { view } = objectOf(one)
  return typeof view === 'string' ? [{ kind: 'view', view }] : []
}

function snapshotOf(id: unknown, source: unknown): Made[] {
  return typeof id === 'string' ? [{ kind: 'snapshot', id, source: String(source) }] : []
}

function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(objectOf) : []
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}
