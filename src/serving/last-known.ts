/**
 * The features that this server read last, for models that may answer from them while the online store is away.
 *
 * Invariants:
 * - Used only while a read fails because something is away, only for a model whose project file allows it, never when they
 *   were read longer ago than it says, and always with the moment of the reading.
 * - Bounded: of each model so many entities, those read last.
 * - Forgotten whole when anything live changes otherwise than by a push (a materialization, an erasure), and when news may have been missed. What was
 *   being read meanwhile is not kept.
 */
import type { PlatformError } from '../base/errors.ts'
import { worldError } from '../base/world.ts'
import type { LastKnownFeatures } from '../config/last-known-shape.ts'
import type { Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import { FEATURES_CHANNEL } from '../features/channel.ts'
import type { EntityKey } from '../features/define/keys.ts'
import type { Features } from '../features/features.ts'

type OnlineRow = Awaited<ReturnType<Features['readEntities']>>[number]

/** `readAtMs` where it is from memory; `away` where there is nothing, and why. */
export type KnownRow = OnlineRow & { readAtMs?: number; away?: PlatformError }

type Kept = { row: OnlineRow; readAtMs: number }
type Memory = { rule: LastKnownFeatures; rows: Map<string, Kept> }

export type LastKnown = ReturnType<typeof createLastKnown>

export function createLastKnown({
  project,
  features,
  nowMs,
}: {
  project: Pick<Project, 'models'>
  features: Pick<Features, 'readEntities'>
  nowMs: () => number
}) {
  const memories = new Map<string, Memory>()
  for (const { name, serving } of project.models) {
    if (serving.lastKnownFeatures) memories.set(name, { rule: serving.lastKnownFeatures, rows: new Map() })
  }
  // Counts what was forgotten: a read that began before is of before.
  let forgotten = 0

  function forget(): void {
    forgotten++
    for (const { rows } of memories.values()) rows.clear()
  }

  async function readAndKeep(memory: Memory, service: string, keys: readonly EntityKey[]): Promise<KnownRow[]> {
    const before = forgotten
    let rows: OnlineRow[]
    try {
      rows = await features.readEntities(service, keys)
    } catch (error) {
      const away = worldError(error)
      if (away?.code !== 'unavailable') throw error
      return fromMemory(memory, keys, away)
    }
    if (before === forgotten) for (const [i, row] of rows.entries()) keep(memory, JSON.stringify(keys[i]), row)
    return rows
  }

  function keep({ rows, rule }: Memory, key: string, row: OnlineRow): void {
    rows.delete(key)
    // Whom nobody knows is nobody to answer for.
    if (!row.found || row.lostViews.length > 0) return
    rows.set(key, { row, readAtMs: nowMs() })
    if (rows.size > rule.entities) rows.delete(rows.keys().next().value!)
  }

  function fromMemory({ rows, rule }: Memory, keys: readonly EntityKey[], away: PlatformError) {
    const oldest = nowMs() - rule.maxAgeMs
    const kept = keys.map((key) => rows.get(JSON.stringify(key)))
    const like = kept.find((one) => one !== undefined && one.readAtMs >= oldest)
    if (like === undefined) throw away
    return kept.map((one): KnownRow => {
      if (one === undefined || one.readAtMs < oldest) return { ...emptyLike(like.row), away }
      return { ...one.row, readAtMs: one.readAtMs }
    })
  }

  return {
    /** The live features; while they are away, the last known ones of a model that allows it. */
    read(model: string, service: string, keys: readonly EntityKey[]): Promise<KnownRow[]> {
      const memory = memories.get(model)
      return memory === undefined ? features.readEntities(service, keys) : readAndKeep(memory, service, keys)
    },
    forget,
    /** Hears of changes until the returned function is called. */
    async follow(db: Pick<Database, 'listen'>): Promise<() => Promise<void>> {
      return memories.size === 0 ? async () => {} : db.listen(FEATURES_CHANNEL, forget, forget)
    },
    /** Of a model, how many entities are remembered. */
    count: (model: string) => memories.get(model)?.rows.size ?? 0,
  }
}

/** As wide as the others of its service, with nothing in it. */
function emptyLike({ values, statuses, viewTimes }: OnlineRow): OnlineRow {
  return {
    found: false,
    values: values.map(() => null),
    statuses: statuses.map(() => 'NOT_FOUND'),
    eventTimestamps: values.map(() => null),
    viewTimes: viewTimes.map(() => null),
    missingViews: [],
    lostViews: [],
  }
}
