import { type Target, type Task, takeTarget } from '../ml/learn/task.ts'
import { bootstrapIntervals, type Interval } from '../ml/measure/bootstrap.ts'

/** The rows that measure a model: what came true, what it gave (rows x outputs, row after row), of whom each is, and how much it counts. */
export type Measured = {
  target: Target
  outputs: Float64Array
  entities: Uint32Array
  weights: Float64Array | null
}

/** Of some rows of a frame, for which a model gave `outputs`. */
export function measuredRows(
  frame: Pick<Task, 'target' | 'weights'> & { entities: Uint32Array },
  rows: Uint32Array,
  outputs: Float64Array,
): Measured {
  const { target, entities, weights } = frame
  return {
    target: takeTarget(target, rows),
    outputs,
    entities: Uint32Array.from(rows, (r) => entities[r]!),
    weights: weights && Float64Array.from(rows, (r) => weights[r]!),
  }
}

/** The seed is no choice of the user's: another one moves the ends by less than they mean. */
const RESAMPLING_SEED = 20_240_131

/** By name, from the measures of one resample, where row i counts `counts[i]`: how often it was drawn times its weight. */
export function intervalsOf(
  { outputs, target, entities, weights }: Measured,
  names: readonly string[],
  measure: (counts: ArrayLike<number>) => readonly number[],
): Record<string, Interval | null> {
  const rows = target.kind === 'regression' ? target.values.length : target.labels.length
  const weighed = weights && new Float64Array(rows)
  // A measure of many outputs costs as much as one of so many more rows.
  const times = outputs.length > rows ? Math.max(100, Math.min(1_000, Math.floor(2e7 / outputs.length))) : undefined
  const resampling = { rows, entities, seed: RESAMPLING_SEED, ...(times === undefined ? {} : { times }) }
  const found = bootstrapIntervals(resampling, (counts) => {
    if (weighed === null || weights === null) return measure(counts)
    for (let r = 0; r < rows; r++) weighed[r] = counts[r]! * weights[r]!
    return measure(weighed)
  })
  return Object.fromEntries(names.map((name, i) => [name, found[i] ?? null]))
}
