/**
 * Gradient boosting against LightGBM, in turn, one thread each, by CPU time: 800,000 made-up rows, measured on 200,000 others;
 * and the January of the reference project (the real one where it is), 5 folds for each of 3 seeds, at equal settings and as
 * each is without any. Bins are made within the time in both.
 */
import { BOOSTING_DEFAULTS, type BoostingParams } from '../src/ml/learn/boosting/params.ts'
import { fitLearner } from '../src/ml/learn/learners.ts'
import { takeLabels, takeRows } from '../src/ml/learn/take-rows.ts'
import type { Task } from '../src/ml/learn/task.ts'
import { logLoss } from '../src/ml/measure/classification.ts'
import { rocAuc } from '../src/ml/measure/roc.ts'
import type { InputColumn } from '../src/ml/model/encoder.ts'
import { predictAll } from '../src/ml/model/kinds.ts'
import { type Fitted, type Peer, startPeer, type Table } from './boosting/peer.ts'
import { foldsOf, madeUpTable } from './boosting/table.ts'
import { readJanuary } from './forest/january.ts'
import { type BenchResult, median } from './harness.ts'

const ROWS = 1_000_000
const REPEATS = Number(process.env.WEIR_BENCH_ROUNDS ?? 3)
const FOLDS = 5
const SEEDS = [1, 2, 3]

/** What both are told where settings are equal. */
const equal = (learningRate: number): [Partial<BoostingParams>, Record<string, unknown>] => [
  { learningRate, rounds: 100, maxLeaves: 31, l2: 0, earlyStopping: null },
  { learning_rate: learningRate, num_leaves: 31, num_threads: 1 },
]

type Data = { rows: number; inputs: InputColumn[]; labels: Uint8Array }
type Pair = { ours: Fitted; peer: Fitted }

export async function run(): Promise<BenchResult[]> {
  const january = readJanuary()
  const large = madeUpTable(ROWS, 20_261_127)
  const peer = await startPeer({ january, large })
  if (peer === undefined) return []
  try {
    return [...(await compareLarge(large, peer)), ...(await compareJanuary(january, peer))]
  } finally {
    peer.close()
  }
}

async function compareLarge(large: Table, peer: Peer): Promise<BenchResult[]> {
  const folds = foldsOf(ROWS, FOLDS, 1)
  const [params, theirs] = equal(0.1)
  const pairs: Pair[] = []
  // The first warms up.
  for (let i = 0; i <= REPEATS; i++) {
    const ask = { table: 'large', folds, fold: 0, params: theirs, rounds: 100 }
    pairs.push({ ours: await fitOurs(dataOf(large), folds, 0, params), peer: await peer.fit(ask) })
  }
  const warm = pairs.slice(1)
  const note = `LightGBM ${peer.version}, 800,000 x 14, 100 rounds, 31 leaves, 1 thread`
  return [
    ratioOf('large fit, CPU', warm, 'cpuSeconds', 's', note),
    ratioOf('large fit, wall', warm, 'seconds', 's'),
    differenceOf('large, AUC', warm.slice(0, 1), 'auc'),
    ratioOf('large, peak memory of the process', warm, 'memoryMb', 'MB', 'ours holds the tables of the bench too'),
  ]
}

async function compareJanuary(january: ReturnType<typeof readJanuary>, peer: Peer): Promise<BenchResult[]> {
  const data: Data = { rows: january.labels.length, inputs: january.inputs, labels: january.labels }
  const results: BenchResult[] = []
  const usual: [Partial<BoostingParams>, Record<string, unknown>] = [{}, { num_threads: 1 }]
  const settings = { 'rate 0.1': equal(0.1), 'rate 0.05': equal(0.05), 'rate 0.02': equal(0.02), 'as each is': usual }
  for (const [name, [params, theirs]] of Object.entries(settings)) {
    const pairs: Pair[] = []
    for (const seed of SEEDS) {
      const folds = foldsOf(data.rows, FOLDS, seed)
      for (let fold = 0; fold < FOLDS; fold++) {
        const ask = { table: 'january', folds, fold, params: theirs, rounds: 100 }
        pairs.push({ ours: await fitOurs(data, folds, fold, params), peer: await peer.fit(ask) })
      }
    }
    const note = `${january.origin} January, ${FOLDS} folds x ${SEEDS.length} seeds, ${name}`
    results.push(differenceOf(`january, ${name}, AUC`, pairs, 'auc', note))
    results.push(differenceOf(`january, ${name}, log-loss`, pairs, 'logLoss'))
    results.push(ratioOf(`january, ${name}, CPU`, pairs, 'cpuSeconds', 's'))
  }
  return results
}

async function fitOurs(data: Data, folds: Uint8Array, fold: number, change: Partial<BoostingParams>): Promise<Fitted> {
  const rowsWhere = (wanted: boolean) =>
    Uint32Array.from({ length: data.rows }, (_, r) => r).filter((r) => (folds[r] === fold) === wanted)
  const [train, test] = [rowsWhere(false), rowsWhere(true)]
  const learner = {
    kind: 'gradient_boosting',
    ...BOOSTING_DEFAULTS,
    monotone: {},
    ...change,
  } as const
  const [started, cpu] = [performance.now(), process.cpuUsage()]
  const { learned, matrix } = await fitLearner(taskOf(data, train), learner, { threads: 0 })
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const truth = takeLabels(data.labels, test)
  const scores = predictAll(learned, takeRows(matrix, test))
  return {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    auc: rocAuc(truth, scores),
    logLoss: logLoss(truth, scores),
    memoryMb: process.resourceUsage().maxRSS / 1024,
  }
}

function taskOf({ rows, inputs, labels }: Data, train: Uint32Array): Task {
  return { rows, inputs, target: { kind: 'binary', labels }, weights: null, train }
}

function dataOf({ matrix, labels }: Table): Data {
  const { rows, columns, values } = matrix
  const inputs = Array.from({ length: columns }, (_, c): InputColumn => {
    const own = values.subarray(c * rows, (c + 1) * rows) as Float64Array
    const valid = Uint8Array.from(own, (value) => (Number.isNaN(value) ? 0 : 1))
    return { name: `x${c}`, type: 'Float64', values: own, valid }
  })
  return { rows, inputs, labels }
}

function ratioOf(name: string, pairs: Pair[], figure: keyof Fitted, unit: string, note?: string): BenchResult {
  const ratios = pairs.map((pair) => pair.ours[figure] / pair.peer[figure])
  const [ours, peer] = [median(pairs.map((p) => p.ours[figure])), median(pairs.map((p) => p.peer[figure]))]
  return { name, ours, peer, unit, ratio: median(ratios), spread: [Math.min(...ratios), Math.max(...ratios)], note }
}

/** Means, and in the note the paired difference with its standard error. */
function differenceOf(name: string, pairs: Pair[], figure: 'auc' | 'logLoss', note = ''): BenchResult {
  const mean = (xs: number[]) => xs.reduce((a, b) => a + b, 0) / xs.length
  const [ours, peer] = [mean(pairs.map((p) => p.ours[figure])), mean(pairs.map((p) => p.peer[figure]))]
  const differences = pairs.map((pair) => pair.ours[figure] - pair.peer[figure])
  const middle = mean(differences)
  const error = Math.sqrt(mean(differences.map((d) => (d - middle) ** 2)) / Math.max(1, pairs.length - 1))
  const told = `difference ${middle.toFixed(5)}${pairs.length > 1 ? ` ± ${error.toFixed(5)}` : ''}`
  return { name, ours, peer, unit: '', ratio: ours / peer, note: [told, note].filter(Boolean).join('; ') }
}
