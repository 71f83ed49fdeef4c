import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPython } from '../python-peer.ts'
import type { Data } from './tables.ts'

export type Answer = { scores: Float64Array; cpuSeconds: number }
export type Peers = {
  version: string
  fit(ask: { table: string; peer: string; folds: Uint8Array; fold: number }): Promise<Answer>
  close(): void
}

/** The Python libraries, ready to fit; undefined, and what is missing printed, where there are none. */
export async function startPeers(
  tables: Record<string, Pick<Data, 'rows' | 'inputs' | 'labels'>>,
): Promise<Peers | undefined> {
  const python = process.env.WEIR_PYTHON_TRAINING
  if (!python) {
    console.log(
      '  no peers: name a Python that has lightgbm, interpret-core, catboost, scikit-learn and pandas in WEIR_PYTHON_TRAINING',
    )
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-'))
  const described = Object.entries(tables).map(([name, { rows, inputs, labels }]) => {
    mkdirSync(join(folder, name))
    for (const { name: column, type, values, valid } of inputs) {
      const at = join(folder, name, column)
      if (type === 'String')
        writeFileSync(`${at}.json`, JSON.stringify(Array.from(valid, (v, r) => (v ? values[r] : null))))
      else
        writeFileSync(
          `${at}.f64`,
          new Uint8Array(Float64Array.from(valid, (v, r) => (v ? Number(values[r]) : Number.NaN)).buffer),
        )
    }
    writeFileSync(join(folder, name, 'labels.u8'), labels)
    return [name, { rows, columns: inputs.map((input) => ({ name: input.name, text: input.type === 'String' })) }]
  })
  writeFileSync(join(folder, 'tables.json'), JSON.stringify(Object.fromEntries(described)))
  const script = fileURLToPath(new URL('./peer.py', import.meta.url))
  const peer = await startPython('the peers', { python, script, folder, env: { OMP_NUM_THREADS: '1' } })
  if (!peer) return undefined
  return {
    version: peer.version,
    async fit({ folds, ...ask }) {
      writeFileSync(join(folder, 'folds.u8'), folds)
      const { cpuSeconds } = await peer.ask<{ cpuSeconds: number }>(ask)
      const bytes = readFileSync(join(folder, 'scores.f64'))
      return { cpuSeconds, scores: new Float64Array(new Uint8Array(bytes).buffer) }
    },
    close: peer.close,
  }
}
