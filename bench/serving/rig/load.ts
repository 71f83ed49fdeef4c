/** Load from a process of its own: `wrk` where it is installed, which takes a tenth of the processor that autocannon does. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import autocannon from 'autocannon'

const SCRIPT = fileURLToPath(new URL('./wrk.lua', import.meta.url))

export type Asked = { url: string; connections: number; seconds: number; bodies: readonly string[] }
export type Round = { perSecond: number; p50Ms: number; p99Ms: number; requests: number; failed: number }

export function loadName(): 'wrk' | 'autocannon' {
  try {
    execFileSync('which', ['wrk'], { stdio: 'ignore' })
    return 'wrk'
  } catch {
    return 'autocannon'
  }
}

/** Asks for some seconds with these bodies in turn. Answers that are no success are counted as failed. */
export async function load(asked: Asked): Promise<Round> {
  return loadName() === 'wrk' ? byWrk(asked) : byAutocannon(asked)
}

/** The same; an answer that fails ends the benchmark: a fast error is no figure. */
export async function loadWithoutFailure(asked: Asked): Promise<Round> {
  const round = await load(asked)
  if (round.failed > 0) throw new Error(`${round.failed} of ${round.requests} requests to ${asked.url} failed`)
  return round
}

async function byWrk({ url, connections, seconds, bodies }: Asked): Promise<Round> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-bench-wrk-'))
  try {
    const file = join(dir, 'bodies')
    await writeFile(file, bodies.join('\n'))
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT, url, '--', file]
    const { stdout } = await promisify(execFile)('wrk', args)
    const told = JSON.parse(stdout.trim().split('\n').at(-1)!) as Omit<Round, 'perSecond'> & { seconds: number }
    return { ...told, perSecond: told.requests / told.seconds }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function byAutocannon({ url, connections, seconds, bodies }: Asked): Promise<Round> {
  const headers = { 'content-type': 'application/json' }
  const requests = bodies.map((body) => ({ body }))
  const result = await autocannon({ url, method: 'POST', headers, requests, connections, duration: seconds })
  const { p50, p99 } = result.latency
  return {
    perSecond: result.requests.total / result.duration,
    p50Ms: p50,
    p99Ms: p99,
    requests: result.requests.total,
    failed: result.non2xx + result.errors + result.timeouts,
  }
}
