import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { BOOSTING_DEFAULTS } from '../../src/ml/learn/boosting/params.ts'
import { fitLearner, type Learner } from '../../src/ml/learn/learners.ts'
import type { InputColumn } from '../../src/ml/model/encoder.ts'
import { createModel, type Model } from '../../src/ml/model/model-file.ts'
import { yesOrNo } from '../../src/ml/model/outcome.ts'
import { rowMajor } from '../../src/ml/model/trees.ts'
import { type January, readJanuary } from '../forest/january.ts'
import { startPython } from '../python-peer.ts'

const FOREST: Learner = {
  kind: 'random_forest',
  trees: 300,
  maxDepth: null,
  minSamplesLeaf: 1,
  minSamplesSplit: 2,
  maxFeatures: 'sqrt',
  classWeight: 'balanced',
  bootstrap: true,
  seed: 42,
} as Learner
const BOOSTED: Learner = {
  kind: 'gradient_boosting',
  ...BOOSTING_DEFAULTS,
  rounds: 300,
  maxLeaves: 31,
  earlyStopping: null,
  monotone: {},
}

export type Models = { january: January; columns: number; rows: Float64Array[]; forest: Model; boosted: Model }

/** 300 deep trees and 300 trees of 31 leaves, of the columns of the January as numbers, as the peer has them. */
export async function fitModels(): Promise<Models> {
  const january = readJanuary()
  const { rows: count, columns, values } = january.matrix
  const valid = new Uint8Array(count).fill(1)
  const inputs = Array.from({ length: columns }, (_, c): InputColumn => {
    const own = Float64Array.from(values.subarray(c * count, (c + 1) * count))
    return { name: `c${c}`, type: 'Float64', values: own, valid: valid.map((_, r) => (Number.isNaN(own[r]!) ? 0 : 1)) }
  })
  const train = Uint32Array.from(valid, (_, r) => r)
  const target = { kind: 'binary', labels: january.labels } as const
  const learnt = async (learner: Learner) => {
    const task = { rows: count, inputs, target, weights: null, train } as Parameters<typeof fitLearner>[0]
    const { encoder, learned } = await fitLearner(task, learner, { threads: 0 })
    return createModel({ label: 'churn_label', outcome: yesOrNo(0.5), encoder, learned })
  }
  const all = rowMajor(january.matrix)
  const rows = Array.from({ length: count }, (_, r) => all.slice(r * columns, (r + 1) * columns))
  return { january, columns, rows, forest: await learnt(FOREST), boosted: await learnt(BOOSTED) }
}

export type PeerAnswer = { cpu: number; wall: number; memoryMb: number }

/** LightGBM, scikit-learn and shap; undefined, and what is missing printed, where there are none. */
export async function startPeer({ january }: Models) {
  const python = process.env.WEIR_PYTHON_SHAP
  if (!python) {
    console.log('  nothing to compare with: name a Python with lightgbm, scikit-learn, shap, pandas and pyarrow in')
    console.log('  WEIR_PYTHON_SHAP, made for example by: uv venv peers && uv pip install --python peers/bin/python …')
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  const { rows, columns, values } = january.matrix
  writeFileSync(join(folder, 'x.f64'), new Uint8Array(Float64Array.from(values).buffer))
  writeFileSync(join(folder, 'y.u8'), january.labels)
  writeFileSync(join(folder, 'size.json'), JSON.stringify({ rows, columns }))
  const script = fileURLToPath(new URL('./peer.py', import.meta.url))
  return startPython('the peers', { python, script, folder, env: { OMP_NUM_THREADS: '1' } })
}
