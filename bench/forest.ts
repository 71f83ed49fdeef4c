/**
 * The baseline of the reference project against scikit-learn's forest: the same encoded rows, the same splits, nulls as
 * NaN, 300 trees, balanced, sqrt. And one prediction against ONNX Runtime. Real January where it is, else generated.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InferenceSession } from 'onnxruntime-node'
import { type ForestParams, fitForest } from '../src/ml/learn/random-forest.ts'
import { splitRows } from '../src/ml/learn/split-rows.ts'
import { accuracy, confusion, f1, logLoss } from '../src/ml/measure/classification.ts'
import { rocAuc } from '../src/ml/measure/roc.ts'
import type { InputValue } from '../src/ml/model/encoder.ts'
import { type Forest, forestProbabilities } from '../src/ml/model/forest.ts'
import { createModel, predictOne } from '../src/ml/model/model-file.ts'
import { encodeOnnx } from '../src/ml/model/onnx.ts'
import { takeLabels, takeRows } from '../src/training/frame.ts'
import { feeds } from '../test/ml/onnx-feeds.ts'
import { type January, readJanuary } from './forest/january.ts'
import type { BenchResult } from './harness.ts'

const PARAMS: ForestParams = {
  trees: 300,
  maxDepth: null,
  minSamplesLeaf: 1,
  minSamplesSplit: 2,
  maxFeatures: 'sqrt',
  classWeight: 'balanced',
  bootstrap: true,
  seed: 42,
}
const THREADS = [1, 2]
const REPEATS = 5
/** The first is the one of the reference project. One split alone says little: AUC moves by 0.01 between splits. */
const SPLIT_SEEDS = [42, 1, 2, 3, 4, 5, 6, 7, 8, 9]

type Measures = { auc: number; f1: number; accuracy: number; logLoss: number }
type Peer = { version: string; seconds: Record<string, number[]>; measures: Measures[]; memoryMb: number }

export async function run(): Promise<BenchResult[]> {
  const january = readJanuary()
  const splits = SPLIT_SEEDS.map((seed) => splitRows(january.labels, { testShare: 0.25, seed, stratify: true }))
  const seconds: Record<string, number[]> = {}
  for (const threads of THREADS) seconds[threads] = await fitSeconds(january, splits[0]!.train, threads)
  const memoryMb = process.resourceUsage().maxRSS / 1024
  const fits = []
  for (const split of splits) fits.push(await fitAndMeasure(january, split))
  const peer = askPeer(january, splits)
  const ours = { seconds, memoryMb, measures: fits.map((fit) => fit.measures) }
  return [...(peer === undefined ? [] : compare(january, ours, peer)), await predictions(january, fits[0]!.forest)]
}

function compare({ origin }: January, ours: Omit<Peer, 'version'>, peer: Peer): BenchResult[] {
  const note = `scikit-learn ${peer.version}, ${origin} January; ratio below 1 is faster`
  const times = THREADS.map((threads) => {
    const [a, b] = [ours.seconds[threads]!, peer.seconds[threads]!]
    return line(
      `fit, ${threads} thread${threads > 1 ? 's' : ''} (median)`,
      median(a),
      median(b),
      's',
      `${note}; min ${min(a)} and ${min(b)}`,
    )
  })
  const first = (['auc', 'f1', 'accuracy', 'logLoss'] as const).map((measure) =>
    line(
      `${measure} (split ${SPLIT_SEEDS[0]})`,
      ours.measures[0]![measure],
      peer.measures[0]![measure],
      '',
      note.split(';')[0],
    ),
  )
  const [a, b] = [ours.measures, peer.measures].map((all) => all.map((m) => m.auc)) as [number[], number[]]
  const spread = `${SPLIT_SEEDS.length} splits; ours ${range(a)}, peer ${range(b)}; ours better in ${a.filter((x, i) => x > b[i]!).length}`
  return [
    ...times,
    ...first,
    line('auc (mean over splits)', mean(a), mean(b), '', spread),
    line(
      'peak memory of the process',
      ours.memoryMb,
      peer.memoryMb,
      'MB',
      'after the fits; ours has the transpiler in it',
    ),
  ]
}

async function fitSeconds(january: January, train: Uint32Array, threads: number): Promise<number[]> {
  const [matrix, labels] = [takeRows(january.matrix, train), takeLabels(january.labels, train)]
  const taken: number[] = []
  for (let i = 0; i <= REPEATS; i++) {
    const started = performance.now()
    await fitForest(matrix, labels, PARAMS, { threads })
    taken.push((performance.now() - started) / 1000)
  }
  return taken.slice(1)
}

async function fitAndMeasure({ matrix, labels }: January, { train, test }: ReturnType<typeof splitRows>) {
  const { forest } = await fitForest(takeRows(matrix, train), takeLabels(labels, train), PARAMS, { threads: 2 })
  const scores = forestProbabilities(forest, takeRows(matrix, test))
  const truth = takeLabels(labels, test)
  const counts = confusion(truth, scores, 0.5)
  const measures = {
    auc: rocAuc(truth, scores),
    f1: f1(counts),
    accuracy: accuracy(counts),
    logLoss: logLoss(truth, scores),
  }
  return { forest, measures }
}

/** scikit-learn's figures, or undefined, saying what is missing. */
function askPeer({ matrix, labels }: January, splits: ReturnType<typeof splitRows>[]): Peer | undefined {
  const python = process.env.WEIR_PYTHON_MLFLOW2 || process.env.WEIR_PYTHON
  if (!python) {
    console.log(
      '  no scikit-learn to compare with: WEIR_PYTHON must name a Python that has it (or WEIR_PYTHON_MLFLOW2)',
    )
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  try {
    writeFileSync(join(folder, 'matrix.f64'), new Uint8Array(Float64Array.from(matrix.values).buffer))
    writeFileSync(join(folder, 'labels.u8'), labels)
    const { rows, columns } = matrix
    const job = { rows, columns, trees: PARAMS.trees, seed: PARAMS.seed, repeats: REPEATS, threads: THREADS }
    const tests = splits.map(({ test }) => [...test])
    writeFileSync(join(folder, 'job.json'), JSON.stringify({ ...job, splits: tests }))
    const script = fileURLToPath(new URL('./forest/peer.py', import.meta.url))
    return JSON.parse(execFileSync(python, [script, folder], { encoding: 'utf8' })) as Peer
  } catch (error) {
    console.log(`  scikit-learn could not be asked by ${python}: ${(error as Error).message.split('\n').at(-2)}`)
    return undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** One row at a time, feature values to probability, in both: encoding is part of it. */
async function predictions(january: January, forest: Forest): Promise<BenchResult> {
  const { encoder, inputs, labels, origin } = january
  const model = createModel({ label: 'churn_label', threshold: 0.5, encoder, forest })
  const rows = Array.from({ length: 1000 }, (_, r) =>
    inputs.map((input): InputValue => valueAt(input, (r * 7) % labels.length)),
  )
  const session = await InferenceSession.create(encodeOnnx(model), { intraOpNumThreads: 1, interOpNumThreads: 1 })
  const asked = rows.map((row) => feeds(model, [row]))
  const ours: number[] = []
  const peer: number[] = []
  for (let i = 0; i <= REPEATS; i++) {
    let started = performance.now()
    for (const row of rows) predictOne(model, row)
    ours.push(performance.now() - started)
    started = performance.now()
    for (const feed of asked) await session.run(feed)
    peer.push(performance.now() - started)
  }
  const [a, b] = [ours, peer].map((ms) => median(ms.slice(1))) as [number, number]
  return line(
    'predict one row (median)',
    a,
    b,
    'µs',
    `ONNX Runtime, 1 thread, ${origin} January; ratio below 1 is faster`,
  )
}

function valueAt({ type, values, valid }: January['inputs'][number], row: number): InputValue {
  if (valid[row] !== 1) return null
  return type === 'Bool' ? values[row] === 1 : values[row]!
}

function line(name: string, ours: number, peer: number, unit: string, note?: string): BenchResult {
  return { name, ours, peer, unit, ratio: ours / peer, note }
}

function median(xs: readonly number[]): number {
  return [...xs].sort((a, b) => a - b)[xs.length >> 1]!
}

function mean(xs: readonly number[]): number {
  return xs.reduce((a, b) => a + b, 0) / xs.length
}

function min(xs: readonly number[]): string {
  return `${Math.min(...xs).toFixed(2)} s`
}

function range(xs: readonly number[]): string {
  return `${Math.min(...xs).toFixed(4)} to ${Math.max(...xs).toFixed(4)}`
}
