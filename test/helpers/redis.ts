import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import type { Missing } from './needs.ts'
import { freePort, inPath } from './programs.ts'

/** WEIR_REDIS_SERVER, else the `redis-server` that a shell would find. */
const PROGRAM = process.env.WEIR_REDIS_SERVER || inPath('redis-server')

/** Whether there is a real Redis to test with; in CI there must be, so that a missing one fails. */
export function haveRedis(): boolean {
  return missingRedis() === undefined || process.env.CI === 'true'
}

export function missingRedis(): Missing {
  if (existsSync(PROGRAM)) return undefined
  return { what: `there is no ${PROGRAM || 'redis-server in PATH, and WEIR_REDIS_SERVER names none'}` }
}

/** A Redis of its own on loopback, gone with `stop`. */
export async function startRedis(
  wanted?: number,
  more: readonly string[] = [],
): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-redis-'))
  const port = wanted ?? (await freePort())
  const server = spawn(PROGRAM, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir, ...more], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  const url = `redis://127.0.0.1:${port}`
  const client = createClient({ url })
  client.on('error', () => {})
  await client.connect()
  await client.ping()
  await client.close()
  async function stop() {
    server.kill('SIGTERM')
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  return { url, stop }
}
