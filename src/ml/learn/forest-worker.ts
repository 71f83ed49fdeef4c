import { parentPort, workerData } from 'node:worker_threads'
import { must } from '../../base/assert.ts'
import { type ForestTask, growerOf } from './forest-trees.ts'
import type { Tree } from './tree.ts'

/** What a training thread is started with; the arrays lie in shared memory. */
export type ForestJob = {
  task: ForestTask
  trees: number
  /** One number: the next tree that nobody has taken. */
  next: Int32Array
  /** One number: how many are grown. */
  grown: Int32Array
}

export type GrownTrees = { index: number; tree: Tree }[]

const job = workerData as ForestJob
const grow = growerOf(job.task)
const grown: GrownTrees = []
for (let index = Atomics.add(job.next, 0, 1); index < job.trees; index = Atomics.add(job.next, 0, 1)) {
  grown.push({ index, tree: grow(index) })
  Atomics.add(job.grown, 0, 1)
}
const buffers = grown.flatMap(({ tree }) =>
  [tree.feature, tree.right, tree.value, tree.missingLeft, tree.cover, tree.importance, tree.leaves].map(
    (array) => array.buffer as ArrayBuffer,
  ),
)
must(parentPort).postMessage(grown, buffers)
