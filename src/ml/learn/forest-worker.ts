import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../../base/assert.ts'
import type { RankCodes } from './rank-codes.ts'
import { createGrower, growTree, type Tree, type TreeParams } from './tree.ts'

/** What a training thread is started with; the arrays lie in shared memory. */
export type ForestJob = {
  data: RankCodes
  labels: Uint8Array
  params: TreeParams
  trees: number
  /** One number: the next tree that nobody has taken. */
  next: Int32Array
  /** One number: how many are grown. */
  grown: Int32Array
}

export type GrownTrees = { index: number; tree: Tree }[]

const job = workerData as ForestJob
const grower = createGrower(job.data, job.labels, job.params)
const grown: GrownTrees = []
for (let index = Atomics.add(job.next, 0, 1); index < job.trees; index = Atomics.add(job.next, 0, 1)) {
  grown.push({ index, tree: growTree(grower, index) })
  Atomics.add(job.grown, 0, 1)
}
const buffers = grown.flatMap(({ tree }) =>
  [tree.feature, tree.right, tree.value, tree.missingLeft, tree.cover, tree.importance].map(
    (array) => array.buffer as ArrayBuffer,
  ),
)
must(parentPort).postMessage(grown, buffers)
