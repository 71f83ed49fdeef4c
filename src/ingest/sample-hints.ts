import { join } from 'node:path'
import type { Finding } from './finding.ts'

/** What a file is refused for when it is written in another way than its source says: a `format` block may put it right. */
const ABOUT_FORMAT = new Set([
  ...['columns', 'delimiter', 'encoding', 'quotes', 'too_few_fields', 'too_many_fields', 'type', 'unnamed_columns'],
  'unreadable',
])
const FILES_MAX = 3

/** Files that may be written in another way than their source says, each with its source; at most FILES_MAX. */
export function aboutFormat(errors: readonly Finding[]): Map<string, string> {
  const files = new Map<string, string>()
  for (const { rule, file, source, severity } of errors) {
    if (severity === 'error' && source !== null && ABOUT_FORMAT.has(rule)) files.set(file, source)
  }
  return new Map([...files].slice(0, FILES_MAX))
}

/** The command that looks how such files are written and proposes what to write in the project. */
export function sampleHints(directory: string, errors: readonly Finding[]): string[] {
  const files = aboutFormat(errors)
  // Rows and tables of a database are no files; of files that were sent only the sender has the folder.
  const folder = directory.startsWith('(') ? '' : directory
  if (files.size === 0 || (folder === '' && directory !== UPLOAD)) return []
  const commands = [...files].map(([file, source]) => {
    return `    weir check --sample ${inShell(join(folder, file))} --source ${source}`
  })
  const written = files.size === 1 ? 'a file that is' : 'files that are'
  return [`  for ${written} written in another way, this says what to add to the project:`, ...commands]
}

/** Stands for the folder of files that came over HTTP. */
export const UPLOAD = '(upload)'

function inShell(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
