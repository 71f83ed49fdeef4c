/** The parts of a model card that say what was found: against the champion, by segment, in hindsight, as leaks. */
import type { Difference } from '../../ml/measure/paired.ts'
import type { Segment } from '../../ml/measure/segments.ts'
import type { Comparison } from './compare.ts'
import type { Hindsight } from './hindsight.ts'
import type { FeatureLeak } from './leaks.ts'
import { code, percent, plain, shown, table } from './markdown.ts'

const SEGMENTS_MAX = 60

export function championLines(champion: Comparison | null): string[] {
  if (champion === null) return ['No version was in Production.']
  if ('reason' in champion) return [`Not compared with version ${champion.version}: ${plain(champion.reason)}.`]
  const rows = champion.unseen
    ? 'rows that neither has learned from'
    : 'the rows that measure this one; the other may have learned from some of them, which speaks for it'
  return [
    `Version ${champion.version}, on ${champion.rows} rows: ${rows}.`,
    differences(champion.differences, `version ${champion.version}`, 'this version'),
  ]
}

function differences(found: Record<string, Difference>, before: string, after: string): string {
  const rows = Object.entries(found).map(([name, { champion, candidate, difference, interval }]) => [
    code(name),
    shown(champion),
    shown(candidate),
    shown(difference),
    interval ? `${shown(interval.low)} to ${shown(interval.high)}` : 'unknown',
  ])
  return table(['measure', before, after, 'difference', 'in 95 of 100 cases'], rows)
}

export function segmentLines(segments: readonly Segment[]): string[] {
  if (segments.length === 0) return ['There is no feature by whose values the rows could be told apart.']
  const found = segments.filter(({ findings }) => findings.length > 0)
  const others = segments.filter(({ findings }) => findings.length === 0)
  const rows = [...found, ...others]
    .slice(0, SEGMENTS_MAX)
    .map((s) => [
      code(s.feature),
      code(s.value),
      String(s.rows),
      shown(s.said),
      shown(s.true),
      shown(s.loss),
      s.auc === null ? '' : `${shown(s.auc)} (${shown(s.aucLow)} to ${shown(s.aucHigh)})`,
      s.findings.join(', '),
    ])
  return [
    found.length === 0
      ? `None of ${segments.length} segments is told apart from chance.`
      : `${found.length} of ${segments.length} segments are told apart from chance (5 % for all together).`,
    table(['feature', 'value', 'rows', 'said', 'came true', 'mean loss', 'AUC', 'finding'], rows),
    segments.length > SEGMENTS_MAX ? `The others are in ${code('segments.json')}.` : '',
  ]
}

export function hindsightLines(hindsight: Hindsight | { reason: string } | null): string[] {
  if (hindsight === null) return ['Not asked.']
  if ('reason' in hindsight) return [`Unknown: ${plain(hindsight.reason)}.`]
  const { changedRows, rows, features, measures, live } = hindsight
  if (measures === null) return ['None: no value of the training set was corrected, or came late, after T.']
  const liveRows = Object.entries(live ?? {}).map(([name, value]) => `${code(name)} ${shown(value)}`)
  return [
    `${changedRows} of ${rows} rows have another value now than was known at T (${percent(changedRows / rows)}).`,
    table(
      ['feature', 'rows that changed'],
      features.map(({ feature, rows: changed }) => [code(feature), String(changed)]),
    ),
    differences(measures, 'learned from what was known at T', 'learned from what is known now'),
    `This model, asked about what was known at T: ${liveRows.join(', ')}. That is nearer to what it says live.`,
  ]
}

export function leakLines(leaks: readonly FeatureLeak[]): string[] {
  const found = leaks.filter(({ findings }) => findings.length > 0)
  if (found.length === 0) return [`Nothing found in ${leaks.length} features.`]
  return [
    table(
      ['feature', 'alone', 'rows that changed after T', 'label of those, more', 'finding'],
      found.map(({ feature, alone, changed, changeTells, findings }) => [
        code(feature),
        shown(alone),
        changed === null ? 'unknown' : percent(changed),
        shown(changeTells),
        findings.join(', '),
      ]),
    ),
  ]
}
