import type { Boosted } from '../../model/boosted.ts'
import type { Link } from '../../model/link.ts'
import { rowsOfTarget, type Target, takeTarget } from '../task.ts'
import type { BinTree } from './bin-tree.ts'
import { type BinnedTable, binColumns, type Columns } from './binned-table.ts'
import { type Boosting, boost, type OnRound } from './boost.ts'
import type { BoostSettings, Part } from './boost-task.ts'
import { splitEarly } from './early-split.ts'
import type { Groups } from './interactions.ts'
import type { LossCurve } from './loss-curve.ts'
import { packTrees } from './pack.ts'
import type { BoostingParams } from './params.ts'

/** All that a fit depends on. */
export type BoostingJob = {
  table: Columns
  /** By column how many categories it has, 0 where it is numeric. */
  categories: Uint16Array
  target: Target
  weights: Float64Array | null
  /** As in Task, of these rows. */
  together?: Uint32Array | undefined
  monotone: Int8Array
  groups: Groups | undefined
  params: BoostingParams
}

/** `importance`: by column what its splits took off the loss, summing to 1. */
export type FittedBoosting = { boosted: Boosted; importance: Float64Array; curves: LossCurve[] }

const LINKS = { binary: 'logit', multiclass: 'softmax', regression: 'identity' } as const

export type OnTrees = (
  phase: 'grow trees' | 'grow trees again',
  done: number,
  total: number,
  curves?: LossCurve[],
) => void

/** Bins, boosts, and packs. With early stopping a part of the rows is put aside first, to find how many rounds are best. */
export function runBoosting(job: BoostingJob, threads: number, onTrees: OnTrees): FittedBoosting {
  const { categories, params } = job
  const { earlyStopping } = params
  const settings: BoostSettings = { ...params, monotone: job.monotone, groups: job.groups, threads }
  const table = binColumns(job.table, categories, params.maxBins)
  const everyRow = Uint32Array.from({ length: table.rows }, (_, i) => i)
  const link = LINKS[job.target.kind]
  const outputs = job.target.kind === 'multiclass' ? job.target.classes : 1
  const first: OnRound = (done, curves) => onTrees('grow trees', done * outputs, params.rounds * outputs, curves)
  if (earlyStopping === null) {
    const whole = boost(table, partOf(job, everyRow), null, settings, first)
    return packed(table, link, whole, whole.best, whole.curves)
  }
  const split = splitEarly(job, earlyStopping.share)
  const validation = { part: partOf(job, split.test), patience: earlyStopping.rounds }
  const found = boost(table, partOf(job, split.train), validation, settings, first)
  if (!earlyStopping.refit) return packed(table, link, found, found.best, found.curves)
  const again = (done: number) => onTrees('grow trees again', done * outputs, found.best * outputs)
  const whole = boost(table, partOf(job, everyRow), null, { ...settings, rounds: found.best }, again)
  return packed(table, link, whole, whole.best, found.curves)
}

function partOf({ target, weights }: BoostingJob, rows: Uint32Array): Part {
  const whole = rows.length === rowsOfTarget(target)
  return {
    rows,
    target: whole ? target : takeTarget(target, rows),
    weights: weights && (whole ? weights : Float64Array.from(rows, (row) => weights[row]!)),
  }
}

/** A model has one round of trees at least; one without questions changes nothing. */
function noQuestion(rows: number): BinTree {
  return { nodes: [], leaves: new Float64Array(1), leafRows: Float64Array.of(rows) }
}

function packed(
  table: BinnedTable,
  link: Link,
  { trees, base }: Boosting,
  rounds: number,
  curves: LossCurve[],
): FittedBoosting {
  const outputs = base.length
  const kept = rounds === 0 ? Array.from(base, () => noQuestion(table.rows)) : trees.slice(0, rounds * outputs)
  const importance = new Float64Array(table.columns)
  for (const { nodes } of kept) for (const { column, gain } of nodes) importance[column]! += gain
  const sum = importance.reduce((all, gain) => all + gain, 0)
  if (sum > 0) for (let c = 0; c < importance.length; c++) importance[c]! /= sum
  return { boosted: packTrees(table, kept, { base, link }), importance, curves }
}
