/**
 * The code of a project: `weir.config.ts` and the files that it imports, and what those import, wherever they lie; and the
 * packages that they use. Imports are read from the same translation by which the file is run. A file that code opens by
 * itself (`readFileSync`) is not seen.
 */
import { readFile, realpath } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { dirname, extname, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Jiti } from 'jiti'
import { digestOf, sha256Hex } from '../base/hash.ts'
import { type Lock, packagesOf, readLock, type UsedPackage } from './lock-file.ts'

export type CodeFile = {
  /** Seen from the project's folder, with `/`; `../` where it lies outside. */
  path: string
  digest: string
  /** Null where it is no text, or larger than `TEXT_BYTES_MAX`. */
  text: string | null
}

export type ProjectCode = {
  /** Of all that follows. */
  digest: string
  files: CodeFile[]
  packages: UsedPackage[]
  lockFile: Pick<Lock, 'name' | 'digest'> | null
}

/** A project that was not read from a file has none. */
export const NO_CODE: ProjectCode = { digest: digestOf([]), files: [], packages: [], lockFile: null }

export const TEXT_BYTES_MAX = 1_000_000
const CODE = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx']

/** `own` names what stands for Weir itself, whose code is told apart; `more` are files that a trainer is made of, as they are. */
export async function projectCode(
  file: string,
  jiti: Jiti,
  own: string,
  more: readonly string[] = [],
): Promise<ProjectCode> {
  const entry = await realpath(file)
  const dir = dirname(entry)
  const bytes = new Map<string, Buffer>()
  const names = new Map<string, Set<string>>()
  const open = [entry]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (bytes.has(at)) continue
    bytes.set(at, await readFile(at))
    if (!CODE.includes(extname(at))) continue
    for (const wanted of imports(jiti, at, bytes.get(at)!)) {
      if (isBuiltin(wanted) || wanted === own || wanted.startsWith(`${own}/`)) continue
      const found = await find(jiti, wanted, at)
      if (found === undefined) continue
      if (!found.includes(`${sep}node_modules${sep}`)) open.push(found)
      else {
        const name = packageName(wanted)
        names.set(name, (names.get(name) ?? new Set()).add(dirname(at)))
      }
    }
  }
  for (const path of more) {
    const place = await realpath(path)
    if (!bytes.has(place)) bytes.set(place, await readFile(place))
  }
  const lock = await readLock(dir)
  const files = [...bytes]
    .map(([path, content]) => codeFile(relative(dir, path).replaceAll(sep, '/'), content))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
  const packages = await packagesOf(names, lock)
  const digest = digestOf([files.map((f) => [f.path, f.digest]), packages])
  return { digest, files, packages, lockFile: lock && { name: lock.name, digest: lock.digest } }
}

/** What is named in the translated text; a name that stands in a comment is taken too, where there is such a file. */
function imports(jiti: Jiti, filename: string, content: Buffer): string[] {
  const source = content.toString('utf8')
  const text = jiti.transform({ filename, source, async: true, ts: /ts|x$/.test(extname(filename)) })
  const named = text.matchAll(/\b(?:jitiImport|require)\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/g)
  return [...new Set([...named].map(([, quoted = '']) => quoted.slice(1, -1)))]
}

async function find(jiti: Jiti, wanted: string, from: string): Promise<string | undefined> {
  try {
    const url = jiti.esmResolve(wanted, { parentURL: pathToFileURL(from).href, try: true })
    if (!url) return undefined
    return await realpath(url.startsWith('file:') ? fileURLToPath(url) : resolve(url))
  } catch {
    return undefined
  }
}

function packageName(wanted: string): string {
  return wanted
    .split('/')
    .slice(0, wanted.startsWith('@') ? 2 : 1)
    .join('/')
}

function codeFile(path: string, content: Buffer): CodeFile {
  const text = content.toString('utf8')
  const whole = content.length <= TEXT_BYTES_MAX && Buffer.from(text).equals(content) && !text.includes('\0')
  return { path, digest: sha256Hex(content), text: whole ? text : null }
}
