/**
 * The learners: a tagged union of what they are told, and one entry for each that fits by it. Nobody else asks which learner
 * it is. What they give is a model of the same tag (model/kinds.ts).
 */
import { PlatformError } from '../../base/errors.ts'
import { seedFor } from '../../base/prng.ts'
import { createEncoder, type EncoderSpec, encodeColumns, learnEncoder } from '../model/encoder.ts'
import type { CurvesKind, ForestKind, Learned } from '../model/kinds.ts'
import type { Matrix } from '../model/trees.ts'
import { fitAdditive } from './additive/additive-model.ts'
import type { AdditiveParams } from './additive/params.ts'
import { learnCategories, writeColumnOutOfFold } from './boosting/categories.ts'
import { fitBoosting, weightsOf } from './boosting/gradient-boosting.ts'
import { groupsOf } from './boosting/interactions.ts'
import type { LossCurve } from './boosting/loss-curve.ts'
import type { BoostingParams } from './boosting/params.ts'
import { takeGiven } from './given/given.ts'
import { isTrainer, type Trainer } from './given/params.ts'
import { fitLines, fitSplines } from './linear/linear.ts'
import type { LogisticParams, RidgeParams, SplineParams } from './linear/params.ts'
import { type ForestParams, fitAnyForest } from './random-forest.ts'
import { takeRows } from './take-rows.ts'
import { type Target, type TargetKind, type Task, takeTarget } from './task.ts'

export type Learner =
  | ({ kind: 'random_forest' } & ForestParams)
  | ({ kind: 'extra_trees' } & ForestParams)
  | ({ kind: 'gradient_boosting' } & BoostingParams & { monotone: Monotone })
  | ({ kind: 'additive_model' } & AdditiveParams)
  | ({ kind: 'logistic_regression' } & LogisticParams)
  | ({ kind: 'ridge_regression' } & RidgeParams)
  | ({ kind: 'spline_regression' } & SplineParams)
export type LearnerKind = Learner['kind']

/** By feature, whether the answer may only rise, or only fall, when it rises. */
export type Monotone = Record<string, 'rising' | 'falling'>

export type Fitted = {
  encoder: EncoderSpec
  /** All rows as the model takes them. */
  matrix: Matrix
  learned: Learned
  /** How much each column of the matrix helped, summing to 1. */
  importance: Float64Array
  /** The loss while it learned, where it learns step by step. */
  curves?: LossCurve[]
}

/** `given`: what a trainer gave, where the learner is one. */
export type How = { threads: number; given?: Uint8Array }

type LearnerEntry<L extends Learner> = {
  fit(task: Task, learner: L, how: How): Promise<Fitted>
  /** How large a model it may give, in a few words. */
  size(learner: L): string
  /** What it can be asked for; `weir check` refuses the rest before the fit does. */
  learns: readonly TargetKind[]
}

const FOREST: LearnerEntry<Extract<Learner, { kind: ForestKind }>> = {
  fit: fitForestTask,
  size: ({ trees }) => `${trees} trees`,
  learns: ['binary', 'multiclass', 'regression'],
}

const LEARNERS: { [K in LearnerKind]: LearnerEntry<Extract<Learner, { kind: K }>> } = {
  random_forest: FOREST,
  extra_trees: FOREST,
  gradient_boosting: {
    fit: fitBoostingTask,
    size: ({ rounds }) => `${rounds} rounds of trees at most`,
    learns: ['binary', 'multiclass', 'regression'],
  },
  additive_model: {
    fit: async (task, { kind, ...params }) => {
      const { encoder, matrix, additive, importance } = fitAdditive(task, params)
      return { encoder, matrix, learned: { kind, additive }, importance }
    },
    size: ({ pairs }) => `a shape a feature, ${pairs} pairs at most`,
    learns: ['binary', 'multiclass', 'regression'],
  },
  logistic_regression: {
    fit: async (task, learner) => asCurves(learner.kind, fitLines(task, learner)),
    size: () => 'a weight a feature',
    learns: ['binary', 'multiclass'],
  },
  ridge_regression: {
    fit: async (task, learner) => asCurves(learner.kind, fitLines(task, learner)),
    size: () => 'a weight a feature',
    learns: ['regression'],
  },
  spline_regression: {
    fit: async (task, learner) => asCurves(learner.kind, fitSplines(task, learner)),
    size: ({ knots }) => `curves of ${knots} knots at most`,
    learns: ['binary', 'multiclass', 'regression'],
  },
}

function asCurves(kind: CurvesKind, { encoder, matrix, curves, importance }: ReturnType<typeof fitLines>): Fitted {
  return { encoder, matrix, learned: { kind, curves }, importance }
}

async function fitForestTask(
  { rows, inputs, target, weights, train }: Task,
  { kind, ...params }: Extract<Learner, { kind: ForestKind }>,
  how: How,
): Promise<Fitted> {
  const encoder = learnEncoder(inputs)
  const matrix = encodeColumns(createEncoder(encoder), inputs, rows)
  const part = {
    target: takeTarget(target, train),
    weights: weights && Float64Array.from(train, (row) => weights[row]!),
    randomThresholds: kind === 'extra_trees',
  }
  const { forest, importance } = await fitAnyForest(takeRows(matrix, train), part, params, how)
  return { encoder, matrix, learned: { kind, forest }, importance }
}

async function fitBoostingTask(
  { rows, inputs, target, weights, train, together }: Task,
  { kind, monotone, ...params }: Extract<Learner, { kind: 'gradient_boosting' }>,
  how: How,
): Promise<Fitted> {
  const outcomes = numbersOf(target)
  const encoder = learnCategories(inputs, outcomes, train)
  // A column at a time: the matrix of all is made when the trees are done, and their memory is free again.
  const column = (c: number) => {
    const own = encoder.columns[c]!
    const input = inputs.find(({ name }) => name === own.input)!
    const alone = createEncoder({ inputs: encoder.inputs.filter(({ name }) => name === own.input), columns: [own] })
    const { values } = takeRows(encodeColumns(alone, [input], rows), train)
    if (own.kind === 'target_mean')
      writeColumnOutOfFold(values as Float64Array, input, outcomes, train, seedFor(params.seed, c))
    return values as Float64Array
  }
  const known = takeTarget(target, train)
  const directionOf = (input: string) => (Object.hasOwn(monotone, input) ? DIRECTIONS[monotone[input]!] : 0)
  const job = {
    table: { rows: train.length, columns: encoder.columns.length, column },
    categories: Uint16Array.from(encoder.columns, (c) => (c.kind === 'category' ? c.categories.length : 0)),
    target: known,
    weights: weightsOf(known, weights && Float64Array.from(train, (row) => weights[row]!), params.classWeight),
    together: together && Uint32Array.from(train, (row) => together[row]!),
    monotone: Int8Array.from(encoder.columns, ({ input }) => directionOf(input)),
    groups: groupsOf(
      encoder.columns.map(({ input }) => input),
      params.interactions,
    ),
    params,
  }
  const { boosted, importance, curves } = await fitBoosting(job, how)
  const matrix = encodeColumns(createEncoder(encoder), inputs, rows)
  return { encoder, matrix, learned: { kind, boosted }, importance, curves }
}

/** What the mean of a category is of: a number, whether it is the positive class, or of several whether it is the most frequent. */
function numbersOf(target: Target): ArrayLike<number> {
  if (target.kind === 'regression') return target.values
  if (target.kind === 'binary') return target.labels
  const rows = new Uint32Array(target.classes)
  for (const label of target.labels) rows[label]!++
  const most = rows.indexOf(Math.max(...rows))
  return target.labels.map((label) => (label === most ? 1 : 0))
}

const DIRECTIONS = { rising: 1, falling: -1 } as const

/** Fits with `threads` threads, and gives the same bytes for any number of them; 0 fits in the caller's. */
export async function fitLearner(task: Task, learner: Learner | Trainer, how: How): Promise<Fitted> {
  if (isTrainer(learner)) return takeGiven(task, how.given)
  const entry = entryOf(learner)
  if (!entry.learns.includes(task.target.kind)) {
    const message = `${learner.kind} cannot learn a ${task.target.kind}, only ${entry.learns.join(' and ')}`
    throw new PlatformError('unsupported', message)
  }
  return await entry.fit(task, learner, how)
}

/** Whether it can learn from other rows too, for a comparison: a trainer was asked once, outside. */
export function learnsAgain(learner: Learner | Trainer): boolean {
  return !isTrainer(learner)
}

export function learnedBy(learner: Pick<Learner, 'kind'>): readonly TargetKind[] {
  return LEARNERS[learner.kind].learns
}

/** Those that learn a kind, by their names. */
export function learnersOf(kind: TargetKind): LearnerKind[] {
  return Object.entries(LEARNERS).flatMap(([name, { learns }]) => (learns.includes(kind) ? [name as LearnerKind] : []))
}

export function sizeOf(learner: Learner): string {
  return entryOf(learner).size(learner)
}

function entryOf(learner: Learner): LearnerEntry<Learner> {
  return LEARNERS[learner.kind] as LearnerEntry<Learner>
}
