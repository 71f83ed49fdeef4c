import type { Features } from '../features/features.ts'
import type { KeyInput } from '../features/keys.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Lake } from '../lake/lake.ts'
import type { Redacted } from '../lake/redact.ts'

export type ForgetRequest = { entity: string; key: KeyInput; actor: string; reason: string }

export type Forgotten = Redacted & {
  /** Views in whose online table the key was. */
  online: string[]
  /** Kept training sets that held it, removed. */
  datasets: string[]
  /** Deliveries whose findings named it. */
  deliveries: number
}

/**
 * Takes a person's data out of everything that Weir keeps of its sources: the lake's files, the live values, kept training
 * sets and findings. Each part can be done twice, so what was interrupted is asked for again.
 */
export async function forget(
  { lake, features, ingest }: { lake: Lake; features: Features; ingest: Ingest },
  { entity, key, actor, reason }: ForgetRequest,
): Promise<Forgotten> {
  const at = features.whereabouts(entity, key)
  const { key: parts, ...where } = at
  const online = await features.eraseOnline(at)
  const redacted = await lake.redact({ ...where, actor, reason, always: online.length > 0 })
  const datasets = await features.dropDatasets(at)
  const deliveries = await ingest.forget(parts.join('|'))
  return { ...redacted, online, datasets, deliveries }
}
