/**
 * How well and how dearly each learner learns, by its own defaults, against the Python libraries on the same rows and folds:
 * the January of the reference project (the real one where it is) by 5 folds for each of WEIR_BENCH_REPEATS seeds, AUC and
 * log-loss pooled over the rows of all folds of a seed; and three made-up tables, 80,000 rows learned and 20,000 measured.
 * Differences are by fold, with their standard error; ours and the peer in turn, by CPU time. And how long `/predict` takes
 * while the same process trains.
 */
import { learner as learnerShape } from '../src/config/learner-shapes.ts'
import { fitLearner, type Learner } from '../src/ml/learn/learners.ts'
import { takeLabels, takeRows } from '../src/ml/learn/take-rows.ts'
import { logLoss } from '../src/ml/measure/classification.ts'
import { rocAuc } from '../src/ml/measure/roc.ts'
import { predictAll } from '../src/ml/model/kinds.ts'
import { foldsOf } from './boosting/table.ts'
import { readJanuary } from './forest/january.ts'
import type { BenchResult } from './harness.ts'
import { type Answer, type Peers, startPeers } from './training/peer.ts'
import { predictWhileTraining } from './training/predict-while-training.ts'
import { type Data, SYNTHETIC, synthetic } from './training/tables.ts'

const REPEATS = Number(process.env.WEIR_BENCH_REPEATS ?? 5)
/** Parts of the bench, by name, to run a few alone; all where it is not set. */
const ONLY = process.env.WEIR_BENCH_ONLY?.split(',')
const FOLDS = 5
const ROWS = 100_000

/** Ours and what each is compared with. */
const PAIRS: [Record<string, unknown> & { kind: string }, string][] = [
  [{ kind: 'additive_model' }, 'EBM'],
  [{ kind: 'spline_regression' }, 'scikit-learn logistic'],
  [{ kind: 'logistic_regression' }, 'scikit-learn logistic'],
  [{ kind: 'gradient_boosting' }, 'LightGBM tuned'],
  [{ kind: 'gradient_boosting' }, 'LightGBM default'],
  [{ kind: 'random_forest', minSamplesLeaf: 20, classWeight: 'none' }, 'scikit-learn forest'],
]
const SYNTHETIC_PAIRS: typeof PAIRS = [
  [{ kind: 'gradient_boosting' }, 'LightGBM tuned'],
  [{ kind: 'gradient_boosting' }, 'CatBoost early-stopped'],
  [{ kind: 'additive_model' }, 'CatBoost early-stopped'],
]

type Table = Pick<Data, 'rows' | 'inputs' | 'labels'>

export async function run(): Promise<BenchResult[]> {
  const results = wanted('predict') ? await predictWhileTraining() : []
  return [...results, ...(await compareLearners())]
}

async function compareLearners(): Promise<BenchResult[]> {
  if (ONLY?.every((part) => part === 'predict')) return []
  const { origin, inputs, labels } = readJanuary()
  const month = { rows: labels.length, inputs, labels }
  const made = Object.fromEntries(SYNTHETIC.map((kind, i) => [kind, synthetic(kind, ROWS, 100 + i)]))
  const peers = await startPeers({ month, ...made })
  if (!peers) return []
  console.log(`  ${peers.version}; the ${origin} January; ${REPEATS} x ${FOLDS} folds`)
  try {
    const results: BenchResult[] = []
    if (wanted('month')) results.push(...(await compareMonth(month, peers)))
    for (const kind of SYNTHETIC) if (wanted(kind)) results.push(...(await compareMade(kind, made[kind]!, peers)))
    return results
  } finally {
    peers.close()
  }
}

function wanted(part: string): boolean {
  return ONLY === undefined || ONLY.includes(part)
}

async function compareMonth(month: Table, peers: Peers): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  const known = new Map<string, Pooled>()
  for (const [params, peer] of PAIRS) {
    const learner = learnerShape.parse(params)
    const ours = await pooled(known, JSON.stringify(params), month, (folds, fold) =>
      fitOurs(month, learner, folds, fold),
    )
    const theirs = await pooled(known, peer, month, (folds, fold) => peers.fit({ table: 'month', peer, folds, fold }))
    results.push(...compared(`month, ${learner.kind} and ${peer}`, ours, theirs))
  }
  return results
}

async function compareMade(table: string, data: Data, peers: Peers): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  const folds = foldsOf(data.rows, FOLDS, 1)
  const known = new Map<string, Pooled>()
  for (const [params, peer] of SYNTHETIC_PAIRS) {
    const learner = learnerShape.parse(params)
    const once = async (name: string, answer: () => Promise<Answer>) => {
      const before = known.get(name)
      if (before) return before
      const { scores, cpuSeconds } = await answer()
      const truth = takeLabels(
        data.labels,
        rowsWhere(folds, (f) => f === 0),
      )
      const made = {
        auc: rocAuc(truth, scores),
        loss: logLoss(truth, scores),
        cpu: cpuSeconds,
        folds: [{ auc: rocAuc(truth, scores), loss: logLoss(truth, scores) }],
      }
      known.set(name, made)
      return made
    }
    const ours = await once(JSON.stringify(params), () => fitOurs(data, learner, folds, 0))
    const theirs = await once(peer, () => peers.fit({ table, peer, folds, fold: 0 }))
    results.push(...compared(`${table} (best ${data.best.toFixed(4)}), ${learner.kind} and ${peer}`, ours, theirs))
  }
  return results
}

type Pooled = { auc: number; loss: number; cpu: number; folds: { auc: number; loss: number }[] }

/** One prediction for each row and seed from a model that did not see it; measured by seed, and by fold for differences. */
async function pooled(
  known: Map<string, Pooled>,
  name: string,
  { rows, labels }: Table,
  answer: (folds: Uint8Array, fold: number) => Promise<Answer>,
): Promise<Pooled> {
  const before = known.get(name)
  if (before) return before
  const found: Pooled = { auc: 0, loss: 0, cpu: 0, folds: [] }
  for (let seed = 1; seed <= REPEATS; seed++) {
    const folds = foldsOf(rows, FOLDS, seed)
    const all = new Float64Array(rows)
    for (let fold = 0; fold < FOLDS; fold++) {
      const { scores, cpuSeconds } = await answer(folds, fold)
      const held = rowsWhere(folds, (f) => f === fold)
      for (const [i, r] of held.entries()) all[r] = scores[i]!
      const truth = takeLabels(labels, held)
      found.folds.push({ auc: rocAuc(truth, scores), loss: logLoss(truth, scores) })
      found.cpu += cpuSeconds / (REPEATS * FOLDS)
    }
    found.auc += rocAuc(labels, all) / REPEATS
    found.loss += logLoss(labels, all) / REPEATS
  }
  known.set(name, found)
  return found
}

async function fitOurs(
  { rows, inputs, labels }: Table,
  learner: Learner,
  folds: Uint8Array,
  fold: number,
): Promise<Answer> {
  const train = rowsWhere(folds, (f) => f !== fold)
  const started = process.cpuUsage()
  const task = { rows, inputs, target: { kind: 'binary' as const, labels }, weights: null, train }
  const { learned, matrix } = await fitLearner(task, learner, { threads: 1 })
  const { user, system } = process.cpuUsage(started)
  const scores = predictAll(
    learned,
    takeRows(
      matrix,
      rowsWhere(folds, (f) => f === fold),
    ),
  )
  return { scores, cpuSeconds: (user + system) / 1e6 }
}

function rowsWhere(folds: Uint8Array, takes: (fold: number) => boolean): Uint32Array {
  return Uint32Array.from(folds.keys()).filter((r) => takes(folds[r]!))
}

function compared(name: string, ours: Pooled, theirs: Pooled): BenchResult[] {
  const paired = (of: 'auc' | 'loss') => {
    const gaps = ours.folds.map((fold, i) => fold[of] - theirs.folds[i]![of])
    const mean = gaps.reduce((sum, g) => sum + g, 0) / gaps.length
    const error = Math.sqrt(
      gaps.reduce((sum, g) => sum + (g - mean) ** 2, 0) / Math.max(1, gaps.length - 1) / gaps.length,
    )
    return gaps.length > 1 ? `paired ${signed(mean)} ± ${error.toFixed(4)}` : `difference ${signed(mean)}`
  }
  return [
    {
      name: `${name}, AUC`,
      ours: ours.auc,
      peer: theirs.auc,
      unit: '',
      ratio: ours.auc / theirs.auc,
      note: paired('auc'),
    },
    {
      name: `${name}, log-loss`,
      ours: ours.loss,
      peer: theirs.loss,
      unit: '',
      ratio: theirs.loss / ours.loss,
      note: paired('loss'),
    },
    { name: `${name}, CPU of a fit`, ours: ours.cpu, peer: theirs.cpu, unit: 's', ratio: theirs.cpu / ours.cpu },
  ]
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(4)}`
}
