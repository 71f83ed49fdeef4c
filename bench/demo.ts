/**
 * The whole main job by `weir demo --no-serve` in a new home, on the real months where they are: seconds from start to
 * prediction, seconds of training, and the greatest memory of the whole process tree (PSS: shared pages counted once),
 * each against the limit that was set for it.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { realMonths } from '../test/helpers/real-data.ts'
import type { BenchResult } from './harness.ts'
import { memoryOf } from './processes.ts'

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
