import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { PlatformError } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { ensureCluster } from './cluster.ts'
import { guardPids, makeFifo, type ServerSettings, startGuard } from './guard.ts'
import { confirmHold, type Hold, openHold } from './hold.ts'
import { withLock } from './lock.ts'
import { checkRuntime, connectionUrl, giveTo, makeHome, type Places, placesOf } from './places.ts'
import { findGhost, findPostmaster, removeStalePid, stopPostmaster } from './postmaster.ts'
import { signal } from './process.ts'
import { ADMIN, ensureRoles, writeAccessRules } from './roles.ts'

/**
 * The PostgreSQL that weir brings along, one server per home, shared by all weir processes of that home: the first one
 * starts it, the end of the last one stops it, in whatever way that one ends (see guard.ts). Owns `<home>/pg`.
 *
 * Starting and joining happen under a lock. Under it, what is found is one of these, and each step leads on:
 *   FIFO, guard answers           → join
 *   FIFO, nobody reads, server    → the guard was killed: a new guard adopts the server, its users stay
 *   no FIFO, server, guard        → it is just ending: wait
 *   no FIFO, server, no guard     → an orphan that cannot be joined: stop it
 *   a server of a deleted home    → stop it
 *   nothing alive                 → remove what is left, start
 */
export type Embedded = {
  url(database?: string): string
  /** As the role that owns the server: for what needs databases of its own, as tests do. */
  adminUrl(database: string): string
  /** Starts the server again after it was killed under us; leaves one that lives, however slow it is. */
  revive(): Promise<void>
  /** Lets go of the server; the last one to do so ends it. */
  release(): void
}

const LOCK_WAIT_MS = 120_000
const START_WAIT_MS = 300_000
const ENDING_WAIT_MS = 30_000
const POLL_MS = 5
const FILE_ERRORS = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'ENOTDIR', 'EEXIST']

export async function openEmbedded(options: { home: string; log: Log; settings?: ServerSettings }): Promise<Embedded> {
  const { home, log, settings = {} } = options
  const take = async (): Promise<{ places: Places; hold: Hold }> => {
    try {
      makeHome(home)
      const places = placesOf(home)
      return { places, hold: await withLock(places.pg, 'lock', LOCK_WAIT_MS, () => startOrJoin(places, settings, log)) }
    } catch (error) {
      throw explained(error, home)
    }
  }
  let taken = await take()
  let released = false
  return {
    url: (database = 'weir') => connectionUrl(taken.places.runtime, database),
    adminUrl: (database) => connectionUrl(taken.places.runtime, database, ADMIN),
    async revive() {
      // One that lives is only slow: to let go of it as its last user would stop it.
      if (findPostmaster(taken.places)) return
      taken.hold.release()
      taken = await take()
      if (released) taken.hold.release()
    },
    release() {
      released = true
      taken.hold.release()
    },
  }
}

async function startOrJoin(places: Places, settings: ServerSettings, log: Log): Promise<Hold> {
  const binaries = findBinaries(places)
  const until = performance.now() + LOCK_WAIT_MS
  let endingSince: number | undefined
  while (performance.now() < until) {
    const joined = await step(places, binaries, settings, log)
    if (joined === 'ending') {
      endingSince ??= performance.now()
      if (performance.now() - endingSince > ENDING_WAIT_MS) await endBoth(places)
      await delay(POLL_MS)
    } else if (joined) return joined
  }
  throw new PlatformError(
    'unavailable',
    `the database in ${places.pg} could neither be started nor joined: ${logTail(places)}`,
  )
}

async function step(
  places: Places,
  binaries: Binaries,
  settings: ServerSettings,
  log: Log,
): Promise<Hold | 'ending' | undefined> {
  const thereIsRuntime = checkRuntime(places)
  const ghost = findGhost(places)
  if (ghost !== undefined && !findPostmaster(places)) {
    log.warn({ pid: ghost }, 'stopping a PostgreSQL whose data folder is gone')
    await stopPostmaster(ghost)
    return undefined
  }
  const server = findPostmaster(places)
  const fd = thereIsRuntime ? openHold(places) : undefined
  if (typeof fd === 'number') return join(places, fd)
  if (fd === 'no reader' && server) {
    log.warn({ pid: server.pid }, 'the guard of the running PostgreSQL is gone; a new one takes it over')
    for (const pid of guardPids(places)) signal(pid, 'SIGKILL')
    return join(places, startGuard(places, binaries, settings, server.pid))
  }
  if (guardPids(places).length > 0) return 'ending'
  if (server) {
    log.warn({ pid: server.pid }, 'stopping a PostgreSQL that was left behind')
    await stopPostmaster(server.pid)
    return undefined
  }
  return start(places, binaries, settings, log)
}

async function join(places: Places, fd: number): Promise<Hold | undefined> {
  const hold = await confirmHold(places, fd)
  if (!hold) return undefined
  if (await isReady(places)) return hold
  hold.release()
  return undefined
}

async function start(
  places: Places,
  binaries: Binaries,
  settings: ServerSettings,
  log: Log,
): Promise<Hold | undefined> {
  const made = await ensureCluster(places, binaries)
  if (made === 'made') log.info({ data: places.data }, 'made a new database')
  writeAccessRules(places)
  removeStalePid(places)
  rmSync(places.runtime, { recursive: true, force: true })
  mkdirSync(places.runtime, { mode: 0o700 })
  chmodSync(places.runtime, 0o700)
  giveTo(places, places.runtime)
  makeFifo(places)
  const hold = await join(places, startGuard(places, binaries, settings))
  if (hold) await ensureRoles(places)
  if (hold || mayPass(places)) return hold
  throw new PlatformError('unavailable', `PostgreSQL did not start in ${places.pg}: ${logTail(places)}`)
}

/** Waits for the server behind our hold. After a crash it first recovers, which can take a while; false if it ended. */
async function isReady(places: Places): Promise<boolean> {
  const until = performance.now() + START_WAIT_MS
  while (performance.now() < until) {
    if (findPostmaster(places)?.ready) return true
    if (guardPids(places).length === 0) return false
    await delay(POLL_MS)
  }
  return false
}

/** Backends of a killed server live on for a moment and keep the next one out: then trying again helps. */
function mayPass(places: Places): boolean {
  return /shared memory block .* still in use/.test(logTail(places))
}

/** What the file system says, with the folder and its owner. */
function explained(error: unknown, home: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (error instanceof PlatformError || !code || !FILE_ERRORS.includes(code)) return error
  const says = `the embedded database cannot use ${home}: ${message}; set WEIR_HOME to a folder that uid ${process.getuid?.()} may write, or DATABASE_URL to a running server`
  return new PlatformError('unavailable', says, { cause: error })
}

async function endBoth(places: Places): Promise<void> {
  const server = findPostmaster(places)
  if (server) await stopPostmaster(server.pid)
  for (const pid of guardPids(places)) signal(pid, 'SIGKILL')
}

function logTail(places: Places): string {
  try {
    const lines = readFileSync(places.log, 'utf8').trimEnd().split('\n').slice(-8)
    return `the end of ${places.log} says:\n${lines.join('\n')}`
  } catch {
    return 'it left no log'
  }
}
