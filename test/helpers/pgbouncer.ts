import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Missing } from './needs.ts'
import { freePort, inPath } from './programs.ts'

const PROGRAM = process.env.WEIR_PGBOUNCER || inPath('pgbouncer')

export function missingPgbouncer(): Missing {
  if (existsSync(PROGRAM)) return undefined
  return { what: `there is no ${PROGRAM || 'pgbouncer in PATH, and WEIR_PGBOUNCER names none'}` }
}

/** A pooler before the database of a URL with a socket's folder; gone with `stop`. */
export async function startPgbouncer(url: string, mode: 'transaction' | 'session') {
  const { pathname, port, searchParams } = new URL(url)
  const database = pathname.slice(1)
  const dir = await mkdtemp(join(tmpdir(), 'weir-pgbouncer-'))
  await chmod(dir, 0o755)
  const listenPort = await freePort()
  await writeFile(join(dir, 'users'), '"weir" ""\n')
  await writeFile(
    join(dir, 'ini'),
    `[databases]
${database} = host=${searchParams.get('host')} port=${port} dbname=${database} user=weir
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = trust
auth_file = ${join(dir, 'users')}
pool_mode = ${mode}
ignore_startup_parameters = extra_float_digits
`,
  )
  // It does not run as root.
  const as = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const child = spawn(PROGRAM, [join(dir, 'ini')], { stdio: 'ignore', ...as })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  await listens(listenPort)
  return {
    url: `postgresql://weir@127.0.0.1:${listenPort}/${database}`,
    async stop() {
      child.kill('SIGKILL')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function listens(port: number): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>((done) => {
      const socket = createConnection({ host: '127.0.0.1', port })
      socket.once('connect', () => done(true)).once('error', () => done(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    await new Promise((done) => setTimeout(done, 20))
  }
}
