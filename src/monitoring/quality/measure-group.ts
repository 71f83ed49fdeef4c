import type { Instant } from '../../base/instant.ts'
import { labelOf, sourceOf } from '../../config/find.ts'
import type { Model } from '../../config/project.ts'
import type { LabelTable } from '../../features/offline/training-set.ts'
import type { Outcome } from '../../ml/model/outcome.ts'
import { matchedAnswers } from './as-answered.ts'
import { type AnswerGroup, type CountedRows, labelledAnswers, labelsAsOf, lastAnswers } from './counted-answers.ts'
import { estimateFigures, REFERENCE_ROWS_MIN } from './estimate.ts'
import { partingOf } from './part.ts'
import {
  type GroupQuality,
  type MonthQuality,
  orReason,
  type QualityDeps,
  type QualityVersion,
  referenceOf,
} from './parts.ts'
import type { Period } from './periods.ts'
import { realisedFigures } from './realised.ts'

export type Window = Period & { knownAt: Instant; horizonMs: number }
type Found = Pick<MonthQuality, 'labels' | 'unlabelled' | 'groups'>
type Joined = Map<AnswerGroup, CountedRows & { labels: string[] }>

/** The answers of a period, by version and arm. */
export async function measureGroup(
  deps: QualityDeps,
  model: Model,
  groups: readonly AnswerGroup[],
  window: Window,
): Promise<Found> {
  const { kind } = sourceOf(deps.project, labelOf(deps.project, model.label).source)
  const asOf = labelsAsOf(window, kind === 'changes')
  const joined: Joined = new Map()
  const labels =
    asOf > window.knownAt
      ? { reason: `they are mature on ${asOf.slice(0, 10)}` }
      : await orReason(() =>
          deps.features.withLabels(
            { model: model.name, asOf, from: window.at, knownAt: window.knownAt },
            async (table) => {
              for (const group of groups) {
                const rows = await labelledAnswers(table, deps.predictions, group, window)
                if (rows.labels !== null) joined.set(group, { ...rows, labels: rows.labels })
              }
              return knownLabels(table)
            },
          ),
        )
  const found: GroupQuality[] = []
  for (const group of groups) found.push(await one(deps, model, group, window, joined.get(group)))
  if ('reason' in labels) return { labels: null, unlabelled: labels.reason, groups: found }
  return { labels, unlabelled: null, groups: found }
}

export function knownLabels({ rows, snapshots }: LabelTable): NonNullable<MonthQuality['labels']> {
  return {
    rows,
    recordedAt:
      snapshots
        .map(({ recordedAt }) => recordedAt)
        .sort()
        .at(-1) ?? '',
  }
}

async function one(
  deps: QualityDeps,
  model: Model,
  group: AnswerGroup,
  window: Window,
  joined: (CountedRows & { labels: string[] }) | undefined,
): Promise<GroupQuality> {
  const all = await deps.duck.session((session) => lastAnswers(session, deps.predictions, group, window))
  const version = await deps.versions.version(model.name, Number(group.version))
  const outcome = await outcomeOf(deps, version)
  const matched = joined && joined.labels.length > 0 ? matchedAnswers(joined, outcome, model.positive) : null
  const truth = matched && realisedFigures(matched.rows)
  const base = {
    version: Number(group.version),
    arm: group.arm,
    source: 'answers' as const,
    entities: all.scores.length,
    labelled: joined?.labels.length ?? 0,
    truth,
    unsayable: matched?.unsayable ?? 0,
  }
  if (outcome.kind !== 'binary') return { ...base, ...none(`of a ${outcome.kind} model nothing is estimated`) }
  const { threshold } = outcome
  const known = matched?.rows.kind === 'binary' ? matched.rows.scores : null
  return { ...base, ...(await estimated(deps, version, { all: all.scores, known, threshold }, truth)) }
}

/** A model that cannot be read (another kind of file) has said its scores all the same: then 0.5 parts them. */
async function outcomeOf({ versions }: QualityDeps, version: QualityVersion): Promise<Outcome> {
  const found = await orReason(() => versions.outcomeOf(version))
  return 'reason' in found ? { kind: 'binary', classes: [0, 1], threshold: 0.5 } : found
}

type Scores = {
  /** Of everybody who was answered. */
  all: Float64Array
  /** Of those whose label is known; null before. */
  known: Float64Array | null
  threshold: number
}

/** The estimate is of everybody; truth is compared with that of the same rows. */
export async function estimated(
  { versions }: Pick<QualityDeps, 'versions'>,
  version: QualityVersion,
  { all, known, threshold }: Scores,
  truth: GroupQuality['truth'],
): Promise<Pick<GroupQuality, 'estimate' | 'unestimated' | 'parting'>> {
  if (all.length === 0) return none('nobody was answered')
  const reference = referenceOf(await orReason(() => versions.reference(version)))
  if ('reason' in reference) return none(`there is nothing to calibrate its scores by: ${reference.reason}`)
  if (reference.labels.length < REFERENCE_ROWS_MIN)
    return none(`${reference.labels.length} rows are too few to calibrate its scores by`)
  const estimate = estimateFigures(reference, { scores: all, threshold })
  if (truth === null || known === null) return { estimate, unestimated: null, parting: null }
  const ofSame = known.length === all.length ? estimate : estimateFigures(reference, { scores: known, threshold })
  return { estimate, unestimated: null, parting: partingOf(truth, ofSame) }
}

function none(why: string): Pick<GroupQuality, 'estimate' | 'unestimated' | 'parting'> {
  return { estimate: null, unestimated: why, parting: null }
}
