import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { silentLog } from '../../src/base/log.ts'
import { openEmbedded } from '../../src/db/embedded/embedded.ts'
import { startWeir as startProduct, stop } from '../processes.ts'

export type BenchServer = {
  kind: 'weir' | 'mlflow'
  url: string
  pid: number
  databaseUrl: string
  stop(): Promise<void>
}

/** One PostgreSQL as the product starts it, with fsync, and a database for each server. */
export async function openBenchDatabases(home: string) {
  const server = await openEmbedded({ home: join(home, 'postgres'), log: silentLog })
  return {
    async create(name: string): Promise<string> {
      const client = new pg.Client({ connectionString: server.adminUrl('postgres') })
      await client.connect()
      await client.query(`create database bench_${name} owner weir`)
      await client.end()
      return server.url(`bench_${name}`)
    },
    close: async () => server.release(),
  }
}

export async function startWeir(databaseUrl: string, home: string): Promise<BenchServer> {
  const { url, child } = await startProduct(home, ['--database-url', databaseUrl])
  return { kind: 'weir', url, pid: child.pid!, databaseUrl, stop: () => stop(child) }
}

/** As its documentation starts it, with its usual number of workers. */
export async function startMlflow(python: string, databaseUrl: string, folder: string): Promise<BenchServer> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const socket = new URL(databaseUrl)
  const store = `postgresql://${socket.username}@/${socket.pathname.slice(1)}?host=${socket.searchParams.get('host')}&port=${socket.port}`
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port)]
  const child = spawn(python, [...args, '--backend-store-uri', store, '--artifacts-destination', folder], {
    stdio: ['ignore', 'ignore', 'ignore'],
    detached: true,
    env: { ...process.env, GIT_PYTHON_REFRESH: 'quiet' },
  })
  // The whole group: gunicorn and its workers.
  const end = async () => {
    const ended = once(child, 'exit')
    process.kill(-child.pid!, 'SIGTERM')
    await ended
  }
  while (child.exitCode === null) {
    if (
      await fetch(`${url}/health`).then(
        (a) => a.ok,
        () => false,
      )
    ) {
      return { kind: 'mlflow', url, pid: child.pid!, databaseUrl, stop: end }
    }
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error(`mlflow server ended with ${child.exitCode}; does its Python have psycopg2?`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
