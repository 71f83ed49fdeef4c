/**
 * Boosting of shapes, one feature after the other, again and again (Lou, Caruana and Gehrke 2012; Nori et al. 2019, EBM):
 * a round is one small step of every shape. The derivatives are computed once a round, and follow each step by their second
 * derivative, so that a step of one feature is known to the next one.
 */
import type { Link } from '../../model/link.ts'
import { softmax } from '../../model/link.ts'
import { exp, log } from '../../numbers/exp.ts'
import { type BinSums, findStep, type StepRules } from './step.ts'

/** Rows of a bag, with what is to be learned of them. */
export type BagPart = {
  rows: number
  truth: Float64Array
  weights: Float64Array
  /** By output and row; what all shapes say so far. */
  sums: Float64Array
}

/** What is boosted: the shape of a feature, or the grid of a pair, each as bins. By row of all. */
export type Term = { places: Uint8Array | Uint16Array; bins: number }

/** A fit of some rows, which others watch; both by their numbers. */
export type Run = { train: BagPart; watched: BagPart; trainRows: Uint32Array; watchedRows: Uint32Array }

/** What a run boosts, and by which steps. */
export type Plan = { terms: readonly Term[]; find: FindStep }

export type Rules = StepRules & { link: Link; outputs: number; rounds: number; learningRate: number; patience: number }

/** Finds the step of a term by the sums of its bins; the number of the term says which. */
export type FindStep = (term: number, sums: BinSums, step: Float64Array) => void

/**
 * Boosts all runs at once, round by round, until the pooled loss of the rows that watch has not fallen for a while. Leaves the
 * sums of every run as they were after the best round, and returns the scores of the last run then, by term, output after
 * output.
 */
export function boostRuns(
  runs: readonly Run[],
  plans: readonly Plan[],
  rules: Rules,
  onRound: (round: number) => void,
): { scores: Float64Array[]; rounds: number } {
  const boosters = runs.map((run, i) => createBooster(run, plans[i]!, rules))
  const pooled = () => boosters.reduce((sum, { loss }) => sum + loss(), 0)
  let least = pooled()
  let best = 0
  for (let round = 1; round <= rules.rounds; round++) {
    for (const booster of boosters) booster.round()
    onRound(round)
    const loss = pooled()
    if (loss < least) {
      least = loss
      best = round
      for (const booster of boosters) booster.keep()
    } else if (round - best >= rules.patience) break
  }
  for (const booster of boosters) booster.restore()
  const whole = boosters[boosters.length - 1]!
  // It has learned from more rows than those that were watched, and so may go on for as much longer.
  const more = Math.round(best / Math.max(1, runs.length - 2))
  for (let round = 0; round < more; round++) whole.round()
  return { scores: whole.scores(), rounds: best }
}

function createBooster(run: Run, { terms, find }: Plan, rules: Rules) {
  const { outputs } = rules
  const { train, watched } = run
  const most = terms.reduce((max, { bins }) => Math.max(max, bins), 1)
  const doubles = (length: number) => new Float64Array(length)
  const sums: BinSums = { gradient: doubles(most), hessian: doubles(most), rows: doubles(most) }
  const [gradient, hessian] = [doubles(train.rows * outputs), doubles(train.rows * outputs)]
  const step = doubles(most)
  const own = terms.map(({ places, bins }) => {
    const inTrain = pick(places, run.trainRows)
    return { bins, inTrain, inWatched: pick(places, run.watchedRows), rows: countBins(inTrain, bins) }
  })
  const scores = terms.map(({ bins }) => doubles(bins * outputs))
  const kept = { scores: scores.map((s) => s.slice()), train: train.sums.slice(), watched: watched.sums.slice() }
  return {
    round(): void {
      derivatives(train, rules, gradient, hessian)
      for (let k = 0; k < outputs; k++) {
        const [from, to] = [k * train.rows, (k + 1) * train.rows]
        const [g, h, trainSums] = [
          gradient.subarray(from, to),
          hessian.subarray(from, to),
          train.sums.subarray(from, to),
        ]
        const watchedSums = watched.sums.subarray(k * watched.rows, (k + 1) * watched.rows)
        for (const [t, { bins, inTrain, inWatched, rows }] of own.entries()) {
          sumBins(inTrain, g, h, bins, sums)
          sums.rows.set(rows)
          find(t, sums, step)
          for (let b = 0; b < bins; b++) scores[t]![b * outputs + k]! += step[b]!
          follow(inTrain, step, g, h, trainSums)
          move(inWatched, step, watchedSums)
        }
      }
    },
    loss: () => lossOf(watched, rules),
    keep(): void {
      for (const [t, score] of scores.entries()) kept.scores[t]!.set(score)
      kept.train.set(train.sums)
      kept.watched.set(watched.sums)
    },
    restore(): void {
      for (const [t, score] of scores.entries()) score.set(kept.scores[t]!)
      train.sums.set(kept.train)
      watched.sums.set(kept.watched)
    },
    scores: () => scores,
  }
}

export function pick<T extends Float64Array | Uint8Array | Uint16Array>(from: T, rows: Uint32Array): T {
  const taken = new (from.constructor as new (length: number) => T)(rows.length)
  for (let i = 0; i < rows.length; i++) taken[i] = from[rows[i]!]!
  return taken
}

function countBins(bins: ArrayLike<number>, count: number): Float64Array {
  const rows = new Float64Array(count)
  for (let r = 0; r < bins.length; r++) rows[bins[r]!]!++
  return rows
}

function sumBins(bins: ArrayLike<number>, g: Float64Array, h: Float64Array, count: number, sums: BinSums): void {
  const { gradient, hessian } = sums
  gradient.fill(0, 0, count)
  hessian.fill(0, 0, count)
  for (let r = 0; r < bins.length; r++) {
    const b = bins[r]!
    gradient[b]! += g[r]!
    hessian[b]! += h[r]!
  }
}

function follow(
  bins: ArrayLike<number>,
  step: Float64Array,
  g: Float64Array,
  h: Float64Array,
  sums: Float64Array,
): void {
  for (let r = 0; r < bins.length; r++) {
    const by = step[bins[r]!]!
    sums[r]! += by
    g[r]! += h[r]! * by
  }
}

function move(bins: ArrayLike<number>, step: Float64Array, sums: Float64Array): void {
  for (let r = 0; r < bins.length; r++) sums[r]! += step[bins[r]!]!
}

/** First and second derivatives of the loss, by output and row. */
export function derivatives(
  { rows, truth, weights, sums }: BagPart,
  { link, outputs }: Pick<Rules, 'link' | 'outputs'>,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  if (link === 'softmax') {
    const shares = new Float64Array(outputs)
    for (let r = 0; r < rows; r++) {
      for (let k = 0; k < outputs; k++) shares[k] = sums[k * rows + r]!
      softmax(shares, 0, outputs)
      for (let k = 0; k < outputs; k++) {
        const p = shares[k]!
        gradient[k * rows + r] = weights[r]! * (p - (truth[r] === k ? 1 : 0))
        hessian[k * rows + r] = weights[r]! * p * (1 - p)
      }
    }
    return
  }
  for (let r = 0; r < rows; r++) {
    const weight = weights[r]!
    if (link === 'identity') {
      gradient[r] = weight * (sums[r]! - truth[r]!)
      hessian[r] = weight
    } else {
      const p = 1 / (1 + exp(-sums[r]!))
      gradient[r] = weight * (p - truth[r]!)
      hessian[r] = weight * p * (1 - p)
    }
  }
}

function lossOf(part: BagPart, rules: Pick<Rules, 'link' | 'outputs'>): number {
  return rowLosses(part, rules).reduce((sum, loss) => sum + loss, 0)
}

export function rowLosses(
  { rows, truth, weights, sums }: BagPart,
  { link, outputs }: Pick<Rules, 'link' | 'outputs'>,
): Float64Array {
  const losses = new Float64Array(rows)
  for (let r = 0; r < rows; r++) {
    if (link === 'identity') losses[r] = (weights[r]! * (sums[r]! - truth[r]!) ** 2) / 2
    else if (link === 'logit') {
      const against = truth[r] === 1 ? -sums[r]! : sums[r]!
      losses[r] = weights[r]! * (against > 40 ? against : log(1 + exp(against)))
    } else {
      let most = -Infinity
      for (let k = 0; k < outputs; k++) most = Math.max(most, sums[k * rows + r]!)
      let all = 0
      for (let k = 0; k < outputs; k++) all += exp(sums[k * rows + r]! - most)
      losses[r] = weights[r]! * (most + log(all) - sums[truth[r]! * rows + r]!)
    }
  }
  return losses
}

/** Steps of shapes of single features. */
export function featureSteps(valueBins: ArrayLike<number>, isCategory: ArrayLike<number>, rules: Rules): FindStep {
  return (c, sums, step) => findStep(sums, valueBins[c]!, isCategory[c] === 1, rules, rules.learningRate, step)
}
