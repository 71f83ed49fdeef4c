import { likeliest, type Outcome } from '../../ml/model/outcome.ts'
import type { CountedRows } from './counted-answers.ts'
import type { ScoredMonth } from './parts.ts'
import type { Answered } from './realised.ts'

/** Rows with labels as they are measured, and how many have a label that the version cannot say: they are not. */
export type Matched = { rows: Answered; unsayable: number }

/** `positive`: the label that the project calls positive, where it names one. */
export function matchedAnswers(
  { scores, said, labels }: CountedRows & { labels: string[] },
  outcome: Outcome,
  positive: string | number | null,
): Matched {
  if (outcome.kind === 'regression')
    return { rows: { kind: 'regression', scores, labels: Float64Array.from(labels, Number) }, unsayable: 0 }
  if (outcome.kind === 'binary') {
    const yes = new Set(positive === null ? ['1', 'true'] : [String(positive)])
    const came = Uint8Array.from(labels, (label) => (yes.has(label) ? 1 : 0))
    return { rows: { kind: 'binary', labels: came, scores, threshold: outcome.threshold }, unsayable: 0 }
  }
  const places = new Map(outcome.classes.map((label, place) => [String(label), place]))
  const kept = Uint32Array.from(labels.keys()).filter((r) => places.has(labels[r]!) && places.has(said[r]!))
  return {
    rows: {
      kind: 'multiclass',
      classes: outcome.classes.length,
      labels: Uint8Array.from(kept, (r) => places.get(labels[r]!)!),
      said: Uint8Array.from(kept, (r) => places.get(said[r]!)!),
      sure: Float64Array.from(kept, (r) => scores[r]!),
      scores: null,
    },
    unsayable: labels.length - kept.length,
  }
}

/** The same of rows that a version was asked about afterwards; all its probabilities are there. */
export function matchedScores({ target, classes, outputs, outcome }: ScoredMonth): Matched {
  if (target.kind === 'regression' || outcome.kind === 'regression') {
    const labels = target.kind === 'regression' ? target.values : Float64Array.from(target.labels)
    return { rows: { kind: 'regression', labels, scores: outputs }, unsayable: 0 }
  }
  if (outcome.kind === 'binary')
    return {
      rows: { kind: 'binary', labels: target.labels, scores: outputs, threshold: outcome.threshold },
      unsayable: 0,
    }
  const count = outcome.classes.length
  const places = new Map(outcome.classes.map((label, place) => [String(label), place]))
  const kept = Uint32Array.from(target.labels.keys()).filter((r) => places.has(String(classes[target.labels[r]!])))
  const scores = Float64Array.from({ length: kept.length * count }, (_, i) => {
    return outputs[kept[Math.floor(i / count)]! * count + (i % count)]!
  })
  const said = Uint8Array.from(kept, (_, r) => likeliest(scores, r * count, count))
  return {
    rows: {
      kind: 'multiclass',
      classes: count,
      labels: Uint8Array.from(kept, (r) => places.get(String(classes[target.labels[r]!]))!),
      said,
      sure: Float64Array.from(said, (place, r) => scores[r * count + place]!),
      scores,
    },
    unsayable: target.labels.length - kept.length,
  }
}
