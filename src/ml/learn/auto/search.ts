/**
 * `learner: 'auto'`: learners and options are tried by cross-validation, with successive halving (Jamieson and Talwalkar 2016):
 * many on one fold, the better half of them on three, the best few on five; on fewer rows and trees where the budget is
 * small. The budget is in work units (cost.ts). Invariants:
 * - No clock decides: the same rows, options and seed give the same trials, on any machine and any number of threads.
 * - The units of all trials are at most the budget, unless one single trial on the fewest rows already takes more.
 * - The model keeps within the constraints, or there is none.
 */
import { PlatformError } from '../../../base/errors.ts'
import { seedFor } from '../../../base/prng.ts'
import { progress } from '../../../base/progress.ts'
import { predictAll } from '../../model/kinds.ts'
import { fitLearner, type Learner } from '../learners.ts'
import { takeRows } from '../take-rows.ts'
import { cannotTrain, classesOf, type Task } from '../task.ts'
import { candidates, triedKinds } from './candidates.ts'
import { fitUnits, modelBytes, predictMicros } from './cost.ts'
import { foldsOfGroups, thin } from './folds.ts'
import { type FoldScore, type KnownFolds, noneKnown } from './known-folds.ts'
import { outputLosses } from './losses.ts'
import type { AutoParams } from './params.ts'

/** A learner that was tried. `loss`: mean log-loss, or squared error, of the rows of its folds. */
export type Trial = {
  number: number
  learner: Learner
  status: 'won' | 'tried' | 'dropped' | 'too_slow' | 'too_large' | 'failed'
  reason: string | null
  /** The last round that it was in, how many folds, and on what share of the rows and trees. */
  round: number
  folds: number
  share: number
  loss: number | null
  units: number
  predictMicros: number | null
  modelBytes: number | null
}

export type Search = { learner: Learner; trials: Trial[]; units: number; budget: number }

/** Rows of one group (an entity) stay together. `known`: what an interrupted search has found already. */
export type SearchTask = Task & { groups: Uint32Array }
export type SearchHow = { threads: number; known?: KnownFolds }

const FOLDS = 5
/** Of each round: folds, the part of the budget, and the part of its trials that go on. */
const ROUNDS = [
  { folds: 1, budget: 0.45, next: 1 / 3 },
  { folds: 3, budget: 0.3, next: 1 / 3 },
  { folds: FOLDS, budget: 0.25, next: 0 },
]
const SHARES = [1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 64]
/** A trial on fewer rows says nothing. */
const ROWS_MIN = 500

export async function searchLearner(task: SearchTask, params: AutoParams, how: SearchHow): Promise<Search> {
  const kinds = triedKinds(task.target.kind, params.learners)
  if (kinds.length === 0) throw cannotTrain(`none of the learners can learn a ${task.target.kind}`)
  const folds = foldsOfGroups(task.groups, task.train, FOLDS, params.seed)
  const evaluate = createEvaluate(task, folds, how)
  const onProgress = progress()
  let spent = 0
  const tell = () => onProgress({ phase: 'search', done: Math.round(spent), total: params.budget, unit: 'units' })
  const { trials, share: first } = startOf(task, kinds, params)
  let field = trials
  let failure: unknown
  for (const [r, round] of ROUNDS.entries()) {
    if (field.length === 0) break
    const plan = r === 0 ? { share: first, field } : fitting(task, field, round, params.budget)
    for (const trial of field) {
      if (!plan.field.includes(trial)) Object.assign(trial, { status: 'dropped', reason: 'the budget was at its end' })
    }
    field = plan.field
    for (const trial of field) {
      const scores: FoldScore[] = []
      try {
        for (let fold = 0; fold < round.folds; fold++) {
          const units = unitsOf(task, trial.learner, plan.share)
          // The folds of the round before count where they were on the same rows.
          const isNew = !(trial.share === plan.share && fold < trial.folds)
          scores.push(await evaluate(trial, fold, plan.share))
          if (!isNew) continue
          trial.units += units
          spent += units
          tell()
        }
        settle(trial, scores, r, plan.share, params)
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error
        failure ??= error
        Object.assign(trial, { status: 'failed', reason: error.message, round: r })
      }
    }
    field = field.filter(({ status }) => status === 'tried').sort(byLoss)
    const next = Math.max(Math.min(2, field.length), Math.ceil(field.length * round.next))
    for (const trial of round.next > 0 ? field.slice(next) : []) trial.status = 'dropped'
    if (round.next > 0) field = field.slice(0, next)
  }
  const winner = await firstWithin(task, field, params, how)
  if (winner === undefined)
    throw failure && trials.every((t) => t.status === 'failed') ? failure : noneWithin(trials, params)
  winner.status = 'won'
  return {
    learner: winner.learner,
    trials,
    units: trials.reduce((sum, { units }) => sum + units, 0),
    budget: params.budget,
  }
}

/** As many candidates as the budget of the first round takes, and at least the defaults of each kind, on fewer rows if need be. */
function startOf(task: SearchTask, kinds: ReturnType<typeof triedKinds>, params: AutoParams) {
  const drawn = candidates(kinds, params.seed)
  const usual = kinds.map((_, i) => trialOf(i, drawn.next().value as Learner))
  const plan = fitting(task, usual, ROUNDS[0]!, params.budget)
  let units = plan.field.reduce((sum, { learner }) => sum + unitsOf(task, learner, plan.share), 0)
  for (const learner of drawn) {
    units += unitsOf(task, learner, plan.share)
    if (units > ROUNDS[0]!.budget * params.budget || plan.field.length >= TRIALS_MAX) break
    plan.field.push(trialOf(plan.field.length, learner))
  }
  return { trials: plan.field, share: plan.share }
}

const TRIALS_MAX = 60

/** The greatest share of the rows on which the trials fit the budget of the round; of too many the last are left out. */
function fitting(task: SearchTask, trials: Trial[], round: (typeof ROUNDS)[number], budget: number) {
  const unitsAt = (trial: Trial, share: number) => {
    const done = trial.share === share ? trial.folds : 0
    return Math.max(0, round.folds - done) * unitsOf(task, trial.learner, share)
  }
  const shares = SHARES.filter((share) => share === 1 || task.train.length * share >= ROWS_MIN)
  const sum = (share: number) => trials.reduce((total, trial) => total + unitsAt(trial, share), 0)
  const share = shares.find((s) => sum(s) <= round.budget * budget) ?? shares.at(-1)!
  let units = 0
  const field = trials.filter((trial) => {
    const more = unitsAt(trial, share)
    const fits = units + more <= round.budget * budget
    if (fits) units += more
    return fits
  })
  if (field.length === 0) {
    const cheapest = trials.reduce((best, trial) => (unitsAt(trial, share) < unitsAt(best, share) ? trial : best))
    return { share, field: [cheapest] }
  }
  return { share, field: field.map((trial, i) => (trial.folds === 0 ? { ...trial, number: i } : trial)) }
}

function unitsOf({ train, inputs, target }: SearchTask, learner: Learner, share: number): number {
  const rows = Math.round((train.length * share * (FOLDS - 1)) / FOLDS)
  const outputs = target.kind === 'multiclass' ? classesOf(target) : 1
  return fitUnits(smaller(learner, share), { rows, inputs: inputs.length, outputs })
}

/** Fewer trees of a forest where there are fewer rows; boosting ends by itself. */
function smaller(learner: Learner, share: number): Learner {
  return 'trees' in learner ? { ...learner, trees: Math.max(20, Math.round(learner.trees * share)) } : learner
}

function createEvaluate(task: SearchTask, folds: Map<number, number>, { threads, known = noneKnown }: SearchHow) {
  const seen = new Map<string, FoldScore>()
  return async (trial: Trial, fold: number, share: number): Promise<FoldScore> => {
    const name = `${trial.number} ${fold} ${share}`
    const before = seen.get(name) ?? known.find(name)
    if (before !== undefined) return before
    const inFold = (row: number) => folds.get(task.groups[row]!) === fold
    const train = thin(
      task.train.filter((row) => !inFold(row)),
      share,
    )
    const test = task.train.filter(inFold)
    const seeded = { ...smaller(trial.learner, share), seed: seedFor(trial.learner.seed, fold) }
    const { learned, matrix } = await fitLearner({ ...task, train }, seeded, { threads })
    const losses = outputLosses(task.target, test, predictAll(learned, takeRows(matrix, test)))
    const score = {
      loss: losses.reduce((sum, loss) => sum + loss, 0),
      rows: test.length,
      predictMicros: predictMicros(learned),
      modelBytes: modelBytes(learned),
    }
    seen.set(name, score)
    known.keep(name, score)
    return score
  }
}

function settle(trial: Trial, scores: readonly FoldScore[], round: number, share: number, params: AutoParams): void {
  const sum = (of: (score: FoldScore) => number) => scores.reduce((total, score) => total + of(score), 0)
  trial.loss = sum(({ loss }) => loss) / sum(({ rows }) => rows)
  trial.predictMicros = Math.max(...scores.map((score) => score.predictMicros))
  trial.modelBytes = Math.max(...scores.map((score) => score.modelBytes))
  Object.assign(trial, { round, share, folds: scores.length, status: 'tried' }, breach(trial, params))
}

/** What a model breaks of the constraints, or nothing. */
function breach(
  { predictMicros, modelBytes }: Pick<Trial, 'predictMicros' | 'modelBytes'>,
  { maxPredictMicros, maxModelBytes }: AutoParams,
): Partial<Pick<Trial, 'status' | 'reason'>> {
  if (maxPredictMicros !== null && predictMicros! > maxPredictMicros) {
    return {
      status: 'too_slow',
      reason: `a prediction costs ${predictMicros!.toFixed(2)} µs, more than ${maxPredictMicros}`,
    }
  }
  if (maxModelBytes !== null && modelBytes! > maxModelBytes) {
    return { status: 'too_large', reason: `it has ${modelBytes} bytes, more than ${maxModelBytes}` }
  }
  return {}
}

/** A model of all rows may be larger than those of the folds: the best whose own is not. */
async function firstWithin(task: SearchTask, field: Trial[], params: AutoParams, { threads }: SearchHow) {
  if (params.maxModelBytes === null && params.maxPredictMicros === null) return field[0]
  for (const trial of field) {
    const { learned } = await fitLearner(task, trial.learner, { threads })
    Object.assign(trial, { predictMicros: predictMicros(learned), modelBytes: modelBytes(learned) })
    Object.assign(trial, breach(trial, params))
    if (trial.status === 'tried') return trial
  }
  return undefined
}

function byLoss(a: Trial, b: Trial): number {
  return a.loss! - b.loss! || a.number - b.number
}

function trialOf(number: number, learner: Learner): Trial {
  const nothing = { reason: null, loss: null, predictMicros: null, modelBytes: null }
  return { number, learner, status: 'tried', round: 0, folds: 0, share: 0, units: 0, ...nothing }
}

function noneWithin(trials: readonly Trial[], { maxPredictMicros, maxModelBytes }: AutoParams): PlatformError {
  const least = (values: (number | null)[]) => Math.min(...values.map((value) => value ?? Infinity))
  const [micros, bytes] = [least(trials.map((t) => t.predictMicros)), least(trials.map((t) => t.modelBytes))]
  return cannotTrain(
    `no model of the search keeps within maxPredictMicros ${maxPredictMicros} and maxModelBytes ${maxModelBytes}: the fastest ` +
      `takes ${micros.toFixed(2)} µs, the smallest has ${bytes} bytes; raise them, or name other learners`,
  )
}
