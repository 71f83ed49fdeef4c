import { PlatformError } from '../../../base/errors.ts'
import type { Boosted } from '../../model/boosted.ts'
import type { Matrix } from '../../model/trees.ts'
import { type RowSplit, splitRows } from '../split-rows.ts'
import { takeLabels } from '../take-rows.ts'
import { type BinnedTable, binTable } from './binned-table.ts'
import { type Boosting, boost, type Part } from './boost.ts'
import type { BinTree } from './grow.ts'
import { packTrees } from './pack.ts'
import type { BoostingParams } from './params.ts'

/** All that a fit depends on; the arrays may lie in shared memory. */
export type BoostingJob = {
  matrix: Matrix
  /** By column how many categories it has, 0 where it is numeric. */
  categories: Uint16Array
  labels: Uint8Array
  weights: Float64Array
  monotone: Int8Array
  params: BoostingParams
}

/** `importance`: by column what its splits took off the loss, summing to 1. */
export type FittedBoosting = { boosted: Boosted; importance: Float64Array }

/** Bins, boosts, and packs. With early stopping a part of the rows is put aside first, to find how many rounds are best. */
export function runBoosting(job: BoostingJob, onRound: (done: number) => void): FittedBoosting {
  const { matrix, categories, labels, params } = job
  const settings = { ...params, monotone: job.monotone }
  const table = binTable(matrix, categories, params.maxBins)
  const everyRow = Uint32Array.from(labels, (_, i) => i)
  const found = params.earlyStopping && stopEarly(job, table, params.earlyStopping, onRound)
  if (found !== null && !params.earlyStopping?.refit) return packed(table, found, found.best)
  const rounds = found === null ? params.rounds : found.best
  const whole = boost(table, partOf(job, everyRow), null, { ...settings, rounds }, found === null ? onRound : () => {})
  return packed(table, whole, whole.trees.length)
}

function stopEarly(
  job: BoostingJob,
  table: BinnedTable,
  { share, rounds }: { share: number; rounds: number },
  onRound: (done: number) => void,
): Boosting {
  const split = splitEarly(job, share)
  const validation = { part: partOf(job, split.test), patience: rounds }
  return boost(table, partOf(job, split.train), validation, { ...job.params, monotone: job.monotone }, onRound)
}

/** The rows that early stopping learns from and those that it measures on; refused where one cannot be learned from. */
export function splitEarly({ labels, params }: Pick<BoostingJob, 'labels' | 'params'>, share: number): RowSplit {
  const split = splitRows({ kind: 'binary', labels }, { testShare: share, seed: params.seed, stratify: true })
  const positive = split.train.reduce((sum, row) => sum + labels[row]!, 0)
  if (positive > 0 && positive < split.train.length) return split
  const message = `cannot train: with earlyStopping.share ${share} no row of one outcome is left to learn from; make it smaller, or earlyStopping null`
  throw new PlatformError('invalid_argument', message)
}

function partOf({ labels, weights }: BoostingJob, rows: Uint32Array): Part {
  return {
    rows,
    labels: takeLabels(labels, rows),
    weights: Float64Array.from(rows, (row) => weights[row]!),
  }
}

/** A model has one tree at least; one without questions changes nothing. */
const NO_QUESTION: BinTree = { nodes: [], leaves: new Float64Array(1), leafRows: Float64Array.of(1) }

function packed(table: BinnedTable, { trees, base }: Boosting, count: number): FittedBoosting {
  const kept = count === 0 ? [NO_QUESTION] : trees.slice(0, count)
  const importance = new Float64Array(table.columns)
  for (const { nodes } of kept) for (const { column, gain } of nodes) importance[column]! += gain
  const sum = importance.reduce((all, gain) => all + gain, 0)
  if (sum > 0) for (let c = 0; c < importance.length; c++) importance[c]! /= sum
  return { boosted: packTrees(table, kept, base), importance }
}
