import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Matrix } from '../../src/ml/model/trees.ts'
import { startPython } from '../python-peer.ts'

export type Fitted = { seconds: number; cpuSeconds: number; auc: number; logLoss: number; memoryMb: number }

export type Table = { matrix: Matrix; labels: Uint8Array }

export type Ask = { table: string; folds: Uint8Array; fold: number; params: Record<string, unknown>; rounds: number }

export type Peer = { version: string; fit(ask: Ask): Promise<Fitted>; close(): void }

/** LightGBM, ready to fit; undefined, and what is missing printed, where there is none. */
export async function startPeer(tables: Record<string, Table>): Promise<Peer | undefined> {
  const python = process.env.WEIR_PYTHON_LIGHTGBM
  if (!python) {
    console.log(
      '  no LightGBM to compare with: name a Python that has lightgbm and scikit-learn in WEIR_PYTHON_LIGHTGBM,',
    )
    console.log(
      '  made for example by: uv venv lgb && uv pip install --python lgb/bin/python lightgbm scikit-learn numpy',
    )
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  const sizes = Object.entries(tables).map(([name, { matrix, labels }]) => {
    writeFileSync(join(folder, `${name}.f64`), new Uint8Array(Float64Array.from(matrix.values).buffer))
    writeFileSync(join(folder, `${name}.u8`), labels)
    return [name, { rows: matrix.rows, columns: matrix.columns }]
  })
  writeFileSync(join(folder, 'tables.json'), JSON.stringify(Object.fromEntries(sizes)))
  const script = fileURLToPath(new URL('./peer.py', import.meta.url))
  const peer = await startPython('LightGBM', { python, script, folder, env: { OMP_NUM_THREADS: '1' } })
  if (!peer) return undefined
  return {
    version: peer.version,
    async fit({ folds, ...ask }) {
      writeFileSync(join(folder, 'folds.u8'), folds)
      return peer.ask<Fitted>({ ...ask, folds: 'folds.u8' })
    },
    close: peer.close,
  }
}
