import { errorFunction } from 'simple-statistics'
import { type Ranked, rankScores } from './ranked.ts'

/** A value and its standard error; NaN where the rows do not tell. */
export type Estimate = { value: number; error: number }

/**
 * The mean of `values` over `rows`, its error from sums by entity: rows of one entity are no independent news (the usual
 * ratio estimator for clusters, Cochran 1977, section 9A). NaN for an error of one entity alone.
 */
export function clusteredMean(values: Float64Array, rows: Uint32Array, entities: Uint32Array): Estimate {
  let sum = 0
  for (const r of rows) sum += values[r]!
  const value = sum / rows.length
  return { value, error: errorOfSums(rows, entities, (r) => (values[r]! - value) / rows.length) }
}

/**
 * Area under ROC of some rows, its error by DeLong's structural components (DeLong, DeLong and Clarke-Pearson 1988) summed by
 * entity (Obuchowski 1997). NaN where a class is absent.
 */
export function clusteredAuc(
  labels: Uint8Array,
  scores: Float64Array,
  rows: Uint32Array,
  entities: Uint32Array,
): Estimate {
  const own = Uint8Array.from(rows, (r) => labels[r]!)
  const ranked = rankScores(Float64Array.from(rows, (r) => scores[r]!))
  const { auc, components } = structuralComponents(ranked, own)
  const places = Uint32Array.from(rows, (_, i) => i)
  const owners = Uint32Array.from(rows, (r) => entities[r]!)
  return { value: auc, error: errorOfSums(places, owners, (i) => components[i]!) }
}

/** By row, how far it moves the area: its share of wins less the area, over the rows of its class. */
function structuralComponents({ order, starts }: Ranked, labels: Uint8Array) {
  let positives = 0
  for (const label of labels) positives += label
  const negatives = labels.length - positives
  const components = new Float64Array(labels.length)
  let [positiveAbove, negativeAbove, wins] = [0, 0, 0]
  for (let g = 0; g + 1 < starts.length; g++) {
    const rows = order.subarray(starts[g], starts[g + 1])
    let positive = 0
    for (const row of rows) positive += labels[row]!
    const negative = rows.length - positive
    for (const row of rows) {
      const beaten = negatives - negativeAbove - negative / 2
      components[row] = labels[row] === 1 ? beaten / negatives : (positiveAbove + positive / 2) / positives
    }
    wins += negative * (positiveAbove + positive / 2)
    positiveAbove += positive
    negativeAbove += negative
  }
  const auc = wins / (positives * negatives)
  for (let r = 0; r < components.length; r++) {
    components[r] = (components[r]! - auc) / (labels[r] === 1 ? positives : negatives)
  }
  return { auc, components }
}

function errorOfSums(rows: Uint32Array, entities: Uint32Array, partOf: (row: number) => number): number {
  const sums = new Map<number, number>()
  for (const r of rows) sums.set(entities[r]!, (sums.get(entities[r]!) ?? 0) + partOf(r))
  let squares = 0
  for (const sum of sums.values()) squares += sum * sum
  return sums.size < 2 ? Number.NaN : Math.sqrt((squares * sums.size) / (sums.size - 1))
}

/** The chance of a standard normal beyond ±|z|, within 1.5e-7; NaN for NaN. */
export function twoSidedChance(z: number): number {
  return 1 - errorFunction(Math.abs(z) / Math.SQRT2)
}
