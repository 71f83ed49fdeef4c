import type { Lake, Snapshot } from '../../lake/lake.ts'
import { limitOf } from '../../wire/limits.ts'
import { timeSnapshotJson } from '../../wire/time.ts'
import type { Read } from './table.ts'

export function namedIn(rows: readonly { snapshot: string | null }[], snapshots: readonly Snapshot[]): Snapshot[] {
  const named = new Set(rows.map((row) => row.snapshot))
  return snapshots.filter((snapshot) => named.has(snapshot.id))
}

/** Each once, as it is answered, with what is known of its withdrawal now. */
export async function readOf(lake: Lake, snapshots: readonly Snapshot[], given: readonly Read[] = []) {
  const all = [...given, ...snapshots.map((s) => ({ source: s.source, moment: s.validAt, snapshot: s }))]
  const once = [...new Map(all.map((read) => [`${read.moment} ${read.snapshot.id}`, read])).values()]
  const named = once.slice(-limitOf('timeStops'))
  const sources = [...new Set(named.map((read) => read.source))]
  const histories = await Promise.all(sources.map((source) => lake.history({ source })))
  const withdrawn = new Map(histories.flat().map((s) => [s.seq, s.withdrawn?.recordedAt ?? null]))
  const reads = named.map(({ source, moment, snapshot }) => {
    return { source, moment, snapshot: timeSnapshotJson(snapshot, withdrawn.get(snapshot.seq) ?? null) }
  })
  return { reads, reads_left_out: once.length - named.length }
}
