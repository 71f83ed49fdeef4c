import { createPrng } from '../../base/prng.ts'
import type { Target } from '../learn/task.ts'
import type { InputColumn } from '../model/encoder.ts'
import { rSquared } from './regression.ts'
import { rocAuc } from './roc.ts'

const BINS = 64
const FOLDS = 5
const PRIOR = 1

/**
 * How well one feature alone tells the label: rows are put into bins of as many rows each (a text by its values, nulls apart),
 * and each row is told the mean label of its bin among the entities of the other folds. Of two classes the area under ROC,
 * of several that of the class that is told best, of numbers R². 0.5, or 0, is nothing.
 */
export function aloneTells(input: InputColumn, target: Target, entities: Uint32Array): number {
  const bins = binsOf(input)
  const folds = foldsOf(entities)
  if (target.kind === 'regression') return rSquared(target.values, outOfFoldMeans(bins, target.values, folds))
  const classes = target.kind === 'binary' ? [1] : Array.from({ length: target.classes }, (_, c) => c)
  const areas = classes.map((c) => {
    const own = Uint8Array.from(target.labels, (label) => (label === c ? 1 : 0))
    return rocAuc(own, outOfFoldMeans(bins, Float64Array.from(own), folds))
  })
  return areas.filter(Number.isFinite).reduce((most, area) => Math.max(most, area), 0.5)
}

type Bins = { places: Uint32Array; count: number }

/** The last bin is that of nulls. */
function binsOf({ values, valid }: InputColumn): Bins {
  const rows = valid.length
  const places = new Uint32Array(rows)
  if (!(values instanceof Float64Array)) {
    const known = new Map<string, number>()
    for (let r = 0; r < rows; r++) {
      if (valid[r] !== 1) continue
      const value = String(values[r])
      const place = known.get(value) ?? known.size
      known.set(value, place)
      places[r] = place
    }
    for (let r = 0; r < rows; r++) if (valid[r] !== 1) places[r] = known.size
    return { places, count: known.size + 1 }
  }
  const order = Uint32Array.from(valid.keys())
    .filter((r) => valid[r] === 1)
    .sort((a, b) => values[a]! - values[b]!)
  let bin = 0
  for (let i = 0; i < order.length; i++) {
    const full = i * BINS >= (bin + 1) * order.length
    if (full && values[order[i]!] !== values[order[i - 1]!]) bin = Math.floor((i * BINS) / order.length)
    places[order[i]!] = bin
  }
  for (let r = 0; r < rows; r++) if (valid[r] !== 1) places[r] = BINS
  return { places, count: BINS + 1 }
}

function foldsOf(entities: Uint32Array): Uint8Array {
  const prng = createPrng(FOLDS)
  const ofEntity = new Map<number, number>()
  return Uint8Array.from(entities, (e) => {
    const fold = ofEntity.get(e) ?? prng.int(FOLDS)
    ofEntity.set(e, fold)
    return fold
  })
}

/** Drawn towards the mean of all by one row, so that a bin without rows says nothing. */
function outOfFoldMeans({ places, count }: Bins, values: Float64Array, folds: Uint8Array): Float64Array {
  const [sums, rows] = [new Float64Array(count * FOLDS), new Float64Array(count * FOLDS)]
  const [allSums, allRows] = [new Float64Array(FOLDS), new Float64Array(FOLDS)]
  for (let r = 0; r < values.length; r++) {
    const fold = folds[r]!
    sums[places[r]! * FOLDS + fold]! += values[r]!
    rows[places[r]! * FOLDS + fold]!++
    allSums[fold]! += values[r]!
    allRows[fold]!++
  }
  const others = (of: Float64Array, at: number, fold: number) => {
    let sum = 0
    for (let f = 0; f < FOLDS; f++) if (f !== fold) sum += of[at + f]!
    return sum
  }
  return values.map((_, r) => {
    const [at, fold] = [places[r]! * FOLDS, folds[r]!]
    const mean = others(allSums, 0, fold) / Math.max(1, others(allRows, 0, fold))
    return (others(sums, at, fold) + PRIOR * mean) / (others(rows, at, fold) + PRIOR)
  })
}
