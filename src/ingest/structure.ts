import { open } from 'node:fs/promises'
import { messageOf } from '../base/errors.ts'
import type { Source } from '../config/project.ts'
import { USUAL_FORMAT } from '../config/usual-format.ts'
import { SAVE_AS_UTF8 } from './csv-header.ts'
import type { DeliveredPart } from './delivered.ts'
import { counted, EXAMPLES_MAX, type Example, type Finding, finding, shown } from './finding.ts'
import type { LoadedPart, Reject, Table } from './load-table.ts'
import { type CsvRecord, walkRecords } from './records.ts'

/** Rule and words for each kind of record that DuckDB sets aside. */
const KINDS: Record<string, { rule: string; says: string; todo?: string }> = {
  'MISSING COLUMNS': {
    rule: 'too_few_fields',
    says: 'too few fields',
    todo: 'write an empty field for a missing value, and quotes around a text with a line end',
  },
  'TOO MANY COLUMNS': {
    rule: 'too_many_fields',
    says: 'too many fields',
    todo: 'write quotes around a text with the delimiter in it',
  },
  'UNQUOTED VALUE': {
    rule: 'quotes',
    says: 'a quote that is not closed, or text after a closing quote',
    todo: 'within quotes a quote is written twice',
  },
  'INVALID ENCODING': { rule: 'encoding', says: `bytes that are not UTF-8; ${SAVE_AS_UTF8}` },
  'LINE SIZE OVER MAXIMUM': { rule: 'line_too_long', says: 'a line longer than 2 MB', todo: 'a quote may stand open' },
}

/** What is wrong with the file as CSV: records that are no rows, no rows at all, a last line without its end. */
export async function checkStructure(table: Table): Promise<Finding[]> {
  const { source, parts } = table
  const findings: Finding[] = []
  // A month in which nothing changed is no fault.
  if (table.rows === 0 && parts.every((part) => part.rejects.length === 0) && source.kind === 'snapshot') {
    findings.push(finding(source, { rule: 'no_rows', says: 'the file has a header and no rows; deliver it whole' }))
  }
  for (const part of parts) {
    const at = { ...source, file: part.name }
    if (part.rejects.length > 0) findings.push(...(await rejectFindings(at, part)))
    else if (!part.ended && part.rows > 0) {
      const says = 'the last line has no line end; if the file was cut off there, its last value is wrong'
      findings.push(finding(at, { rule: 'no_final_line_end', severity: 'warn', says }))
    }
  }
  return findings
}

async function rejectFindings(source: Source, part: LoadedPart): Promise<Finding[]> {
  const groups = new Map<string, Reject[]>()
  for (const reject of part.rejects) {
    const rule = KINDS[reject.kind]?.rule ?? 'unreadable'
    const group = groups.get(rule)
    if (group) group.push(reject)
    else groups.set(rule, [reject])
  }
  const wanted = [...groups.values()].flatMap((group) => group.slice(0, EXAMPLES_MAX))
  const records = await recordsAt(source, part, wanted)
  return [...groups].map(([rule, group]) => {
    const examples = group.slice(0, EXAMPLES_MAX).map((reject): Example => {
      const line = records.get(reject)?.line
      return { line: line === undefined ? null : line + part.linesBefore, key: null, value: shown(reject.text) }
    })
    const kind = KINDS[group[0]!.kind]
    const says = kind?.says ?? `DuckDB says: ${group[0]!.kind}`
    const cutOff = [...records].some(([reject, record]) => record.end === 'none' && group.includes(reject))
    const ends = cutOff ? '; the file ends there, as if it were cut off' : ''
    const todo = kind?.todo === undefined ? '' : `; ${kind.todo}`
    return finding(source, {
      rule,
      count: group.length,
      examples,
      says: `${part.moreRejects ? 'at least ' : ''}${counted(group.length, 'line')} with ${says}${ends}${todo}`,
    })
  })
}

/** How DuckDB's errors begin where the bytes of a Parquet file are not what they should be. */
const PARQUET_FAULTS =
  /^(Invalid Input|Invalid|IO|Not implemented|Out of Range|Conversion|Serialization|INTERNAL|TProtocolException)( Error)?/i
const OUR_FAULTS = /no space left|could not write|memory|interrupt/i

/**
 * Where the file changes from one kind of line end to another, which DuckDB refuses without saying where. Throws again
 * what is no fault of the file, such as a full disk.
 */
export async function explainUnreadable(
  source: Source,
  { part, format }: { part: DeliveredPart; format: Table['format'] },
  error: unknown,
): Promise<Finding> {
  const message = messageOf(error)
  if (format === 'parquet') {
    if (!PARQUET_FAULTS.test(message) || OUR_FAULTS.test(message)) throw error
    return brokenParquet(source, part, error)
  }
  if (!message.startsWith('Invalid Input Error')) throw error
  let first: CsvRecord['end'] | undefined
  let other: number | undefined
  await walkRecords(part.path, { keepBlank: false, broken: new Set(), ...source.format }, ({ line, end }) => {
    first ??= end
    if (end !== first && end !== 'none') other = line
    return other === undefined
  })
  if (other === undefined) {
    return unreadable(source, part, error)
  }
  const examples = [{ line: other + part.linesBefore, key: null, value: null }]
  return finding(source, { rule: 'line_ends', says: 'line ends of more than one kind; write all alike', examples })
}

/** The place of our copy says nothing to a person, and would push the reason out of the line. */
function unreadable(source: Source, { path }: DeliveredPart, error: unknown): Finding {
  const said = messageOf(error)
    .split('\n')[0]!
    .replace(/^[A-Za-z ]+ Error: /, '')
    .replaceAll(/ ?(file )?['"]?[^\s'"]*['"]?/gi, (text) => (text.includes(path) ? '' : text))
    .trim()
  return finding(source, { rule: 'unreadable', says: `DuckDB cannot read it: ${shown(said)}` })
}

/** A Parquet file ends as it begins; one that was cut off, or is still being written, does not. */
async function brokenParquet(source: Source, part: DeliveredPart, error: unknown): Promise<Finding> {
  const handle = await open(part.path)
  try {
    const { size } = await handle.stat()
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4))
    if (size >= 12 && buffer.toString('latin1') === 'PAR1') return unreadable(source, part, error)
    const says = `the file ends without PAR1 after ${counted(size, 'byte')}: it was cut off, or is not written to its end; deliver it again`
    return finding(source, { rule: 'unreadable', says })
  } finally {
    await handle.close()
  }
}

/** Where a row stands: its line, or its number where a file has none; and in which part, where there are several. */
export type Where = { line: number; part?: string }

/** Where rows begin. A row's number counts rows only: the records that were set aside are passed over. */
export async function linesOfRows(table: Table, rows: Iterable<number>): Promise<Map<number, Where>> {
  const wanted = [...new Set(rows)]
  const found = new Map<number, Where>()
  for (const part of table.parts) {
    const within = wanted.filter((row) => row > part.before && row <= part.before + part.rows)
    const lines = await linesWithin(table, part, new Set(within.map((row) => row - part.before)))
    const named = table.parts.length > 1 ? { part: part.name } : {}
    for (const [row, line] of lines) found.set(row + part.before, { line, ...named })
  }
  return found
}

async function linesWithin(table: Table, part: LoadedPart, wanted: Set<number>): Promise<Map<number, number>> {
  const lines = new Map<number, number>()
  if (wanted.size === 0) return lines
  if (table.format === 'parquet') return new Map([...wanted].map((row) => [row, row]))
  const { sheet } = part
  if (sheet) return new Map([...wanted].map((row) => [row, sheet.rowOf(row)]))
  const rejects = new Set(part.rejects.map((reject) => reject.byte))
  const first = table.source.format.header ? 1 : 0
  let row = 0
  await walkRecords(part.path, walking(table.source, part), (record) => {
    if (record.index >= first && !rejects.has(record.byte)) {
      row++
      if (wanted.has(row)) lines.set(row, record.line + part.linesBefore)
    }
    return lines.size < wanted.size
  })
  return lines
}

async function recordsAt(
  source: Source,
  part: LoadedPart,
  rejects: readonly Reject[],
): Promise<Map<Reject, CsvRecord>> {
  const byPlace = new Map(rejects.map((reject) => [reject.byte, reject]))
  const found = new Map<Reject, CsvRecord>()
  await walkRecords(part.path, walking(source, part), (record) => {
    const reject = byPlace.get(record.byte)
    if (reject) found.set(reject, record)
    return found.size < rejects.length
  })
  return found
}

/** Our own copy of a sheet is written as usual. */
function walking(source: Source, { sheet, single, rejects }: LoadedPart) {
  const { delimiter, quote } = sheet ? USUAL_FORMAT : source.format
  const broken = new Set(rejects.filter((reject) => reject.kind === 'UNQUOTED VALUE').map((reject) => reject.byte))
  return { keepBlank: single, broken, delimiter, quote }
}
