/**
 * 5,000 pushes of 10 rows each into the lake, then one point-in-time join of 1,000 entity rows over them, in a new process
 * each time as a command has it: before and after the small files are merged (`weir gc`). The peer is before.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { PushJob, PushJoined } from './features/pushes-process.ts'
import type { BenchResult } from './harness.ts'
import { openBenchDatabases } from './mlflow/servers.ts'

const PROCESS = fileURLToPath(new URL('./features/pushes-process.ts', import.meta.url))
const PUSHES = Number(process.env.WEIR_BENCH_PUSHES ?? 5_000)
const ROUNDS = 3

export async function run(): Promise<BenchResult[]> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-pushes-'))
  const databases = await openBenchDatabases(dir)
  try {
    const job = { databaseUrl: await databases.create('pushes'), home: dir, pushes: PUSHES }
    await inProcess({ ...job, step: 'fill' })
    const before = await fastest(job)
    const merge = await inProcess({ ...job, step: 'merge' })
    const after = await fastest(job)
    if (before.digest !== after.digest)
      throw new Error(`the join gave ${before.digest}, and ${after.digest} afterwards`)
    const note = `the same bytes; merged in ${merge.seconds.toFixed(1)} s; fastest of ${ROUNDS} processes`
    const ratio = before.seconds / after.seconds
    const name = `join over ${PUSHES} pushes, merged and not`
    return [{ name, ours: after.seconds, peer: before.seconds, unit: 's', ratio, note }]
  } finally {
    await databases.close()
    await rm(dir, { recursive: true, force: true, maxRetries: 30, retryDelay: 200 })
  }
}

async function fastest(job: Omit<PushJob, 'step'>): Promise<PushJoined> {
  const found: PushJoined[] = []
  for (let i = 0; i < ROUNDS; i++) found.push(await inProcess({ ...job, step: 'join' }))
  return found.reduce((a, b) => (a.seconds < b.seconds ? a : b))
}

async function inProcess(job: PushJob): Promise<PushJoined> {
  const args = ['--import', 'tsx', PROCESS, JSON.stringify(job)]
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 24 })
  return JSON.parse(stdout) as PushJoined
}
