import { PlatformError } from '../../base/errors.ts'
import { addMs, displayInstant, type Instant } from '../../base/instant.ts'
import type { Label } from '../../config/project.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Snapshot } from '../../lake/snapshot.ts'

type LabelSource = Pick<Label, 'source' | 'horizonMs'>

export type LabelMoments = {
  /** One snapshot of labels a moment T, in order of T: its newest version that was known at K. */
  mature: Snapshot[]
  /** Labelled rows with T <= A whose horizon is not over at A: no training rows, and no negatives either. */
  immature: number
}

export type LabelSpan = {
  asOf: Instant
  knownAt: Instant
  /** The first T of a range of periods; without it only the newest period is taken. */
  from?: Instant | undefined
}

/**
 * The label moments of a training set, from labels that come as whole states: the newest T with T + horizon <= A, or
 * all of them from `from` on. Refuses when there is none, and says which moments there are.
 */
export async function labelMoments(lake: Lake, label: LabelSource, span: LabelSpan): Promise<LabelMoments> {
  const { asOf, knownAt, from } = span
  const known = await lake.moments({ source: label.source, to: asOf, knownAt })
  const matureUntil = addMs(asOf, -label.horizonMs)
  const old = known.filter((t) => t <= matureUntil)
  const chosen = from === undefined ? old.slice(-1) : old.filter((t) => t >= from)
  if (chosen.length === 0) throw await noLabels(lake, label, span)
  const mature = await snapshotsOf(lake, label.source, chosen, knownAt)
  const growing = known.filter((t) => t > matureUntil)
  const immature = (await snapshotsOf(lake, label.source, growing, knownAt)).reduce((sum, s) => sum + s.rows, 0)
  return { mature, immature }
}

async function snapshotsOf(lake: Lake, source: string, moments: Instant[], knownAt: Instant): Promise<Snapshot[]> {
  const found = await Promise.all(moments.map((validAt) => lake.snapshotAt({ source, validAt, knownAt })))
  return found.filter((snapshot) => snapshot !== undefined)
}

export async function noLabels(lake: Lake, label: LabelSource, span: LabelSpan): Promise<PlatformError> {
  const { asOf, knownAt, from } = span
  const all = await lake.moments({ source: label.source })
  const dates = all.map(displayInstant)
  const days = label.horizonMs / 86_400_000
  const horizon = days > 0 ? ` and mature (horizon ${days} days)` : ''
  const since = from === undefined ? '' : ` from ${displayInstant(from)}`
  const there =
    dates.length === 0
      ? `nothing of it was ingested; run: weir ingest DIR --as-of ${displayInstant(addMs(asOf, -label.horizonMs))}`
      : `ingested are ${dates.slice(-12).join(', ')}; take a later --as-of, or ingest an earlier month`
  return new PlatformError(
    'not_found',
    `source '${label.source}' has no labels as of ${displayInstant(asOf)}${since}${horizon}, known at ${displayInstant(knownAt)}: ${there}`,
    { details: { source: label.source, as_of: asOf, known_at: knownAt, moments: all } },
  )
}
