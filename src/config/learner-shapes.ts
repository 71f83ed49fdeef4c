/** The options of each learner, as a person writes them; one shape for each tag of ml/learn/learners.ts. */
import { z } from 'zod'
import { ADDITIVE_DEFAULTS as additive } from '../ml/learn/additive/params.ts'
import { AUTO_DEFAULTS as auto } from '../ml/learn/auto/params.ts'
import { BINS_MAX } from '../ml/learn/boosting/bins.ts'
import { BOOSTING_DEFAULTS as boosting } from '../ml/learn/boosting/params.ts'
import type { LearnerKind } from '../ml/learn/learners.ts'
import { LINEAR_DEFAULTS as linear, SPLINE_DEFAULTS as spline } from '../ml/learn/linear/params.ts'
import { said } from './said.ts'

const kindOf = <Kind extends string>(kind: Kind) => said(z.literal(kind), 'How it learns.', kind)
const maxDepth = said(z.int().min(1).nullable().default(null), 'Questions from root to leaf; null for no limit.', 12)
const seed = said(z.int().min(0).default(42), 'Decides every choice by chance: the same seed gives the same bytes.', 7)
const classWeight = said(
  z.enum(['balanced', 'none']).default('none'),
  'balanced: all outcomes count as much together, however rare one is.',
  'balanced',
)

const forestClassWeight = said(
  z.enum(['balanced', 'none']).nullable().default(null),
  'balanced: all outcomes count as much together, however rare one is. null: balanced, and none of a regression.',
  'none',
)

const forestOptions = {
  trees: said(z.int().min(1).max(10_000).default(300), 'How many trees.', 100),
  maxDepth,
  minSamplesLeaf: said(z.int().min(1).default(1), 'The fewest rows of a leaf.', 5),
  minSamplesSplit: said(z.int().min(2).default(2), 'The fewest rows that are split.', 10),
  maxFeatures: said(
    z
      .union([z.enum(['sqrt', 'all']), z.int().min(1)])
      .nullable()
      .default(null),
    'Features that are tried at a split: the square root of their number, all, or so many. null: sqrt for classes, a third of them for a number.',
    'all',
  ),
  classWeight: forestClassWeight,
  seed,
}
const bootstrap = (usual: boolean) =>
  said(z.boolean().default(usual), 'Each tree learns from a sample with replacement.', !usual)

export const randomForestShape = z.strictObject({
  kind: kindOf('random_forest'),
  ...forestOptions,
  bootstrap: bootstrap(true),
})

export const extraTreesShape = z.strictObject({
  kind: kindOf('extra_trees'),
  ...forestOptions,
  bootstrap: bootstrap(false),
})

const earlyStopping = z.strictObject({
  share: said(z.number().gt(0).lt(1).default(0.2), 'The share of the training rows that is put aside.', 0.1),
  rounds: said(z.int().min(1).default(50), 'Ends when their loss has not fallen for so many trees.', 20),
  refit: said(z.boolean().default(true), 'Then fits as many trees as were best on all training rows.', false),
})

const share = z.number().gt(0).lte(1)
const penalty = z.number().min(0).max(1e9)

export const gradientBoostingShape = z.strictObject({
  kind: kindOf('gradient_boosting'),
  rounds: said(
    z.int().min(1).max(10_000).default(boosting.rounds),
    'How many trees at most; of several classes so many for each, 10,000 in all.',
    300,
  ),
  learningRate: said(
    z.number().gt(0).lte(1).default(boosting.learningRate),
    'How much of what a tree has found is added.',
    0.1,
  ),
  shape: said(
    z.enum(['leaf_wise', 'symmetric']).default(boosting.shape),
    'leaf_wise: the leaf that gains most is split. symmetric: all leaves of a level are asked one question.',
    'symmetric',
  ),
  maxLeaves: said(z.int().min(2).max(1_024).default(boosting.maxLeaves), 'The most leaves of a tree.', 31),
  maxDepth,
  minSamplesLeaf: said(
    z.int().min(1).default(boosting.minSamplesLeaf),
    'The fewest rows of a leaf, as far as its hessian tells.',
    5,
  ),
  minChildHessian: said(penalty.default(boosting.minChildHessian), 'The least sum of hessians of a leaf.', 1),
  l1: said(penalty.default(boosting.l1), 'Draws the values of leaves to 0 by so much gradient.', 0.5),
  l2: said(penalty.default(boosting.l2), 'Draws the values of leaves towards 0.', 10),
  rowShare: said(share.default(boosting.rowShare), 'The share of the rows that a tree is grown on.', 0.8),
  columnShare: said(share.default(boosting.columnShare), 'The share of the features that a tree may ask.', 0.7),
  maxBins: said(
    z.int().min(3).max(BINS_MAX).default(boosting.maxBins),
    'Bins that the values of a feature are put into, that of nulls among them.',
    64,
  ),
  classWeight,
  earlyStopping: said(
    earlyStopping.nullable().default(boosting.earlyStopping),
    'Puts a part of the training rows aside to find how many trees are best; null for all rounds.',
    { share: 0.1 },
  ),
  monotone: said(
    z.record(z.string(), z.enum(['rising', 'falling'])).default({}),
    'Features with which the probability may only rise, or only fall.',
    { failed_payments_90d: 'rising' },
  ),
  interactions: said(
    z.array(z.array(z.string()).min(1)).default([]),
    'Groups of features: only features of one group stand together on a way through a tree. Those in no group are one more; [] for no limit.',
    [['monthly_fee', 'months_active']],
  ),
  seed,
})

const weightPenalty = said(
  z.union([z.literal('auto'), penalty]).default(linear.penalty),
  'Draws the weights of standardised features towards 0; auto takes what would be best for rows that are left out.',
  1,
)

export const logisticRegressionShape = z.strictObject({
  kind: kindOf('logistic_regression'),
  penalty: weightPenalty,
  classWeight,
  seed,
})

export const ridgeRegressionShape = z.strictObject({
  kind: kindOf('ridge_regression'),
  penalty: weightPenalty,
  seed,
})

export const splineRegressionShape = z.strictObject({
  kind: kindOf('spline_regression'),
  knots: said(z.int().min(3).max(100).default(spline.knots), 'The most knots of a curve.', 10),
  smoothing: said(
    z.union([z.literal('auto'), penalty]).default(spline.smoothing),
    'Straightens the curves; auto takes what would be best for rows that are left out.',
    100,
  ),
  classWeight,
  seed,
})

export const additiveModelShape = z.strictObject({
  kind: kindOf('additive_model'),
  rounds: said(z.int().min(1).max(10_000).default(additive.rounds), 'How many rounds at most.', 500),
  learningRate: said(
    z.number().gt(0).lte(1).default(additive.learningRate),
    'How much of what a round has found is added.',
    0.1,
  ),
  minSamplesLeaf: said(
    z.int().min(1).default(additive.minSamplesLeaf),
    'The fewest rows on each side of a cut; at most a twentieth of all.',
    20,
  ),
  maxBins: said(
    z.int().min(3).max(BINS_MAX).default(additive.maxBins),
    'Bins of the shape of a feature, that of nulls among them.',
    128,
  ),
  pairs: said(
    z.int().min(0).max(100).default(additive.pairs),
    'The most pairs of features that get a grid, where it helps rows that were not learned from; none for several classes.',
    0,
  ),
  pairBins: said(z.int().min(3).max(64).default(additive.pairBins), 'Bins of a side of such a grid.', 8),
  folds: said(z.int().min(2).max(20).default(additive.folds), 'Parts of the rows that say when to end.', 10),
  patience: said(
    z.int().min(1).max(10_000).default(additive.patience),
    'Ends when their loss has not fallen for so many rounds.',
    100,
  ),
  classWeight,
  seed,
})

const LEARNER_KINDS = [
  'random_forest',
  'extra_trees',
  'gradient_boosting',
  'additive_model',
  'spline_regression',
  'logistic_regression',
  'ridge_regression',
] as const satisfies readonly LearnerKind[]

export const autoShape = z.strictObject({
  kind: kindOf('auto'),
  budget: said(
    z.number().min(1).max(1e9).default(auto.budget),
    'Work units that the search may take: about milliseconds of one core, but by a table, so that every machine makes the same choices.',
    60_000,
  ),
  learners: said(
    z.array(z.enum(LEARNER_KINDS)).min(1).nullable().default(auto.learners),
    'The learners that are tried; null for all.',
    ['spline_regression', 'gradient_boosting'],
  ),
  maxPredictMicros: said(
    z.number().gt(0).nullable().default(auto.maxPredictMicros),
    'The most that one prediction may cost, in microseconds of the cost model.',
    5,
  ),
  maxModelBytes: said(
    z.int().min(1).nullable().default(auto.maxModelBytes),
    'The most bytes that the arrays of the model may have.',
    100_000,
  ),
  seed,
})

export const learner = z.discriminatedUnion('kind', [
  randomForestShape,
  extraTreesShape,
  gradientBoostingShape,
  additiveModelShape,
  logisticRegressionShape,
  ridgeRegressionShape,
  splineRegressionShape,
])

/** 'auto' alone is a search with every option as usual. */
export const learnerOrAuto = z.union([z.literal('auto'), z.discriminatedUnion('kind', [autoShape, ...learner.options])])
