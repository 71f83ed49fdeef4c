/**
 * The additive model (generalised additive model with pairs): a shape for each feature and a grid for some pairs, boosted
 * (Lou, Caruana and Gehrke 2012; Lou, Caruana et al. 2013; Nori et al. 2019, EBM). How many rounds are best is what the
 * pooled loss of all rows says, each watched by a fit that has not seen it; then all rows are fitted with so many.
 */
import { createPrng } from '../../../base/prng.ts'
import type { Matrix } from '../../model/trees.ts'
import { log } from '../../numbers/exp.ts'
import type { Problem } from '../problem.ts'
import {
  type BagPart,
  boostRuns,
  featureSteps,
  type Plan,
  pick,
  type Rules,
  type Run,
  rowLosses,
  type Term,
} from './boost-shapes.ts'
import { detectPairs, gridPlaces, gridSteps, type Pair, sizeOf } from './pairs.ts'
import type { AdditiveParams } from './params.ts'
import { type ShapeTable, shapeTable } from './table.ts'

/** By term the scores of its bins, output after output. */
export type Shapes = {
  table: ShapeTable
  base: Float64Array
  scores: Float64Array[]
  pairs: Pair[]
  grids: Float64Array[]
  /** How many rounds were best, of shapes and of grids. */
  rounds: [number, number]
}

export function fitShapes(
  matrix: Matrix,
  categories: ArrayLike<number>,
  problem: Problem,
  params: AdditiveParams,
  groups: Uint32Array | null = null,
  onRound: (round: number) => void = () => {},
): Shapes {
  const { link, outputs } = problem
  const table = shapeTable(matrix, categories, { bins: params.maxBins, wide: params.pairBins })
  const rules: Rules = { ...params, link, outputs, minSamplesLeaf: leastRows(params, matrix.rows) }
  const base = baseOf(problem)
  const runs = drawRuns(problem, base, params, groups)
  const columns = table.cuts.map((_, c): Term => {
    return { places: table.bins.subarray(c * table.rows, (c + 1) * table.rows), bins: table.valueBins[c]! + 1 }
  })
  const plan: Plan = { terms: columns, find: featureSteps(table.valueBins, table.isCategory, rules) }
  const main = boostRuns(
    runs,
    runs.map(() => plan),
    rules,
    onRound,
  )
  const shapes: Shapes = { table, base, scores: main.scores, pairs: [], grids: [], rounds: [main.rounds, 0] }
  if (outputs > 1 || params.pairs === 0) return shapes
  // Every run looks for pairs among its own rows: had it looked at those that watch it, they would praise what they chose.
  const found = runs.map(({ train, trainRows }) => detectPairs(table, train, trainRows, rules, params.pairs))
  const pairs = found[found.length - 1]!
  if (pairs.length === 0) return shapes
  const plans = found.map((own) => planOf(table, own, rules))
  const before = lossesOf(runs, rules)
  const second = boostRuns(runs, plans, rules, (round) => onRound(main.rounds + round))
  if (second.rounds === 0 || !isClear(before, lossesOf(runs, rules))) return shapes
  return { ...shapes, pairs, grids: second.scores, rounds: [main.rounds, second.rounds] }
}

function planOf(table: ShapeTable, pairs: readonly Pair[], rules: Rules): Plan {
  const sizes = pairs.map((pair) => sizeOf(table, pair))
  const terms = pairs.map((pair, p): Term => {
    return { places: gridPlaces(table, pair), bins: sizes[p]!.first * sizes[p]!.second }
  })
  return { terms, find: gridSteps(sizes, rules) }
}

function lossesOf(runs: readonly Run[], rules: Rules): Float64Array {
  return Float64Array.from(runs.flatMap(({ watched }) => [...rowLosses(watched, rules)]))
}

/** Whether the loss of the rows that watch has fallen by more than its standard error. */
function isClear(before: Float64Array, after: Float64Array): boolean {
  const falls = before.map((loss, i) => loss - after[i]!)
  const mean = falls.reduce((sum, x) => sum + x, 0) / falls.length
  const square = falls.reduce((sum, x) => sum + (x - mean) ** 2, 0) / falls.length
  return mean > Math.sqrt(square / falls.length)
}

function leastRows({ minSamplesLeaf }: AdditiveParams, rows: number): number {
  return Math.max(1, Math.min(minSamplesLeaf, Math.round(rows / 20)))
}

/** What is said of a row of which nothing is known: the share of the positive, of each class, or the mean. */
function baseOf({ link, outputs, truth, weights }: Problem): Float64Array {
  const sums = new Float64Array(outputs)
  let total = 0
  for (let r = 0; r < truth.length; r++) {
    total += weights[r]!
    if (link === 'softmax') sums[truth[r]!]! += weights[r]!
    else sums[0]! += weights[r]! * truth[r]!
  }
  if (link === 'identity') return sums.map((sum) => sum / total)
  if (link === 'logit') return sums.map((sum) => log(sum / (total - sum)))
  return sums.map((sum) => log(Math.max(sum / total, 1e-6)))
}

/** One for each fold, which its own rows watch, all rows of a group in one; and last one of all rows, which nobody watches. */
function drawRuns(
  problem: Problem,
  base: Float64Array,
  { folds, seed }: AdditiveParams,
  groups: Uint32Array | null,
): Run[] {
  const rows = problem.truth.length
  const prng = createPrng(seed)
  const drawn = new Map<number, number>()
  const foldOf = Uint8Array.from({ length: rows }, (_, r) => {
    const fold = groups && drawn.get(groups[r]!)
    if (typeof fold === 'number') return fold
    const next = prng.int(folds)
    if (groups) drawn.set(groups[r]!, next)
    return next
  })
  const every = Uint32Array.from({ length: rows }, (_, r) => r)
  const runOf = (trainRows: Uint32Array, watchedRows: Uint32Array): Run => {
    return {
      trainRows,
      watchedRows,
      train: partOf(problem, trainRows, base),
      watched: partOf(problem, watchedRows, base),
    }
  }
  const watched = Array.from({ length: folds }, (_, fold) =>
    runOf(
      every.filter((r) => foldOf[r] !== fold),
      every.filter((r) => foldOf[r] === fold),
    ),
  )
  return [...watched, runOf(every, new Uint32Array(0))]
}

function partOf({ truth, weights, outputs }: Problem, rows: Uint32Array, base: Float64Array): BagPart {
  const sums = new Float64Array(rows.length * outputs)
  for (let k = 0; k < outputs; k++) sums.fill(base[k]!, k * rows.length, (k + 1) * rows.length)
  return { rows: rows.length, truth: pick(truth, rows), weights: pick(weights, rows), sums }
}
