import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RowSplit } from '../../src/ml/learn/split-rows.ts'
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
  const child = spawn(python, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const failed = once(child, 'error').then(([error]) => ({ done: true, value: String(error) }) as const)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const close = () => {
    child.stdin.end()
    rmSync(folder, { recursive: true })
  }
  const hello = await Promise.race([lines.next(), failed])
  if (hello.done) {
    console.log(`  ${python} could not start scikit-learn: ${hello.value ?? 'its message is above'}`)
    close()
    return undefined
  }
  return {
    version: (JSON.parse(hello.value) as { version: string }).version,
    async fit(split, threads) {
      child.stdin.write(`${JSON.stringify({ split, threads })}\n`)
      const answer = await lines.next()
      if (answer.done) throw new Error('scikit-learn ended before it answered')
      return JSON.parse(answer.value) as Fitted
    },
    close,
  }
}
