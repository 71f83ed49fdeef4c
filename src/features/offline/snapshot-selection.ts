import { addMs, type Instant, nextInstant } from '../../base/instant.ts'
import type { Snapshot } from '../../lake/snapshot.ts'

/** restated: the values as they are known at K. served: only those that were available at T, as the live store had them. */
export type JoinMode = 'restated' | 'served'

/** What the picking of a view's snapshots needs to know of it. */
export type Candidates = { snapshots: readonly Snapshot[]; ttlMs: number | null }

/** From `from` (inclusive) until the next period every entity row reads the same snapshot of each view, or none. */
export type Period = { from: Instant; selection: (Snapshot | undefined)[] }

/**
 * For views of whole states the join needs no search in the rows: which snapshot holds at T is a step function of T, and
 * it changes only where a snapshot begins, becomes available, or grows older than the ttl. Gives the steps of all views
 * together from the first to the last T. `snapshots` are those with recorded_at <= K.
 */
export function periods(views: readonly Candidates[], first: Instant, last: Instant, mode: JoinMode): Period[] {
  const steps = views.flatMap(({ snapshots, ttlMs }) =>
    snapshots.flatMap((s) => [
      s.validAt,
      ...(mode === 'served' ? [s.availableAt] : []),
      ...(ttlMs === null ? [] : [nextInstant(addMs(s.validAt, ttlMs))]),
    ]),
  )
  const starts = [first, ...[...new Set(steps)].filter((t) => t > first && t <= last).sort()]
  const found = starts.map((from) => ({ from, selection: views.map((view) => pickAt(view, from, mode)) }))
  return found.filter((period, i) => i === 0 || !samePicks(period, found[i - 1] as Period))
}

/** The rule of docs/concepts/time.md for one moment: the newest (valid_at, available_at, seq) that may be seen. */
export function pickAt({ snapshots, ttlMs }: Candidates, moment: Instant, mode: JoinMode): Snapshot | undefined {
  const oldest = ttlMs === null ? '' : addMs(moment, -ttlMs)
  let best: Snapshot | undefined
  for (const s of snapshots) {
    const seen = s.validAt <= moment && s.validAt >= oldest && (mode === 'restated' || s.availableAt <= moment)
    if (seen && (best === undefined || isNewer(s, best))) best = s
  }
  return best
}

function isNewer(a: Snapshot, b: Snapshot): boolean {
  if (a.validAt !== b.validAt) return a.validAt > b.validAt
  if (a.availableAt !== b.availableAt) return a.availableAt > b.availableAt
  return a.seq > b.seq
}

function samePicks(a: Period, b: Period): boolean {
  return a.selection.every((pick, i) => pick?.id === b.selection[i]?.id)
}
