/**
 * From `weir up` to the first prediction, where the database runs already and its home is there: what somebody waits for
 * after a restart. Beside it the processor time of the process, its memory, and how many files it loads.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { silentLog } from '../src/base/log.ts'
import { openDatabase } from '../src/db/db.ts'
import { type BenchResult, median } from './harness.ts'
import { cpuSecondsOf, memoryOf } from './processes.ts'

const CLI = fileURLToPath(new URL('../bin/weir.js', import.meta.url))
const EXAMPLE = fileURLToPath(new URL('../examples/streamflow', import.meta.url))
const COUNTER = fileURLToPath(new URL('./start/count-modules.mjs', import.meta.url))

const STARTS = Number(process.env.WEIR_BENCH_ROUNDS ?? 9)
const SECONDS_MAX = 0.8

type Start = { seconds: number; cpuSeconds: number; mb: number }

export async function run(): Promise<BenchResult[]> {
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-start-'))
  try {
    execFileSync(process.execPath, [CLI, 'demo', '--no-serve', '--json', '--project', EXAMPLE, '--home', home], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const db = await openDatabase({ home, log: silentLog })
    try {
      const [row] = await db.query<{ table_name: string }>(
        "select table_name from features.online_table where view = 'subs_profile_fv'",
      )
      const [first] = await db.query<{ user_id: string }>(`select user_id from online."${row!.table_name}" limit 1`)
      return await measured(home, first!.user_id)
    } finally {
      await db.close()
    }
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }
}

async function measured(home: string, key: string): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const command of ['up', 'serve']) {
    // The first one is not counted: it writes what Node keeps of compiled code.
    await start(command, home, key)
    const starts: Start[] = []
    for (let i = 0; i < STARTS; i++) starts.push(await start(command, home, key))
    const seconds = median(starts.map((s) => s.seconds))
    const least = Math.min(...starts.map((s) => s.seconds))
    const cpu = median(starts.map((s) => s.cpuSeconds))
    const mb = median(starts.map((s) => s.mb))
    results.push({
      name: `weir ${command} to the first prediction, the database running, median of ${STARTS}`,
      ours: seconds,
      peer: SECONDS_MAX,
      unit: 's',
      ratio: seconds / SECONDS_MAX,
      note: `least ${least.toFixed(2)} s; ${cpu.toFixed(2)} s of processor time, ${mb.toFixed(0)} MB, ${await modulesOf(command, home, key)}; peer is the limit`,
    })
  }
  return results
}

async function start(command: string, home: string, key: string): Promise<Start> {
  const since = performance.now()
  const { child, url } = await listening(command, home, ['ignore', 'pipe', 'inherit'])
  const answer = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: key }),
  })
  const seconds = (performance.now() - since) / 1000
  if (!answer.ok) throw new Error(`/predict answered ${answer.status}: ${await answer.text()}`)
  const figures = { seconds, cpuSeconds: cpuSecondsOf(child.pid!, '/nothing'), mb: memoryOf(child.pid!, '/nothing') }
  await stop(child)
  return figures
}

async function modulesOf(command: string, home: string, key: string): Promise<string> {
  const { child, url } = await listening(command, home, ['ignore', 'pipe', 'pipe'], ['--import', COUNTER])
  await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: key }),
  })
  let told = ''
  child.stderr!.on('data', (chunk) => {
    told += chunk
  })
  await stop(child)
  const [, modules, required] = /modules (\d+) (\d+)/.exec(told) ?? []
  return `${modules} files imported, ${required} required`
}

async function listening(
  command: string,
  home: string,
  stdio: ('ignore' | 'pipe' | 'inherit')[],
  flags: string[] = [],
): Promise<{ child: ChildProcess; url: string }> {
  const args = [...flags, CLI, command, '--json', '--project', EXAMPLE, '--home', home, '--port', '0']
  const child = spawn(process.execPath, args, { stdio })
  let text = ''
  for await (const line of createInterface({ input: child.stdout! })) {
    text += line
    if (line === '}') break
  }
  return { child, url: (JSON.parse(text) as { url: string }).url }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'close')
  child.kill('SIGTERM')
  await ended
}
