import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RowSplit } from '../../src/ml/learn/split-rows.ts'
import { startPython } from '../python-peer.ts'
import type { January } from './january.ts'

/** One fit on the training part of a split, measured on the rest. */
export type Fitted = {
  seconds: number
  cpuSeconds: number
  auc: number
  f1: number
  accuracy: number
  logLoss: number
  /** Peak of the process so far. */
  memoryMb: number
}

export type Peer = { version: string; fit(split: number, threads: number): Promise<Fitted>; close(): void }

/** scikit-learn, ready to fit; undefined, and the reason printed, where there is none. */
export async function startPeer(
  { matrix, labels }: January,
  splits: readonly RowSplit[],
  params: { trees: number; seed: number },
): Promise<Peer | undefined> {
  const python = process.env.WEIR_PYTHON_MLFLOW2 || process.env.WEIR_PYTHON
  if (!python) {
    console.log('  no scikit-learn to compare with: name a Python that has it in WEIR_PYTHON (or WEIR_PYTHON_MLFLOW2)')
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  writeFileSync(join(folder, 'matrix.f64'), new Uint8Array(Float64Array.from(matrix.values).buffer))
  writeFileSync(join(folder, 'labels.u8'), labels)
  const { rows, columns } = matrix
  const job = { rows, columns, ...params, splits: splits.map(({ test }) => [...test]) }
  writeFileSync(join(folder, 'job.json'), JSON.stringify(job))
  const script = fileURLToPath(new URL('./peer.py', import.meta.url))
  const peer = await startPython('scikit-learn', { python, script, folder })
  if (!peer) return undefined
  return {
    version: peer.version,
    fit: (split, threads) => peer.ask<Fitted>({ split, threads }),
    close: peer.close,
  }
}
