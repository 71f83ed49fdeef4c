import type { RankCodes } from './rank-codes.ts'
import { createSummedGrower, growSummed, type SummedTask } from './summed-tree.ts'
import { createGrower, growTree, type Tree, type TreeParams } from './tree.ts'

/**
 * What the trees of a forest are grown of. Two classes without weights are counted, in whole numbers, which is quickest; all
 * else is summed.
 */
export type ForestTask =
  | { kind: 'counted'; data: RankCodes; labels: Uint8Array; params: TreeParams }
  | ({ kind: 'summed' } & SummedTask)

/** Gives tree after tree by their numbers, with scratch of its own. */
export function growerOf(task: ForestTask): (index: number) => Tree {
  if (task.kind === 'counted') {
    const grower = createGrower(task.data, task.labels, task.params)
    return (index) => growTree(grower, index)
  }
  const grower = createSummedGrower(task)
  return (index) => growSummed(grower, index)
}
