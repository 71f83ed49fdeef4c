import { classesOf, type Task } from './task.ts'

/** The weights of the rows in `train`; 'balanced': every class there weighs the same together. */
export function weightsOfRows({ target, weights, train }: Task, classWeight: 'balanced' | 'none'): Float64Array {
  const own = Float64Array.from(train, (row) => weights?.[row] ?? 1)
  if (classWeight === 'none' || target.kind === 'regression') return own
  const sums = new Float64Array(classesOf(target))
  for (let i = 0; i < train.length; i++) sums[target.labels[train[i]!]!]! += own[i]!
  const total = sums.reduce((sum, x) => sum + x, 0)
  const there = sums.filter((sum) => sum > 0).length
  return own.map((weight, i) => (weight * total) / (there * sums[target.labels[train[i]!]!]!))
}
