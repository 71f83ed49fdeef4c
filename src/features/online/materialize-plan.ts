import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { OnlineTableRow } from '../queries.ts'
import { ALL_TIME, broughtUpTo, type Coverage, reachesBeyond, type Window, withBrought } from './coverage.ts'

/**
 * materialized: the table now holds this. unchanged: it did already. kept newer: it holds a later moment, or a later
 * version of this one, and stays. no snapshot: the lake has none for this view in reach, and nothing was done.
 * withdrawn: what the table held was taken back, and there is nothing before it.
 */
export type MaterializeOutcome = 'materialized' | 'unchanged' | 'kept newer' | 'no snapshot' | 'withdrawn'

export type Plan = {
  /** The one whole state, or the deliveries of changes that may hold something that is missing. */
  snapshots: readonly Snapshot[]
  /** The newest delivery that the table will say it knows. */
  last: Snapshot
  /** Of changes: rows of these are brought, but for those of `before`; `after` is the record then. */
  wanted: Coverage
  before: Coverage
  after: Coverage
}

/** The window of a call; refuses one that ends before it begins. */
export function windowOf({ since, asOf }: { since?: Instant; asOf?: Instant }): Window {
  const window = { from: since ?? ALL_TIME.from, to: asOf ?? ALL_TIME.to }
  if (window.from <= window.to) return window
  throw new PlatformError(
    'invalid_argument',
    `the window begins at ${displayInstant(window.from)} and ends before that, at ${displayInstant(window.to)}`,
  )
}

/** The newest state in the window, by (valid_at, available_at, seq), where it is later than the one that is held. */
export function planState(
  known: readonly Snapshot[],
  held: OnlineTableRow | undefined,
  { window, all }: Pick<ChangesAsked, 'window' | 'all'>,
): Plan | MaterializeOutcome {
  const reach = known.filter((s) => s.validAt >= window.from && s.validAt <= window.to)
  const [best] = [...reach].sort((a, b) => compareVersions(b, a))
  if (!best) return 'no snapshot'
  if (held?.validAt && held.snapshotId !== null) {
    const order = compareVersions({ validAt: held.validAt, availableAt: held.availableAt ?? '', seq: held.seq }, best)
    if (order === 0 && held.snapshotDigest === best.digest && !all) return 'unchanged'
    if (order > 0) return 'kept newer'
  }
  return { snapshots: [best], last: best, wanted: [], before: [], after: [] }
}

type Version = Pick<Snapshot, 'validAt' | 'availableAt' | 'seq'>

/** By (valid_at, available_at, seq), as everywhere; 0 is the same version. */
function compareVersions(a: Version, b: Version): number {
  if (a.validAt !== b.validAt) return a.validAt > b.validAt ? 1 : -1
  if (a.availableAt !== b.availableAt) return a.availableAt > b.availableAt ? 1 : -1
  return a.seq - b.seq
}

export type ChangesAsked = {
  window: Window
  /** Brings all of the window, also what was brought before. */
  all: boolean
  /** Rows were taken out of the table: all that was ever brought is brought again. */
  again: boolean
}

/** The deliveries of which something in the window was never brought. */
export function planChanges(
  known: readonly Snapshot[],
  held: OnlineTableRow | undefined,
  { window, all, again }: ChangesAsked,
): Plan | MaterializeOutcome {
  const last = known.reduce<Snapshot | undefined>((a, b) => (a && a.seq > b.seq ? a : b), undefined)
  if (!last) return 'no snapshot'
  const recorded = held?.coverage ?? []
  const after = withBrought(recorded, window, last.seq)
  if (again) return { snapshots: known, last, wanted: after, before: [], after }
  const before = all ? [] : recorded
  const done = broughtUpTo(before, window)
  if (done >= last.seq) return reachesBeyond(recorded, window) ? 'kept newer' : 'unchanged'
  return { snapshots: known.filter((s) => s.seq > done), last, wanted: [{ ...window, seq: last.seq }], before, after }
}
