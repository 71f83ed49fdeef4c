import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { freePort } from './programs.ts'

const PROGRAM = process.env.WEIR_REDIS_SERVER || '/usr/bin/redis-server'

/** Whether there is a real Redis to test with; in CI there must be, so that a missing one fails. */
export function haveRedis(): boolean {
  if (existsSync(PROGRAM)) return true
  console.warn(`Redis is not tested: there is no ${PROGRAM}; WEIR_REDIS_SERVER may name another`)
  return process.env.CI === 'true'
}

/** A Redis of its own on loopback, gone with `stop`. */
export async function startRedis(wanted?: number): Promise<{ url: string; stop(): Promise<void> }> {
  const dir = await mkdtemp(join(tmpdir(), 'weir-redis-'))
  const port = wanted ?? (await freePort())
  const server = spawn(PROGRAM, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', dir], {
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
