/**
 * The whole main job by `weir demo --no-serve` in a new home, on the real months where they are: seconds from start to
 * prediction, seconds of training, and the greatest memory of the whole process tree (PSS: shared pages counted once),
 * each against the limit that was set for it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realMonths } from '../test/helpers/real-data.ts'
import type { BenchResult } from './harness.ts'

const WEIR = fileURLToPath(new URL('../bin/weir.js', import.meta.url))
const LIMITS = { seconds: 20, training: 5, megabytes: 600 }
const SAMPLE_MS = 50

export async function run(): Promise<BenchResult[]> {
  const home = await mkdtemp(join(tmpdir(), 'weir-bench-demo-'))
  try {
    const data = realMonths()
    const args = ['demo', '--no-serve', '--json', '--home', home, ...(data ? ['--data', data] : [])]
    const note = data ? 'real months' : 'generated months'
    const { seconds, megabytes, stdout } = await measured(args, home)
    const { training } = JSON.parse(stdout) as { training: { seconds: number; metrics: Record<string, number> } }
    console.log(`  metrics: ${JSON.stringify(training.metrics)}`)
    return [
      limited('start to prediction', seconds, LIMITS.seconds, 's', note),
      limited('fit', training.seconds, LIMITS.training, 's', note),
      ...(megabytes > 0 ? [limited('memory of the process tree', megabytes, LIMITS.megabytes, 'MB', note)] : []),
    ]
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

function limited(name: string, ours: number, limit: number, unit: string, note: string): BenchResult {
  return { name, ours, peer: limit, unit, ratio: ours / limit, note: `peer: the limit; ${note}` }
}

async function measured(args: string[], home: string) {
  const since = performance.now()
  const child = spawn(process.execPath, [WEIR, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  let megabytes = 0
  const timer = setInterval(() => {
    megabytes = Math.max(megabytes, memoryOf(child.pid ?? 0, home))
  }, SAMPLE_MS)
  const [code] = await once(child, 'close')
  clearInterval(timer)
  if (code !== 0) throw new Error(`weir ${args.join(' ')}: exit ${code}`)
  return { seconds: (performance.now() - since) / 1000, megabytes, stdout }
}

/** Of the process, its descendants, and the embedded server, which is none of them but works in the home. Linux only. */
function memoryOf(root: number, home: string): number {
  if (process.platform !== 'linux') return 0
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : ''
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (stat) parents.set(Number(name), Number(fields[1]))
  }
  const servers = [...parents.keys()].filter((pid) => folderOf(pid).startsWith(home))
  const belongs = (pid: number): boolean =>
    pid === root || servers.includes(pid) || (parents.has(pid) && pid > 1 && belongs(parents.get(pid)!))
  let kilobytes = 0
  for (const pid of parents.keys()) {
    if (belongs(pid)) kilobytes += Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
  }
  return kilobytes / 1024
}

function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

/** A process may be gone before we look. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
