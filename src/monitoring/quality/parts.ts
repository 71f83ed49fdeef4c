/** What quality is measured from, and what is said of it. */
import { messageOf, PlatformError } from '../../base/errors.ts'
import type { Instant } from '../../base/instant.ts'
import type { Project } from '../../config/project.ts'
import type { Sql } from '../../db/sql.ts'
import type { Features } from '../../features/features.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Target } from '../../ml/learn/task.ts'
import type { Label, Outcome } from '../../ml/model/outcome.ts'
import type { Predictions } from '../../predictions/predictions.ts'
import type { Estimate, Reference } from './estimate.ts'
import type { Figures } from './figures.ts'
import type { Parting } from './part.ts'
import type { Period } from './periods.ts'

export type QualityVersion = { name: string; version: number; location: string; runId: string | null }

/** Rows with labels that a version was asked about afterwards; `outputs` are rows x what the model gives. */
export type ScoredMonth = { target: Target; classes: readonly Label[]; outputs: Float64Array; outcome: Outcome }

export type Moment = { at: Instant; asOf: Instant; knownAt: Instant }

/** What is asked of the rooms that know models and training; nothing of them is known here. */
export type VersionSource = {
  champion(model: string): Promise<QualityVersion | undefined>
  version(model: string, version: number): Promise<QualityVersion>
  outcomeOf(version: QualityVersion): Promise<Outcome>
  /** What a score is worth as a chance is learned from these; or why there are none. */
  reference(version: QualityVersion): Promise<ScoredMonth | { reason: string }>
  /** Without the rows that the version learned from: `leftOut` of them, null where that is not known. */
  scoredMonth(version: QualityVersion, moment: Moment): Promise<(ScoredMonth & { leftOut: number | null }) | null>
  /** The scores of all entities as of a moment, where no answers were kept and no labels are there. */
  scoresOf(version: QualityVersion, moment: { at: Instant; knownAt: Instant }): Promise<Float64Array>
}

export type QualityDeps = {
  sql: Sql
  project: Project
  lake: Pick<Lake, 'moments' | 'pinKnownAt'>
  duck: Pick<Duck, 'session'>
  features: Pick<Features, 'withLabels'>
  predictions: Pick<Predictions, 'table' | 'counts'>
  versions: VersionSource
}

/** What is said of the answers of one version and arm in a period. */
export type GroupQuality = {
  version: number
  arm: string | null
  /** `answers`: what was answered. `scored`: what the version would have said; nobody was answered so, as far as is known. */
  source: 'answers' | 'scored'
  /** Entities that were answered (or scored), and those of them whose label is known. */
  entities: number
  labelled: number
  /** Of `scored`: entities that the version learned from and that are in no figure; null where that is not known. */
  leftOut?: number | null
  truth: Figures | null
  estimate: Estimate | null
  /** Why there is no estimate. */
  unestimated: string | null
  parting: Parting | null
  /** Labels that the version cannot say; they are in no figure. */
  unsayable: number
}

export type MonthQuality = Period & {
  model: string
  knownAt: Instant
  /** Null where they are not there (yet), and `unlabelled` says why. */
  labels: { rows: number; recordedAt: Instant } | null
  unlabelled: string | null
  groups: GroupQuality[]
  says: string[]
  /** Figures that were not recorded before, or are others now. */
  recorded: number
}

/** Why something of the world is not there, in words; faults of our own go on. */
export async function orReason<T>(read: () => Promise<T>): Promise<T | { reason: string }> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof PlatformError) || ['unavailable', 'forbidden'].includes(error.code)) throw error
    return { reason: messageOf(error) }
  }
}

/** Of two outcomes, what a reference is to the estimate. */
export function referenceOf(found: ScoredMonth | { reason: string }): Reference | { reason: string } {
  if ('reason' in found) return found
  if (found.target.kind !== 'binary')
    return { reason: `of a ${found.target.kind} model nothing is estimated before labels come, only measured after` }
  return { labels: found.target.labels, scores: found.outputs }
}
