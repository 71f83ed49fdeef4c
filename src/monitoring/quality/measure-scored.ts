import type { Model } from '../../config/project.ts'
import { matchedScores } from './as-answered.ts'
import { labelsAsOf } from './counted-answers.ts'
import { estimated, knownLabels, type Window } from './measure-group.ts'
import { type GroupQuality, type MonthQuality, orReason, type QualityDeps, type ScoredMonth } from './parts.ts'
import { realisedFigures } from './realised.ts'

/** Where no answer was kept: what the champion would have said of the month, as its features were known then. */
export async function measureScored(
  deps: QualityDeps,
  model: Model,
  window: Window,
): Promise<Pick<MonthQuality, 'labels' | 'unlabelled' | 'groups'>> {
  const champion = await deps.versions.champion(model.name)
  if (!champion) return { labels: null, unlabelled: null, groups: [] }
  const { at, knownAt } = window
  const asOf = labelsAsOf(window, false)
  const early = asOf > knownAt ? { reason: `they are mature on ${asOf.slice(0, 10)}` } : null
  const month = early ?? (await orReason(() => deps.versions.scoredMonth(champion, { at, asOf, knownAt })))
  const base = { version: champion.version, arm: null, source: 'scored' as const, unsayable: 0 }
  if (month === null || 'reason' in month) {
    const unlabelled = month?.reason ?? 'none is of exactly this moment'
    return { labels: null, unlabelled, groups: [await unlabelledMonth(deps, champion, window, base)] }
  }
  const matched = matchedScores(month)
  const truth = realisedFigures(matched.rows)
  const { rows } = matched
  const found =
    rows.kind === 'binary'
      ? await estimated(deps, champion, { all: rows.scores, known: rows.scores, threshold: rows.threshold }, truth)
      : { estimate: null, unestimated: `of a ${rows.kind} model nothing is estimated`, parting: null }
  const labels = await deps.features.withLabels({ model: model.name, asOf, from: at, knownAt }, async (table) =>
    knownLabels(table),
  )
  const count = countOf(month)
  const group: GroupQuality = {
    ...base,
    entities: count,
    labelled: count,
    truth,
    leftOut: month.leftOut,
    unsayable: matched.unsayable,
    ...found,
  }
  return { labels, unlabelled: null, groups: [group] }
}

async function unlabelledMonth(
  deps: QualityDeps,
  champion: Parameters<QualityDeps['versions']['outcomeOf']>[0],
  { at, knownAt }: Window,
  base: Pick<GroupQuality, 'version' | 'arm' | 'source' | 'unsayable'>,
): Promise<GroupQuality> {
  const none = { ...base, entities: 0, labelled: 0, truth: null, estimate: null, parting: null }
  const outcome = await orReason(() => deps.versions.outcomeOf(champion))
  if ('reason' in outcome) return { ...none, unestimated: outcome.reason }
  if (outcome.kind !== 'binary') return { ...none, unestimated: `of a ${outcome.kind} model nothing is estimated` }
  const scores = await orReason(() => deps.versions.scoresOf(champion, { at, knownAt }))
  if ('reason' in scores) return { ...none, unestimated: scores.reason }
  const all = scores
  const found = await estimated(deps, champion, { all, known: null, threshold: outcome.threshold }, null)
  return { ...none, entities: all.length, ...found }
}

function countOf({ target }: ScoredMonth): number {
  return target.kind === 'regression' ? target.values.length : target.labels.length
}
