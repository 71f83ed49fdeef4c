import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256Hex } from '../../base/hash.ts'
import type { Source } from '../../config/project.ts'
import { counted, EXAMPLES_MAX, type Finding, finding, shown } from '../finding.ts'
import { missingFile } from '../folder-files.ts'
import { type FileKind, kindOfName } from './known-endings.ts'
import { fits, isNamedBy } from './named-by.ts'
import { visible } from './visible.ts'
import { isWithin } from './within.ts'

/** A file that a source is read from. `name` is that within the delivery's folder: `customers.csv`, `customers/a.parquet`. */
export type Part = { name: string; path: string } & FileKind

/** What there is for a source: one file, or the parts of a folder in order of their names. */
export type Located = { name: string; parts: Part[]; folder: boolean; findings: Finding[] }

const PARTS_MAX = 10_000

export async function locate(folder: string, source: Source): Promise<Located | Finding> {
  const fault = (says: string) => finding(source, { rule: 'file', says })
  const found = (await visible(folder)).filter((name) => isNamedBy(name, source))
  if (found.length > 1) {
    const names = found.map((name) => `'${shown(name)}'`).join(' and ')
    const todo = 'which one is meant is not guessed'
    return fault(
      `there are ${names}: ${todo}; take the other away, or name the one in the source: file: '${shown(found[0]!)}'`,
    )
  }
  const [name] = found
  if (name === undefined) return missingFile(folder, source)
  const path = await within(folder, name, source)
  if (typeof path !== 'string') return path
  const is = await stat(path)
  const parts = source.file.includes('/') || (source.anyFile && name === source.name)
  if (is.isDirectory() && parts) return partsOf(folder, name, source)
  const kind = kindOfName(name)
  if (source.file.includes('/') || !is.isFile())
    return fault(is.isFile() ? 'it is a file, and a folder is expected' : 'it is not a regular file')
  if (kind === undefined) return finding({ ...source, file: name }, { rule: 'file', says: UNKNOWN })
  return { name, parts: [{ name, path, ...kind }], folder: false, findings: [] }
}

const UNKNOWN =
  'a file with this ending is not read; save it as .csv, .tsv, .txt (also .gz and .zst), .parquet or .xlsx'

/** All files of one kind; what else there is, is told. */
async function partsOf(folder: string, name: string, source: Source): Promise<Located | Finding> {
  const at = { name: source.name, file: `${name}/` }
  const pattern = source.file.includes('/') ? source.file.split('/')[1]! : undefined
  if (pattern === undefined && !source.anyFile)
    return finding(source, { rule: 'file', says: 'it is not a regular file' })
  const entries = (await visible(join(folder, name))).filter((entry) => !entry.startsWith('_'))
  const meant = entries.filter((entry) =>
    pattern === undefined ? kindOfName(entry) !== undefined : fits(entry, pattern),
  )
  const strays = entries.filter((entry) => !meant.includes(entry))
  const parts: Part[] = []
  for (const entry of meant.sort()) {
    const path = await within(folder, `${name}/${entry}`, source)
    if (typeof path !== 'string') return path
    const kind = kindOfName(entry)
    if (kind === undefined) return finding({ ...source, file: `${name}/${entry}` }, { rule: 'file', says: UNKNOWN })
    if (!(await stat(path)).isFile())
      return finding(at, { rule: 'file', says: `'${shown(entry)}' is not a regular file` })
    parts.push({ name: `${name}/${entry}`, path, ...kind })
  }
  const [first] = parts
  const other = parts.find((part) => part.format !== first?.format)
  if (first && other) {
    const says = `the parts are of two kinds: '${shown(first.name)}' and '${shown(other.name)}'; write one kind, or name it: file: '${name}/*.${first.format}'`
    return finding(at, { rule: 'file', says })
  }
  if (!first)
    return finding(at, {
      rule: 'file',
      says: `the folder has no part${pattern === undefined ? '' : ` like ${pattern}`}; deliver it with its files`,
    })
  if (parts.length > PARTS_MAX) {
    return finding(at, {
      rule: 'file',
      says: `${counted(parts.length, 'part')}; at most ${counted(PARTS_MAX, 'part')} are read`,
    })
  }
  const examples = strays.slice(0, EXAMPLES_MAX).map((stray) => ({ line: null, key: null, value: shown(stray) }))
  const says = `${counted(strays.length, 'file')} that ${strays.length === 1 ? 'is no part' : 'are no parts'}; not read`
  const findings =
    strays.length === 0
      ? []
      : [finding(at, { rule: 'other_files', severity: 'warn', count: strays.length, examples, says })]
  return { name: `${name}/`, parts, folder: true, findings }
}

/** What was delivered, in one digest: that of a file, or of the names and digests of the parts of a folder. */
export function digestOf({ folder, parts }: Located, digests: readonly string[]): string {
  return folder ? sha256Hex(parts.map((part, i) => `${digests[i]}  ${part.name}\n`).join('')) : digests[0]!
}

/** A link that leads out of the folder is refused: what is delivered is the folder. */
async function within(folder: string, name: string, source: Source): Promise<string | Finding> {
  const at = { name: source.name, file: name }
  const path = await realpath(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') return unreadable(at)(error)
    return finding(at, {
      rule: 'file',
      says: 'the file is missing: there is a link that leads nowhere; deliver the file',
    })
  })
  if (typeof path !== 'string') return path
  return isWithin(folder, path) ? path : finding(at, { rule: 'file', says: 'it is a link out of the folder' })
}

/** The file system's own refusal (rights, a loop of links) is a fault of the delivery; a full disk of ours is not. */
export function unreadable(at: Pick<Source, 'name' | 'file'>): (error: NodeJS.ErrnoException) => Finding {
  return (error) => {
    if (!['EACCES', 'EPERM', 'ELOOP', 'ENOTDIR', 'ENOENT'].includes(error.code ?? '')) throw error
    return finding(at, { rule: 'file', says: `the file cannot be read (${error.code})` })
  }
}
