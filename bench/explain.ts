/**
 * One row at a time, by CPU time, one thread: predicting and explaining with 300 trees of 31 leaves and with 300 deep trees, of
 * the January of the reference project (the real one where it is); against LightGBM and shap, and against the plain walk.
 */
import { explainerOf } from '../src/ml/explain/explain.ts'
import { kindOf } from '../src/ml/model/kinds.ts'
import type { Model } from '../src/ml/model/model-file.ts'
import type { Questions } from '../src/ml/model/questions.ts'
import type { Trees } from '../src/ml/model/trees.ts'
import { plainWalker } from '../src/ml/model/walker.ts'
import { fitModels, type PeerAnswer, startPeer } from './explain/models.ts'
import { type BenchResult, median } from './harness.ts'

const REPEATS = Number(process.env.WEIR_BENCH_ROUNDS ?? 5)

export async function run(): Promise<BenchResult[]> {
  const models = await fitModels()
  const { rows, boosted, forest, january } = models
  const peer = await startPeer(models)
  /** CPU microseconds a row, the median of some times; the first warms up. */
  const time = (count: number, one: (row: Float64Array) => void) => {
    const taken: number[] = []
    for (let k = 0; k <= REPEATS; k++) {
      const cpu = process.cpuUsage()
      for (let i = 0; i < count; i++) one(rows[(i * 37 + k) % rows.length]!)
      const { user, system } = process.cpuUsage(cpu)
      taken.push((user + system) / count)
    }
    return median(taken.slice(1))
  }
  const theirs = async (what: string, count: number) => {
    if (!peer) return undefined
    const taken: number[] = []
    for (let k = 0; k < REPEATS; k++) taken.push((await peer.ask<PeerAnswer>({ what, rows: count })).cpu / count)
    return median(taken) * 1e6
  }
  const note = `${january.origin} January; ${peer?.version ?? 'no peer'}`
  const results: BenchResult[] = []
  const line = (name: string, ours: number, other: number | undefined, unit: string) => {
    const value = other ?? Number.NaN
    results.push({ name, ours, peer: value, unit, ratio: ours / value, note })
  }
  for (const [name, model, what] of [
    ['300 x 31 leaves', boosted, 'boosted'],
    ['300 deep trees', forest, 'forest'],
  ] as const) {
    const out = new Float64Array(1)
    const predict = time(4_000, (row) => kindOf(model.learned).predict(model.learned, row, out))
    const plain = plainWalker(...treesOf(model))
    line(
      `predict, ${name}, against the plain walk`,
      predict,
      time(4_000, (row) => plain.leavesOf(row)),
      'µs',
    )
    line(`predict, ${name}`, predict, await theirs(`one_${what}`, what === 'forest' ? 20 : 2_000), 'µs')
    const explainer = explainerOf(model)
    const added = new Float64Array(explainer.inputs)
    const explain = time(what === 'forest' ? 40 : 1_000, (row) => explainer.contributions(row, added)) / 1_000
    const shap = await theirs(what === 'forest' ? 'explain_forest' : 'explain_boosted', what === 'forest' ? 10 : 300)
    line(`explain, ${name}`, explain, shap && shap / 1_000, 'ms')
  }
  const many = await theirs('explain_boosted_many', 1_000)
  line(
    'explain, 300 x 31 leaves, many rows in one call',
    results.find((r) => r.name === 'explain, 300 x 31 leaves')!.ours,
    many && many / 1_000,
    'ms',
  )
  peer?.close()
  return results
}

function treesOf({ learned }: Model): [Trees, Questions] {
  if (learned.kind === 'random_forest') {
    return [learned.forest, { flags: learned.forest.missingLeft, sets: new Uint32Array(0) }]
  }
  if (learned.kind === 'gradient_boosting') return [learned.boosted, learned.boosted]
  throw new Error(`${learned.kind} has no trees`)
}
