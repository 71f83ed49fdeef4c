import type { Project, Source } from '../config/project.ts'
import { kindOfName } from './files/known-endings.ts'
import { isNamedBy } from './files/named-by.ts'
import { visible } from './files/visible.ts'
import { counted, EXAMPLES_MAX, type Finding, finding, shown } from './finding.ts'

/** What a file is that is there instead of the expected one, by its ending. */
const OTHER_ENDINGS: Record<string, string> = {
  gz: 'unpack it first',
  zip: 'unpack it first',
  bz2: 'unpack it first',
  zst: 'unpack it first',
  xz: 'unpack it first',
  xls: 'save it as .xlsx, or as CSV UTF-8',
  ods: 'save it as .xlsx, or as CSV UTF-8',
}

/** An expected file that is not there; names the one that is probably it, and what to do with it. */
export async function missingFile(folder: string, source: Source): Promise<Finding> {
  const alike = (await visible(folder)).filter((name) => isAlike(name, source)).sort(byLikeness(source.file))[0]
  const todo = alike === undefined ? '' : `; there is '${shown(alike)}': ${whatToDo(alike, source.file)}`
  const is = source.file.includes('/') || source.file.includes('*') ? 'there is no such file' : 'the file is missing'
  const says = `${is} (source '${source.name}')${todo}; deliver it, or name the other sources to ingest only them`
  return finding(source, { rule: 'file', says })
}

/**
 * Files of the folder that no source of the project names: a second copy that a browser made, a file under an old name, notes. They
 * are not read, and that is said. Names that begin with a dot are the system's own.
 */
export async function otherFiles(folder: string, project: Project): Promise<Finding[]> {
  const others = (await visible(folder)).filter((name) => !project.sources.some((source) => isNamedBy(name, source)))
  if (others.length === 0) return []
  const examples = others.slice(0, EXAMPLES_MAX).map((name) => {
    const like = project.sources.find((source) => isAlike(name, source))
    return { line: null, key: null, value: like ? `${shown(name)}, which looks like ${like.file}` : shown(name) }
  })
  const says = `${counted(others.length, 'file')} that no source names; not read`
  const folderOf = { name: null, file: 'the folder' }
  return [finding(folderOf, { rule: 'other_files', severity: 'warn', count: others.length, examples, says })]
}

/** `Customers.CSV`, `customers (1).csv`, `customers.csv.bz2`, `customers_final.xlsx` are like `customers.csv`. */
function isAlike(name: string, { file }: Source): boolean {
  return (
    stem(name).startsWith(stem(file)) &&
    /^[^a-z]*(copy|final|new|old|v\d+|kopie|copie|\d)*[^a-z]*$/.test(stem(name).slice(stem(file).length))
  )
}

function stem(name: string): string {
  return name
    .split('/')[0]!
    .toLowerCase()
    .replace(/\*.*$/, '')
    .replace(/(\.(csv|parquet|gz|zip|bz2|zst|xz|xlsx|xls|ods|tsv|txt))+$/, '')
}

/** The one that differs in capitals only comes first, then the shorter. */
function byLikeness(file: string) {
  const rank = (name: string) => (name.toLowerCase() === file.toLowerCase() ? 0 : name.length)
  return (a: string, b: string) => rank(a) - rank(b)
}

function whatToDo(name: string, file: string): string {
  const takeIt = `or write in the source file: '${shown(name)}'`
  if (name.toLowerCase() === file.toLowerCase()) return `names must be equal to the letter: rename it, ${takeIt}`
  const ending = /\.([a-z0-9]+)$/.exec(name.toLowerCase())?.[1] ?? ''
  if (kindOfName(name) === undefined) return OTHER_ENDINGS[ending] ?? 'did you mean it?'
  return `did you mean it? Name it as the source's file, ${takeIt}`
}
