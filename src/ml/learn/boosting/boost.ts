/**
 * Gradient boosting (Friedman 2001) with second-order leaves (Chen & Guestrin 2016): round by round a tree for each output is
 * grown on the gradients of the loss at the margins so far, and added to them, shortened by the learning rate.
 */
import { createPrng, seedFor } from '../../../base/prng.ts'
import { TREE_DEPTH_MAX } from '../../model/trees.ts'
import type { BinTree } from './bin-tree.ts'
import type { BinnedTable } from './binned-table.ts'
import type { BoostSettings, Part, Validation } from './boost-task.ts'
import { createFit, type FitMemory, measureResiduals, setUnits } from './fit-memory.ts'
import { growTree } from './grow.ts'
import { growSymmetric } from './grow-symmetric.ts'
import { createLeaves, type Grower, type TreeRules } from './leaf.ts'
import { isPoint, type LossCurve, watchLoss } from './loss-curve.ts'
import { startOf, sumWeights, type Units, unitsOf } from './objective.ts'
import { sampleColumns, sampleRows, takeAllRows } from './sampling.ts'
import { WORK } from './shard-work.ts'
import { createSplitSearch } from './split-search.ts'
import { addTree } from './walk.ts'

export type Boosting = {
  /** Of each output. */
  base: Float64Array
  /** Round by round, in a round output by output. Of numbers, the leaves are in their scale. */
  trees: BinTree[]
  /** How many rounds were best on the validation part; all where there is none. */
  best: number
  curves: LossCurve[]
}

/** LightGBM's; in units of a whole hessian. */
const CATEGORY_SMOOTH = 10
const CATEGORY_L2 = 10

/** Hears of each round, and of the loss so far where it has a new point. */
export type OnRound = (done: number, curves?: LossCurve[]) => void

/** `patience`: rounds without a better loss on `validation` that end it. */
export function boost(
  table: BinnedTable,
  training: Part,
  validation: Validation | null,
  params: BoostSettings,
  onRound: OnRound,
): Boosting {
  const start = startOf(training.target, training.weights)
  const fit = createFit({ table, training, start, params })
  try {
    return boostIn(fit, table, training, validation, params, start.scale, onRound)
  } finally {
    fit.team.close()
  }
}

function boostIn(
  fit: FitMemory,
  table: BinnedTable,
  training: Part,
  validation: Validation | null,
  params: BoostSettings,
  scale: number,
  onRound: OnRound,
): Boosting {
  const { layout, team } = fit
  const { base, outputs } = fit
  const grower: Grower = {
    ...fit,
    table,
    search: createSplitSearch({ table, ...fit }),
    leaves: createLeaves(layout),
    groups: params.groups,
  }
  const grow = params.shape === 'symmetric' ? growSymmetric : growTree
  const weights = sumWeights(training.weights, layout.rows)
  const watch = watchLoss({ fit, table, training, validation, params, scale })
  const trees: BinTree[] = []
  const samples = params.rowShare < 1
  for (let round = 0; round < params.rounds; round++) {
    const residuals = measureResiduals(fit)
    const units = unitsOf(training.target, layout.rows, weights, residuals)
    setUnits(fit, training.target, units)
    team.work([WORK.gradients, Math.imul(round, 0x2545f491)], layout.rows, 0)
    const rules = treeRulesOf(params, units, scale)
    let learned = false
    for (let output = 0; output < outputs; output++) {
      const prng = createPrng(seedFor(params.seed, round * outputs + output))
      const tried = sampleColumns(table.columns, params.columnShare, prng)
      if (!samples) takeAllRows(fit)
      const part = samples ? sampleRows(fit, output, params.rowShare, prng) : { sampled: layout.rows, left: NONE }
      const tree = grow(grower, rules, { output, sampled: part.sampled, tried })
      if (part.left.length > 0) addTree(table, training.rows, part.left, tree, fit.marginsOf(output))
      trees.push(tree)
      learned ||= tree.nodes.length > 0
    }
    watch.after(round + 1, trees.slice(-outputs))
    onRound(round + 1, isPoint(round + 1) ? watch.curves() : undefined)
    // Nothing is left to learn, and no later tree would find more unless it is tried with other rows or columns.
    if (!learned && !samples && params.columnShare === 1) break
    if (watch.isOver()) break
  }
  const scaled = scale === 1 ? trees : trees.map((tree) => ({ ...tree, leaves: tree.leaves.map((v) => v * scale) }))
  return { base, trees: scaled, best: watch.best() ?? trees.length / outputs, curves: watch.curves() }
}

const NONE = new Uint32Array(0)

/** Penalties and least sums in the units of what is summed. */
function treeRulesOf(params: BoostSettings, units: Units, scale: number): TreeRules {
  return {
    split: {
      l1: params.l1 / scale / units.gradient,
      l2: params.l2 / units.hessian,
      minHessian: params.minChildHessian / units.hessian,
      minSamplesLeaf: params.minSamplesLeaf,
      monotone: params.monotone,
      categorySmooth: CATEGORY_SMOOTH / units.hessian,
      categoryL2: CATEGORY_L2 / units.hessian,
    },
    units,
    maxDepth: Math.min(params.maxDepth ?? TREE_DEPTH_MAX, TREE_DEPTH_MAX),
    valueScale: params.learningRate,
  }
}
