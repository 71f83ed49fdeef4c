import { PlatformError } from '../base/errors.ts'
import { addMs, displayInstant, type Instant } from '../base/instant.ts'
import type { Label } from '../config/project.ts'
import type { Lake } from '../lake/lake.ts'
import type { Snapshot } from '../lake/snapshot.ts'

type LabelSource = Pick<Label, 'source' | 'horizonMs'>

export type LabelMoments = {
  /** One snapshot of labels a moment T, in order of T: its newest version that was known at K. */
  mature: Snapshot[]
  /** Labelled rows with T <= A whose horizon is not over at A: no training rows, and no negatives either. */
  immature: number
}

/**
 * The label moments of a training set as of one date: the newest T with T + horizon <= A. A range of periods is the
 * same list with more entries. Refuses when there is none, and says which moments there are.
 */
export async function labelMoments(
  lake: Lake,
  label: LabelSource,
  asOf: Instant,
  knownAt: Instant,
): Promise<LabelMoments> {
  const known = await lake.moments({ source: label.source, to: asOf, knownAt })
  const matureUntil = addMs(asOf, -label.horizonMs)
  const newest = known.filter((t) => t <= matureUntil).at(-1)
  if (newest === undefined) throw await noLabels(lake, label, asOf, knownAt)
  const mature = await snapshotsOf(lake, label.source, [newest], knownAt)
  const growing = known.filter((t) => t > matureUntil)
  const immature = (await snapshotsOf(lake, label.source, growing, knownAt)).reduce((sum, s) => sum + s.rows, 0)
  return { mature, immature }
}

async function snapshotsOf(lake: Lake, source: string, moments: Instant[], knownAt: Instant): Promise<Snapshot[]> {
  const found = await Promise.all(moments.map((validAt) => lake.snapshotAt({ source, validAt, knownAt })))
  return found.filter((snapshot) => snapshot !== undefined)
}

async function noLabels(lake: Lake, label: LabelSource, asOf: Instant, knownAt: Instant): Promise<PlatformError> {
  const all = await lake.moments({ source: label.source })
  const dates = all.map(displayInstant)
  const days = label.horizonMs / 86_400_000
  const horizon = days > 0 ? ` and mature (horizon ${days} days)` : ''
  const there =
    dates.length === 0
      ? `nothing of it was ingested; run: weir ingest DIR --as-of ${displayInstant(addMs(asOf, -label.horizonMs))}`
      : `ingested are ${dates.slice(-12).join(', ')}; take a later --as-of, or ingest an earlier month`
  return new PlatformError(
    'not_found',
    `source '${label.source}' has no labels as of ${displayInstant(asOf)}${horizon}, known at ${displayInstant(knownAt)}: ${there}`,
    { details: { source: label.source, as_of: asOf, known_at: knownAt, moments: all } },
  )
}
