import { execFile } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PlatformError } from '../../base/errors.ts'
import type { Binaries } from './binaries.ts'
import { giveTo, type Places } from './places.ts'

/**
 * Makes sure that `<home>/pg/data` is a whole data folder of our version. A new one is made aside and renamed when it
 * is complete and on disk, so that one interrupted half-way is never taken for a database. Call it under the lock.
 */
export async function ensureCluster(places: Places, binaries: Binaries): Promise<'made' | 'there'> {
  sweepDrafts(places)
  if (existsSync(places.data)) {
    checkVersion(places, binaries)
    return 'there'
  }
  const draft = join(places.pg, `data.new-${process.pid}-${Date.now()}`)
  mkdirSync(draft, { mode: 0o700 })
  giveTo(places, draft)
  await initdb(places, binaries, draft)
  chmodSync(draft, 0o700)
  renameSync(draft, places.data)
  syncFolder(places.pg)
  return 'made'
}

/** An initdb whose weir was killed may still be writing there for a moment: what resists is left for the next start. */
function sweepDrafts(places: Places): void {
  for (const name of readdirSync(places.pg)) {
    if (!name.startsWith('data.new-')) continue
    try {
      rmSync(join(places.pg, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 20 })
    } catch {}
  }
}

async function initdb(places: Places, binaries: Binaries, draft: string): Promise<void> {
  const folder = places.as ? places.dataArgument : draft
  const text = ['--encoding=UTF8', '--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const args = ['-D', folder, '-U', 'weir_admin', '--auth=trust', ...text, '--no-instructions']
  try {
    await promisify(execFile)(binaries.initdb, args, { cwd: draft, env: serverEnv(), ...places.as })
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    const said = (error as { stderr?: string }).stderr?.trim() || (error as Error).message
    throw new PlatformError(
      'unavailable',
      `PostgreSQL could not make its data folder in ${places.pg}: ${said}${hint(error)}`,
      {
        cause: error,
      },
    )
  }
}

/** Only what the server's programs need: PGDATA, PGPORT and their kin must not reach them. */
export function serverEnv(): NodeJS.ProcessEnv {
  // The user that the server runs as may not read the folders of ours.
  const folders = [process.env.PATH, '/usr/bin', '/bin'].filter(Boolean)
  return { PATH: folders.join(':'), LC_ALL: 'C', TZ: 'UTC' }
}

function checkVersion(places: Places, binaries: Binaries): void {
  const file = join(places.data, 'PG_VERSION')
  if (!existsSync(file)) {
    throw new PlatformError(
      'corrupt',
      `${places.data} is not a PostgreSQL data folder (it has no PG_VERSION); move it away`,
    )
  }
  const found = readFileSync(file, 'utf8').trim()
  if (found === binaries.major) return
  throw new PlatformError(
    'unsupported',
    `${places.data} was made by PostgreSQL ${found}, this weir brings ${binaries.major}; use the weir that made it to back it up, and restore into a new home`,
  )
}

function hint(error: unknown): string {
  const code = (error as { code?: unknown }).code
  if (code === 'ENOENT') return ' (the programs need glibc: on Alpine set DATABASE_URL to a running server)'
  if (code === 'EPERM') return ' (root may not change the user here: start weir as a normal user, or set DATABASE_URL)'
  return ''
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r')
  fsyncSync(fd)
  closeSync(fd)
}
