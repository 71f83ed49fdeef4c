import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { PlatformError } from '../../base/errors.ts'
import { type Places, PORT } from './places.ts'
import { commandOf, isAlive, seesFolder, signal, worksIn } from './process.ts'

export type Postmaster = { pid: number; ready: boolean }

/** The living server of this data folder, by its own notes. */
export function findPostmaster(places: Places): Postmaster | undefined {
  const lines = read(join(places.data, 'postmaster.pid'))
  const pid = Number(lines[0])
  if (!(pid > 0) || !isOurs(places, pid)) return undefined
  return { pid, ready: (lines[7] ?? '').trim() === 'ready' }
}

/** The living server behind the socket in our runtime folder: another one if the home was deleted under its feet. */
export function findGhost(places: Places): number | undefined {
  const pid = Number(read(join(places.runtime, `.s.PGSQL.${PORT}.lock`))[0])
  if (!(pid > 0) || !isOurs(places, pid)) return undefined
  return pid === Number(read(join(places.data, 'postmaster.pid'))[0]) ? undefined : pid
}

/**
 * Removes a postmaster.pid that names another process than this server: PostgreSQL itself would refuse to start as
 * long as any process has that pid. Where we cannot see what a foreign `postgres` works on (a home that was copied or
 * moved under a running server, on macOS), a person must look.
 */
export function removeStalePid(places: Places): void {
  const file = join(places.data, 'postmaster.pid')
  const pid = Number(read(file)[0])
  if (pid > 0 && isAlive(pid) && commandOf(pid).includes('postgres') && !seesFolder(pid)) {
    throw new PlatformError(
      'conflict',
      `${file} names pid ${pid}, a PostgreSQL that may be using these data; end it, or remove that file if it belongs to another database`,
    )
  }
  rmSync(file, { force: true })
}

/** Fast shutdown, then an immediate one (the next start recovers), then kill. */
export async function stopPostmaster(pid: number): Promise<void> {
  for (const [name, waitMs] of [
    ['SIGINT', 20_000],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 10_000],
  ] as const) {
    signal(pid, name)
    if (await isGone(pid, waitMs)) return
  }
  throw new PlatformError('unavailable', `the PostgreSQL server with pid ${pid} does not end, not even by kill -9`)
}

async function isGone(pid: number, waitMs: number): Promise<boolean> {
  const until = performance.now() + waitMs
  while (performance.now() < until) {
    if (!isAlive(pid)) return true
    await delay(10)
  }
  return false
}

/** By the socket folder on its command line, which names our home; or by where it works, if the home was moved. */
function isOurs(places: Places, pid: number): boolean {
  if (!isAlive(pid)) return false
  const command = commandOf(pid)
  return command.includes('postgres') && (command.includes(places.runtime) || worksIn(pid, places.data))
}

function read(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}
