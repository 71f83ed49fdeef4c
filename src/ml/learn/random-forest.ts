/**
 * The random forest learner (Breiman 2001; parameters and habits of scikit-learn's RandomForestClassifier). Trees are
 * independent given the seed, so threads take them one by one from a shared counter and the forest is byte-identical
 * for any number of threads.
 */
import { Worker } from 'node:worker_threads'
import { must } from '../../base/assert.ts'
import { compiledUrl } from '../../base/compiled-url.ts'
import { PlatformError } from '../../base/errors.ts'
import { progress } from '../../base/progress.ts'
import type { Forest } from '../model/forest.ts'
import type { Matrix } from '../model/trees.ts'
import type { ForestJob, GrownTrees } from './forest-worker.ts'
import { rankCodes, shared } from './rank-codes.ts'
import { createGrower, growTree, type Tree, type TreeParams } from './tree.ts'

export type ForestParams = {
  trees: number
  /** Null for no limit. */
  maxDepth: number | null
  minSamplesLeaf: number
  minSamplesSplit: number
  maxFeatures: 'sqrt' | 'all' | number
  /** Null: balanced where there are classes. */
  classWeight: 'balanced' | 'none' | null
  bootstrap: boolean
  seed: number
}

/** `importance`: mean decrease of impurity by column of the matrix, summing to 1. */
export type FittedForest = { forest: Forest; importance: Float64Array }

/** A message for each tree would wake this thread a thousand times. */
const LOOK_EVERY_MS = 200

/** Fits in `threads` worker threads, so the caller's thread stays free; 0 fits here and now. Labels are 0 and 1. */
export async function fitForest(
  matrix: Matrix,
  labels: Uint8Array,
  params: ForestParams,
  { threads }: { threads: number },
): Promise<FittedForest> {
  const treeParams = checkedParams(matrix, labels, params)
  const data = rankCodes(matrix)
  const sharedLabels = shared(Uint8Array, labels.length)
  sharedLabels.set(labels)
  const trees: (Tree | undefined)[] = new Array(params.trees)
  const onProgress = progress()
  const tell = (done: number) => onProgress({ phase: 'grow trees', done, total: params.trees, unit: 'trees' })
  if (threads === 0) {
    const grower = createGrower(data, sharedLabels, treeParams)
    for (let t = 0; t < params.trees; t++) {
      trees[t] = growTree(grower, t)
      tell(t + 1)
    }
  } else {
    const job: ForestJob = {
      data,
      labels: sharedLabels,
      params: treeParams,
      trees: params.trees,
      next: shared(Int32Array, 1),
      grown: shared(Int32Array, 1),
    }
    const workers = Math.min(threads, params.trees)
    tell(0)
    const looking = setInterval(() => tell(Atomics.load(job.grown, 0)), LOOK_EVERY_MS)
    const growing = Promise.all(Array.from({ length: workers }, () => runWorker(job)))
    const parts = await growing.finally(() => clearInterval(looking))
    tell(params.trees)
    for (const part of parts) for (const { index, tree } of part) trees[index] = tree
  }
  return assemble(
    trees.map((tree) => must(tree)),
    matrix.columns,
  )
}

function runWorker(job: ForestJob): Promise<GrownTrees> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(compiledUrl('./forest-worker.ts', import.meta.url), { workerData: job })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) =>
      reject(new Error(`a training thread ended with code ${code} before its trees were done`)),
    )
  })
}

function assemble(trees: Tree[], columns: number): FittedForest {
  const roots = new Uint32Array(trees.length + 1)
  for (const [t, tree] of trees.entries()) roots[t + 1] = roots[t]! + tree.feature.length
  const nodes = roots[trees.length]!
  const cover = new Float32Array(nodes)
  const forest: Forest = {
    trees: trees.length,
    columns,
    roots,
    feature: new Int16Array(nodes),
    right: new Uint32Array(nodes),
    value: new Float64Array(nodes),
    cover,
    missingLeft: new Uint8Array(nodes),
    link: 'share',
    outputs: 1,
    leaves: new Float64Array(0),
  }
  const importance = new Float64Array(columns)
  for (const [t, tree] of trees.entries()) {
    const at = roots[t]!
    forest.feature.set(tree.feature, at)
    forest.value.set(tree.value, at)
    forest.missingLeft.set(tree.missingLeft, at)
    cover.set(tree.cover, at)
    for (let i = 0; i < tree.right.length; i++) forest.right[at + i] = tree.right[i] === 0 ? 0 : at + tree.right[i]!
    for (let c = 0; c < columns; c++) importance[c]! += tree.importance[c]! / trees.length
  }
  return { forest, importance }
}

function checkedParams(matrix: Matrix, labels: Uint8Array, params: ForestParams): TreeParams {
  const { rows, columns } = matrix
  const positive = labels.reduce((sum, label) => sum + label, 0)
  if (rows !== labels.length) throw refusal(`there are ${rows} rows but ${labels.length} labels`)
  if (columns < 1 || columns > 32767) throw refusal(`a forest takes 1 to 32767 columns, not ${columns}`)
  if (rows > 2 ** 21) throw refusal(`a forest takes at most 2,097,152 rows, not ${rows}; sample them`)
  if (positive === 0 || positive === rows) {
    throw refusal(`all ${rows} training rows have the same label; there is nothing to tell apart`)
  }
  const balanced = params.classWeight !== 'none'
  return {
    ...params,
    tryColumns: columnsToTry(params.maxFeatures, columns),
    classWeights: balanced ? [rows / (2 * (rows - positive)), rows / (2 * positive)] : [1, 1],
  }
}

function columnsToTry(maxFeatures: ForestParams['maxFeatures'], columns: number): number {
  if (maxFeatures === 'all') return columns
  const wanted = maxFeatures === 'sqrt' ? Math.floor(Math.sqrt(columns)) : maxFeatures
  return Math.max(1, Math.min(columns, wanted))
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', `cannot train: ${message}`)
}
