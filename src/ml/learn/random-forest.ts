/**
 * The random forest learner (Breiman 2001; parameters and habits of scikit-learn's), and extra-trees (Geurts, Ernst and Wehenkel
 * 2006), which draw their thresholds by chance. Trees are
 * independent given the seed, so threads take them one by one from a shared counter and the forest is byte-identical
 * for any number of threads.
 */
import { Worker } from 'node:worker_threads'
import { must } from '../../base/assert.ts'
import { compiledUrl } from '../../base/compiled-url.ts'
import { progress } from '../../base/progress.ts'
import type { Forest } from '../model/forest.ts'
import type { Matrix } from '../model/trees.ts'
import { type ForestTask, growerOf } from './forest-trees.ts'
import type { ForestJob, GrownTrees } from './forest-worker.ts'
import { rankCodes, shared } from './rank-codes.ts'
import { cannotTrain, classesOf, refuseOneOutcome, rowsOfTarget, type Target } from './task.ts'
import type { Tree } from './tree.ts'

export type ForestParams = {
  trees: number
  /** Null for no limit. */
  maxDepth: number | null
  minSamplesLeaf: number
  minSamplesSplit: number
  /** Null: as usual for what is predicted. */
  maxFeatures: 'sqrt' | 'all' | number | null
  /** Null: balanced where there are classes. */
  classWeight: 'balanced' | 'none' | null
  bootstrap: boolean
  seed: number
}

/** `importance`: mean decrease of impurity by column of the matrix, summing to 1. */
export type FittedForest = { forest: Forest; importance: Float64Array }

/** A message for each tree would wake this thread a thousand times. */
const LOOK_EVERY_MS = 200

/** What is to be learned of the rows of a matrix; `weights` null where all count the same. */
export type ForestTarget = { target: Target; weights: Float64Array | null; randomThresholds: boolean }

/** Of two classes without weights, labels 0 and 1. */
export function fitForest(
  matrix: Matrix,
  labels: Uint8Array,
  params: ForestParams,
  how: { threads: number },
): Promise<FittedForest> {
  return fitAnyForest(
    matrix,
    { target: { kind: 'binary', labels }, weights: null, randomThresholds: false },
    params,
    how,
  )
}

/** Fits in `threads` worker threads, so the caller's thread stays free; 0 fits here and now. */
export async function fitAnyForest(
  matrix: Matrix,
  target: ForestTarget,
  params: ForestParams,
  { threads }: { threads: number },
): Promise<FittedForest> {
  const task = forestTask(matrix, target, params)
  const trees: (Tree | undefined)[] = new Array(params.trees)
  const onProgress = progress()
  const tell = (done: number) => onProgress({ phase: 'grow trees', done, total: params.trees, unit: 'trees' })
  if (threads === 0) {
    const grow = growerOf(task)
    for (let t = 0; t < params.trees; t++) {
      trees[t] = grow(t)
      tell(t + 1)
    }
  } else {
    const job: ForestJob = { task, trees: params.trees, next: shared(Int32Array, 1), grown: shared(Int32Array, 1) }
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
    target.target,
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

function assemble(trees: Tree[], columns: number, target: Target): FittedForest {
  const outputs = target.kind === 'multiclass' ? target.classes : 1
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
    link: target.kind === 'regression' ? 'identity' : 'share',
    outputs,
    leaves: new Float64Array(trees.reduce((sum, tree) => sum + tree.leaves.length, 0)),
  }
  let vectors = 0
  const importance = new Float64Array(columns)
  for (const [t, tree] of trees.entries()) {
    const at = roots[t]!
    forest.feature.set(tree.feature, at)
    forest.value.set(tree.value, at)
    forest.missingLeft.set(tree.missingLeft, at)
    cover.set(tree.cover, at)
    for (let i = 0; i < tree.right.length; i++) forest.right[at + i] = tree.right[i] === 0 ? 0 : at + tree.right[i]!
    for (let c = 0; c < columns; c++) importance[c]! += tree.importance[c]! / trees.length
    if (outputs === 1) continue
    forest.leaves.set(tree.leaves, vectors * outputs)
    for (let i = 0; i < tree.feature.length; i++) if (tree.feature[i]! < 0) forest.value[at + i]! += vectors
    vectors += tree.leaves.length / outputs
  }
  return { forest, importance }
}

function forestTask(
  matrix: Matrix,
  { target, weights, randomThresholds }: ForestTarget,
  params: ForestParams,
): ForestTask {
  const { rows, columns } = matrix
  const known = rowsOfTarget(target)
  if (rows !== known) throw cannotTrain(`there are ${rows} rows but ${known} labels`)
  if (columns < 1 || columns > 32767) throw cannotTrain(`a forest takes 1 to 32767 columns, not ${columns}`)
  if (rows > 2 ** 21) throw cannotTrain(`a forest takes at most 2,097,152 rows, not ${rows}; sample them`)
  refuseOneOutcome(target)
  const tryColumns = columnsToTry(params.maxFeatures, columns, target)
  const data = rankCodes(matrix)
  if (target.kind === 'binary' && weights === null && !randomThresholds) {
    const [no, yes] = classWeightsOf(target.labels, 2, params.classWeight)
    const labels = copied(Uint8Array, target.labels)
    return { kind: 'counted', data, labels, params: { ...params, tryColumns, classWeights: [no!, yes!] } }
  }
  const own = shared(Float64Array, rows).fill(1)
  if (weights !== null) own.set(weights)
  const rest = { kind: 'summed', data, weights: own, params: { ...params, tryColumns, randomThresholds } } as const
  if (target.kind === 'regression') {
    // Centred, so that sums keep the digits in which values differ.
    const mean = target.values.reduce((sum, value) => sum + value / rows, 0)
    const values = copied(
      Float64Array,
      target.values.map((value) => value - mean),
    )
    return { ...rest, classes: 1, outputs: 1, labels: null, values, mean }
  }
  const classes = classesOf(target)
  const byClass = classWeightsOf(target.labels, classes, params.classWeight, own)
  for (let r = 0; r < rows; r++) own[r]! *= byClass[target.labels[r]!]!
  const outputs = target.kind === 'binary' ? 1 : classes
  return { ...rest, classes, outputs, labels: copied(Uint8Array, target.labels), values: null, mean: 0 }
}

/** 'balanced': all classes weigh the same together. */
function classWeightsOf(
  labels: Uint8Array,
  classes: number,
  classWeight: ForestParams['classWeight'],
  weights?: Float64Array,
): number[] {
  if (classWeight === 'none') return new Array<number>(classes).fill(1)
  const sums = new Array<number>(classes).fill(0)
  let all = 0
  for (let r = 0; r < labels.length; r++) {
    const weight = weights?.[r] ?? 1
    sums[labels[r]!]! += weight
    all += weight
  }
  const there = sums.filter((sum) => sum > 0).length
  return sums.map((sum) => (sum > 0 ? all / (there * sum) : 1))
}

function copied<T extends Uint8Array | Float64Array>(
  type: { new (buffer: SharedArrayBuffer): T; BYTES_PER_ELEMENT: number },
  from: T,
): T {
  const to = shared(type, from.length)
  to.set(from)
  return to
}

/** Null: the square root of them for classes, a third for numbers (Breiman 2001). */
function columnsToTry(maxFeatures: ForestParams['maxFeatures'], columns: number, { kind }: Target): number {
  if (maxFeatures === 'all') return columns
  const usual = kind === 'regression' ? Math.ceil(columns / 3) : Math.floor(Math.sqrt(columns))
  const wanted = maxFeatures === 'sqrt' ? Math.floor(Math.sqrt(columns)) : (maxFeatures ?? usual)
  return Math.max(1, Math.min(columns, wanted))
}
