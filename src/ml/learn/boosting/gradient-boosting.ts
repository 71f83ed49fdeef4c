/**
 * The gradient boosting learner (Friedman 2001; Chen & Guestrin 2016; Ke et al. 2017): trees over histograms, of second order,
 * grown leaf by leaf or level by level. Nulls and categories are learned as they are.
 */
import { progress } from '../../../base/progress.ts'
import { MODEL_TREES_MAX } from '../../model/model-header.ts'
import { cannotTrain, refuseOneOutcome, rowsOfTarget, type Target } from '../task.ts'
import { LANES } from './binned-table.ts'
import { ROWS_MAX } from './objective.ts'
import type { BoostingParams } from './params.ts'
import { type BoostingJob, type FittedBoosting, type OnTrees, runBoosting } from './run-boosting.ts'

/**
 * Fits here and now, with `threads` threads in all (0 and 1 are the same): whoever must go on meanwhile calls it in a thread.
 * The bytes are the same for any number.
 */
export async function fitBoosting(job: BoostingJob, { threads }: { threads: number }): Promise<FittedBoosting> {
  refuseUnlearnable(job)
  const onProgress = progress()
  const onTrees: OnTrees = (phase, done, total, curves) =>
    onProgress({ phase, done, total, unit: 'trees', ...(curves ? { curves } : {}) })
  const outputs = job.target.kind === 'multiclass' ? job.target.classes : 1
  // What a model file can hold.
  const rounds = Math.min(job.params.rounds, Math.floor(MODEL_TREES_MAX / outputs))
  return runBoosting({ ...job, params: { ...job.params, rounds } }, Math.max(1, threads), onTrees)
}

/** Of each row: its own weight, and with 'balanced' all classes weigh the same together. Null where all weigh 1. */
export function weightsOf(
  target: Target,
  own: Float64Array | null,
  classWeight: BoostingParams['classWeight'],
): Float64Array | null {
  if (classWeight === 'none' || target.kind === 'regression') return own
  const { labels } = target
  const sums = new Map<number, number>()
  let all = 0
  for (let i = 0; i < labels.length; i++) {
    const weight = own === null ? 1 : own[i]!
    sums.set(labels[i]!, (sums.get(labels[i]!) ?? 0) + weight)
    all += weight
  }
  return Float64Array.from(labels, (label, i) => ((own === null ? 1 : own[i]!) * all) / (sums.size * sums.get(label)!))
}

/** Bytes that the histograms of the leaves of one tree may take. */
const HISTOGRAM_BYTES_MAX = 2 ** 31

function refuseUnlearnable({ table, target, params }: BoostingJob): void {
  const { rows, columns } = table
  const known = rowsOfTarget(target)
  if (rows !== known) throw cannotTrain(`there are ${rows} rows but ${known} labels`)
  if (columns < 1 || columns > 32767) throw cannotTrain(`boosting takes 1 to 32767 columns, not ${columns}`)
  if (rows > ROWS_MAX) throw cannotTrain(`boosting takes at most ${ROWS_MAX} rows, not ${rows}; sample them`)
  if (params.maxLeaves * columns * LANES * 8 > HISTOGRAM_BYTES_MAX) {
    throw cannotTrain(`${columns} columns with ${params.maxLeaves} leaves need too much memory; lower maxLeaves`)
  }
  refuseOneOutcome(target)
}
