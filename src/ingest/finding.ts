import type { Severity, Source } from '../config/project.ts'

export const EXAMPLES_MAX = 5

/**
 * A row that broke a rule. `line` counts lines of the file from 1, the header being the first; of Parquet files and workbooks it
 * counts rows. `part` is the file of a folder of parts that it stands in.
 */
export type Example = { line: number | null; key: string | null; value: string | null; part?: string }

/** One broken rule of one file: how often, and up to five rows of it. */
export type Finding = {
  file: string
  /** Null for what concerns the folder. */
  source: string | null
  column: string | null
  rule: string
  severity: Severity
  count: number
  examples: Example[]
  /** One sentence with file, column and rule, for people. */
  message: string
}

type Details = {
  column?: string
  rule: string
  severity?: Severity
  count?: number
  examples?: Example[]
  /** What is wrong, as the end of a sentence that starts with file and column. */
  says: string
}

type Of = Pick<Source, 'name' | 'file'> | { name: null; file: string }

export function finding(source: Of, details: Details): Finding {
  const { column, rule, severity = 'error', count = 1, examples = [], says } = details
  const where = column === undefined ? source.file : `${source.file}, column '${column}'`
  const unit = (part: string | undefined) => (/\.(parquet|xlsx)$/i.test(part ?? source.file) ? 'row' : 'line')
  const rows = examples.map((example) => describe(example, unit(example.part))).filter((text) => text !== '')
  const message = `${where}: ${says}${rows.length === 0 ? '' : ` (${rows.join('; ')}${count > rows.length ? '; …' : ''})`}`
  return { file: source.file, source: source.name, column: column ?? null, rule, severity, count, examples, message }
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((f) => f.severity === 'error')
}

/** `1 row`, `1,526 rows`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`
}

/** Short enough to be printed, and on one line. Never half a character, which PostgreSQL would not keep. */
export function shown(value: string): string {
  const line = value.slice(0, 81).replaceAll(/[\u0000-\u001f\u007f]/g, (c) => (c === '\n' ? '⏎' : '·'))
  return line.length <= 80 ? line : `${line.slice(0, 79).replace(/[\ud800-\udbff]$/, '')}…`
}

function describe({ line, key, value, part }: Example, unit: string): string {
  const parts = [
    part ?? '',
    line === null ? '' : `${unit} ${line}`,
    key === null ? '' : `key ${key}`,
    value === null ? '' : `'${value}'`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}
