import { chownSync, existsSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { PlatformError } from '../../base/errors.ts'
import { sha256Hex } from '../../base/hash.ts'

/**
 * Where an embedded server keeps its things, and as whom it runs.
 *
 * - `<home>/pg/data`: the data folder; `<home>/pg/server.log`; `<home>/pg/lock.N`.
 * - `/tmp/weir-<uid>-<hash of home>`: socket, FIFO and the guard's notes, while a server runs. Not inside the home: a
 *   socket's path may have some 100 bytes only, and mounted folders often know no sockets. Not under TMPDIR: two
 *   commands with different environments must meet.
 *
 * Who may connect: the runtime folder is 0700, so only the user that runs the server, who could read the data files
 * as well (and root). Inside that folder PostgreSQL trusts.
 *
 * As root: PostgreSQL refuses uid 0. The server then runs as the owner of an existing data folder, else as `nobody`,
 * who needs no right to any folder above the data: it is started inside its data folder and only knows it as
 * /proc/self/cwd. So a home under a 0700 folder stays private, and its data stay in the home. What else runs as
 * nobody on that machine could read the data: for more than a container or a trial, start weir as a normal user.
 */
export type Places = {
  pg: string
  data: string
  log: string
  runtime: string
  fifo: string
  guardFile: string
  /** What the server is told its data folder is; it is started with `data` as its working folder. */
  dataArgument: string
  /** Set when the server must run as another user than this process. */
  as: { uid: number; gid: number } | undefined
  uid: number
}

export const PORT = 5432
const SOCKET_PATH_MAX = 100

export function placesOf(home: string): Places {
  if (process.platform === 'win32') throw unsupported()
  const pg = join(existsSync(home) ? realpathSync(home) : resolve(home), 'pg')
  const data = join(pg, 'data')
  const as = serverUser(data)
  const uid = as?.uid ?? process.getuid?.() ?? 0
  const runtime = join('/tmp', `weir-${uid}-${sha256Hex(pg).slice(0, 16)}`)
  if (runtime.length > SOCKET_PATH_MAX) throw new Error(`socket folder too long: ${runtime}`)
  return {
    pg,
    data,
    log: join(pg, 'server.log'),
    runtime,
    fifo: join(runtime, 'fifo'),
    guardFile: join(runtime, 'guard'),
    dataArgument: as ? '/proc/self/cwd' : data,
    as,
    uid,
  }
}

/** A connection string for `pg`. It names a host only because some parsers insist; `host=` is what counts. */
export function connectionUrl(runtime: string, database: string, role = 'weir'): string {
  return `postgresql://${role}@localhost:${PORT}/${database}?host=${encodeURIComponent(runtime)}&sslmode=disable`
}

/** Gives what root made to the user of the server. */
export function giveTo(places: Places, path: string): void {
  if (places.as) chownSync(path, places.as.uid, places.as.gid)
}

/** Refuses a runtime folder that somebody else made: /tmp is everybody's. False when there is none. */
export function checkRuntime(places: Places): boolean {
  const stat = lstatSync(places.runtime, { throwIfNoEntry: false })
  if (!stat) return false
  const ours =
    stat.isDirectory() && (stat.mode & 0o077) === 0 && (stat.uid === places.uid || stat.uid === process.getuid?.())
  if (ours) return true
  throw new PlatformError(
    'unavailable',
    `${places.runtime} should be a private folder of uid ${places.uid} and is not (owner ${stat.uid}); remove it, then try again`,
  )
}

/** The folder must exist before `placesOf` looks: its real path is what two commands agree on. */
export function makeHome(home: string): void {
  mkdirSync(join(home, 'pg'), { recursive: true })
}

function serverUser(data: string): Places['as'] {
  if (process.getuid?.() !== 0) return undefined
  const owner = existsSync(data) ? statSync(data) : undefined
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  if (process.platform === 'linux') return { uid: 65534, gid: 65534 }
  throw new PlatformError(
    'unsupported',
    'PostgreSQL does not run as root; start weir as a normal user, or set DATABASE_URL to a running server',
  )
}

function unsupported(): PlatformError {
  return new PlatformError(
    'unsupported',
    'the embedded PostgreSQL needs Linux or macOS; on Windows use WSL, or set DATABASE_URL to a running server',
  )
}
