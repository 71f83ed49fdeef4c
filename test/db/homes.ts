import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { embeddedStatus } from '../../src/db/embedded/status.ts'

/** Homes and the processes that use them, for tests of the launcher. Everything made here is gone after `endAll`. */
const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
const HOLDER = fileURLToPath(new URL('./holder.mjs', import.meta.url))
const WAIT_MS = 30_000

export type Holder = { pid: number; url: string; child: number | null; process: ChildProcess; error?: string }

const homes: string[] = []
const processes: ChildProcess[] = []
const children: number[] = []

export function newestHolder(): number {
  return processes.at(-1)?.pid ?? 0
}

export function newHome(owner?: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-home-'))
  chmodSync(folder, 0o700)
  if (owner !== undefined) chownSync(folder, owner, owner)
  homes.push(folder)
  return folder
}

/** A home with a database in it: a copy of one made once, because making one takes most of a second. */
export async function newHomeWithData(): Promise<string> {
  pattern ??= makePattern()
  const home = newHome()
  mkdirSync(join(home, 'pg'))
  execFileSync('cp', ['-a', join(await pattern, 'pg/data'), join(home, 'pg/data')])
  return home
}
let pattern: Promise<string> | undefined

async function makePattern(): Promise<string> {
  const home = newHome()
  const user = await hold(home)
  kill(user.pid)
  await stopped(home)
  homes.splice(homes.indexOf(home), 1)
  patterns.push(home)
  return home
}
const patterns: string[] = []

/** Starts a process on the database of `home`; it has it (or said why not) when this resolves. */
export async function hold(
  home: string,
  options: { child?: boolean; uid?: number; dist?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Holder> {
  const as = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }
  const args = [HOLDER, options.dist ?? DIST, home, ...(options.child ? ['child'] : [])]
  const started = spawn(process.execPath, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, ...options.env },
    ...as,
  })
  processes.push(started)
  for await (const line of createInterface({ input: started.stdout })) {
    const said = JSON.parse(line) as { url: string; child: number | null; error?: string }
    if (said.child) children.push(said.child)
    return { ...said, pid: started.pid ?? 0, process: started }
  }
  throw new Error('the holder ended without a word')
}

/** Whether a process of another user can run our code from where it lies. */
export function othersMayRunUs(): boolean {
  // Our code, and the Node that runs it: `npx` keeps one below the home of root.
  return [DIST, dirname(realpathSync(process.execPath))].every((start) => {
    for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
      if ((statSync(folder).mode & 0o001) === 0) return false
    }
    return true
  })
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Polls until true; the test fails when it never is. */
export async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS
  while (!(await is())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`)
    await delay(10)
  }
}

export function stopped(home: string): Promise<void> {
  return until('the server has ended', () => {
    const status = embeddedStatus(home)
    return status.state !== 'running' && status.state !== 'starting' && !status.guarded
  })
}

export async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

export function removePattern(): void {
  pattern = undefined
  for (const home of patterns.splice(0)) rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 })
}

export async function endAll(): Promise<void> {
  for (const child of children.splice(0)) kill(child)
  for (const started of processes.splice(0)) started.kill('SIGKILL')
  for (const home of homes.splice(0)) {
    await stopped(home)
    rmSync(home, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 })
  }
}
