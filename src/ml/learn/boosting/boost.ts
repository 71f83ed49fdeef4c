/**
 * Gradient boosting (Friedman 2001) with second-order leaves (Chen & Guestrin 2016): round by round a tree is grown on the
 * gradients of the loss at the margins so far, and added to them, shortened by the learning rate.
 */
import { createPrng, seedFor } from '../../../base/prng.ts'
import type { BinnedTable } from './binned-table.ts'
import { baseMargin, logisticLoss, type Units, unitsFor } from './gradients.ts'
import { type BinTree, createGrower, type GrowRules, growTree } from './grow.ts'
import { bytesOfSums } from './histogram.ts'
import { createKernels, type KernelChoice } from './kernels.ts'
import type { BoostingParams } from './params.ts'
import { bytesOfRecords, createRecords } from './records.ts'
import { sampleColumns, sampleRows } from './sampling.ts'
import type { SplitRules } from './split-search.ts'
import { addTree } from './walk.ts'

/** Rows of a table, with what is to be learned of them. */
export type Part = { rows: Uint32Array; labels: Uint8Array; weights: Float64Array }

export type Boosting = {
  base: number
  trees: BinTree[]
  /** How many trees were best on the validation part; all where there is none. */
  best: number
  /** Of the rows that were learned, after all trees. */
  margins: Float64Array
}

/** LightGBM's; in units of a whole hessian. */
const CATEGORY_SMOOTH = 10
const CATEGORY_L2 = 10

export type BoostSettings = BoostingParams & { monotone: Int8Array; kernels?: KernelChoice }

/** `monotone` by column as in SplitRules. `patience`: rounds without a better loss on `validation` that end it. */
export function boost(
  table: BinnedTable,
  training: Part,
  validation: { part: Part; patience: number } | null,
  params: BoostSettings,
  onRound: (done: number) => void,
): Boosting {
  const { rows } = training
  const units = unitsFor(training.weights.reduce((most, weight) => Math.max(most, weight), 0))
  const kernels = createKernels(params.kernels ?? 'fastest', bytesOfRecords(table, rows.length) + bytesOfSums(table))
  const records = createRecords(table, rows, kernels)
  const grower = createGrower(kernels, table, records, growRulesOf(params, units))
  const base = baseMargin(training.labels, training.weights)
  const margins = kernels.doubles(rows.length).fill(base)
  const labels = copyOf(training.labels, kernels.bytes(rows.length))
  const weights = copyOf(training.weights, kernels.doubles(rows.length))
  const watched = validation && watch(table, validation.part, base)
  const trees: BinTree[] = []
  for (let round = 0; round < params.rounds; round++) {
    const prng = createPrng(seedFor(params.seed, round))
    kernels.writeGradients(
      records.base,
      { stride: records.stride, at: records.words },
      { margins, labels, weights },
      units,
      round,
    )
    const tried = sampleColumns(table.columns, params.columnShare, prng)
    const { sampled, left } =
      params.rowShare < 1 ? sampleRows(records, params.rowShare, prng) : { sampled: rows.length, left: NONE }
    const tree = growTree(grower, sampled, tried, margins)
    if (left.length > 0) addTree(table, rows, left, tree, margins)
    trees.push(tree)
    onRound(round + 1)
    if (watched === null) {
      // Nothing is left to learn, and no later tree would find more unless it is tried with other rows or columns.
      if (tree.nodes.length === 0 && params.rowShare === 1 && params.columnShare === 1) break
      continue
    }
    watched.add(tree)
    if (round + 1 - watched.best() >= validation!.patience) break
  }
  return { base, trees, best: watched ? watched.best() : trees.length, margins: margins.slice() }
}

function copyOf<T extends Uint8Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}

const NONE = new Uint32Array(0)

/** Follows the loss on rows that no tree has learned from. */
function watch(table: BinnedTable, { rows, labels, weights }: Part, base: number) {
  const margins = new Float64Array(rows.length).fill(base)
  const places = Uint32Array.from(rows, (_, i) => i)
  let least = logisticLoss(margins, labels, weights)
  let best = 0
  let round = 0
  return {
    add(tree: BinTree): void {
      addTree(table, rows, places, tree, margins)
      round++
      const loss = logisticLoss(margins, labels, weights)
      if (loss >= least) return
      least = loss
      best = round
    },
    best: () => best,
  }
}

/** Penalties and least sums in the units of what is summed. */
function growRulesOf(params: BoostSettings, units: Units): GrowRules {
  const split: SplitRules = {
    l1: params.l1 / units.gradient,
    l2: params.l2 / units.hessian,
    minHessian: params.minChildHessian / units.hessian,
    minSamplesLeaf: params.minSamplesLeaf,
    monotone: params.monotone,
    categorySmooth: CATEGORY_SMOOTH / units.hessian,
    categoryL2: CATEGORY_L2 / units.hessian,
  }
  return { maxLeaves: params.maxLeaves, maxDepth: params.maxDepth, learningRate: params.learningRate, units, split }
}
