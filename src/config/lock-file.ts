/** The packages of a project as npm's lock file names them: which one a folder gets, and what that one needs. */
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { sha256Hex } from '../base/hash.ts'

/** `integrity` is null where no lock file of npm's says it: then the version alone names the package. */
export type UsedPackage = { name: string; version: string | null; integrity: string | null }

type Entry = {
  version?: string
  integrity?: string
  link?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

export type Lock = { name: string; digest: string; folder: string; packages: Readonly<Record<string, Entry>> | null }

/** The last three are of other package managers: their digest is told, and the packages as they lie there. */
const NAMES = ['npm-shrinkwrap.json', 'package-lock.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock']

/** The nearest one of this folder and those above it. */
export async function readLock(start: string): Promise<Lock | null> {
  for (let folder = start; ; folder = dirname(folder)) {
    for (const name of NAMES) {
      const bytes = await readFile(join(folder, name)).catch(() => undefined)
      if (bytes) return { name, digest: sha256Hex(bytes), folder, packages: entriesOf(name, bytes) }
    }
    if (dirname(folder) === folder) return null
  }
}

/** `wanted` are names, each with the folders that import it; the answer has what those packages need in turn. */
export async function packagesOf(
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  lock: Lock | null,
): Promise<UsedPackage[]> {
  const found = new Map<string, UsedPackage>()
  for (const [name, folders] of wanted) {
    for (const folder of folders) {
      const place = lock?.packages && placeOf(lock.packages, name, relative(lock.folder, folder).replaceAll(sep, '/'))
      if (lock?.packages && place) addWith(lock.packages, place, found)
      else found.set(name, { name, version: await installedVersion(name, folder), integrity: null })
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, used]) => used)
}

function addWith(packages: Readonly<Record<string, Entry>>, first: string, found: Map<string, UsedPackage>): void {
  const open = [first]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const entry = packages[place]!
    const name = place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)
    if (found.has(place)) continue
    found.set(place, { name, version: entry.version ?? null, integrity: entry.integrity ?? null })
    const needs = { ...entry.peerDependencies, ...entry.optionalDependencies, ...entry.dependencies }
    for (const need of Object.keys(needs)) {
      const next = placeOf(packages, need, place)
      if (next) open.push(next)
    }
  }
}

/** Where Node finds `name` for a file in `folder`: in the nearest node_modules above it. */
function placeOf(packages: Readonly<Record<string, Entry>>, name: string, folder: string): string | undefined {
  for (let at = folder; ; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
    const place = `${at === '' || at === '.' ? '' : `${at}/`}node_modules/${name}`
    if (packages[place]) return place
    if (at === '' || at === '.' || at.startsWith('..')) return undefined
  }
}

async function installedVersion(name: string, start: string): Promise<string | null> {
  for (let folder = start; ; folder = dirname(folder)) {
    const text = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8').catch(() => undefined)
    const { version } = text === undefined ? {} : (JSON.parse(text) as { version?: unknown })
    if (typeof version === 'string') return version
    if (dirname(folder) === folder) return null
  }
}

/** Null where it is not npm's, or cannot be read as such. */
function entriesOf(name: string, bytes: Buffer): Lock['packages'] {
  if (!name.endsWith('.json')) return null
  try {
    return (JSON.parse(bytes.toString('utf8')) as { packages?: Record<string, Entry> }).packages ?? null
  } catch {
    return null
  }
}
