import { open } from 'node:fs/promises'
import { messageOf } from '../base/errors.ts'
import type { Source } from '../config/project.ts'
import { SAVE_AS_UTF8 } from './csv-header.ts'
import type { DeliveredFile } from './delivery-file.ts'
import { counted, EXAMPLES_MAX, type Example, type Finding, finding, shown } from './finding.ts'
import type { Reject, Table } from './load-table.ts'
import { type CsvRecord, walkRecords } from './records.ts'

/** Rule and words for each kind of record that DuckDB sets aside. */
const KINDS: Record<string, { rule: string; says: string }> = {
  'MISSING COLUMNS': { rule: 'too_few_fields', says: 'too few fields' },
  'TOO MANY COLUMNS': { rule: 'too_many_fields', says: 'too many fields' },
  'UNQUOTED VALUE': { rule: 'quotes', says: 'a quote that is not closed, or text after a closing quote' },
  'INVALID ENCODING': { rule: 'encoding', says: `bytes that are not UTF-8; ${SAVE_AS_UTF8}` },
  'LINE SIZE OVER MAXIMUM': { rule: 'line_too_long', says: 'a line longer than 2 MB' },
}

/** What is wrong with the file as CSV: records that are no rows, no rows at all, a last line without its end. */
export async function checkStructure(table: Table): Promise<Finding[]> {
  const { source, file, rejects } = table
  const findings: Finding[] = []
  // A month in which nothing changed is no fault.
  if (table.rows === 0 && rejects.length === 0 && source.kind === 'snapshot') {
    findings.push(finding(source, { rule: 'no_rows', says: 'the file has a header and no rows' }))
  }
  if (rejects.length > 0) findings.push(...(await rejectFindings(table)))
  else if (!file.ended && table.rows > 0) {
    const says = 'the last line has no line end; if the file was cut off there, its last value is wrong'
    findings.push(finding(source, { rule: 'no_final_line_end', severity: 'warn', says }))
  }
  return findings
}

async function rejectFindings(table: Table): Promise<Finding[]> {
  const groups = new Map<string, Reject[]>()
  for (const reject of table.rejects) {
    const rule = KINDS[reject.kind]?.rule ?? 'unreadable'
    const group = groups.get(rule)
    if (group) group.push(reject)
    else groups.set(rule, [reject])
  }
  const wanted = [...groups.values()].flatMap((group) => group.slice(0, EXAMPLES_MAX))
  const records = await recordsAt(table, wanted)
  return [...groups].map(([rule, group]) => {
    const examples = group.slice(0, EXAMPLES_MAX).map((reject): Example => {
      return { line: records.get(reject)?.line ?? null, key: null, value: shown(reject.text) }
    })
    const says = KINDS[group[0]!.kind]?.says ?? `DuckDB says: ${group[0]!.kind}`
    const cutOff = [...records].some(([reject, record]) => record.end === 'none' && group.includes(reject))
    const ends = cutOff ? '; the file ends there, as if it were cut off' : ''
    return finding(table.source, {
      rule,
      count: group.length,
      examples,
      says: `${table.moreRejects ? 'at least ' : ''}${counted(group.length, 'line')} with ${says}${ends}`,
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
export async function explainUnreadable(source: Source, file: DeliveredFile, error: unknown): Promise<Finding> {
  const message = messageOf(error)
  if (file.format === 'parquet') {
    if (!PARQUET_FAULTS.test(message) || OUR_FAULTS.test(message)) throw error
    return brokenParquet(source, file, error)
  }
  if (!message.startsWith('Invalid Input Error')) throw error
  let first: CsvRecord['end'] | undefined
  let other: number | undefined
  await walkRecords(file.path, { keepBlank: false, broken: new Set() }, ({ line, end }) => {
    first ??= end
    if (end !== first && end !== 'none') other = line
    return other === undefined
  })
  if (other === undefined) {
    return unreadable(source, file, error)
  }
  const examples = [{ line: other, key: null, value: null }]
  return finding(source, { rule: 'line_ends', says: 'line ends of more than one kind; write all alike', examples })
}

/** The place of our copy says nothing to a person, and would push the reason out of the line. */
function unreadable(source: Source, file: DeliveredFile, error: unknown): Finding {
  const said = messageOf(error)
    .split('\n')[0]!
    .replace(/^[A-Za-z ]+ Error: /, '')
    .replaceAll(/ ?(file )?['"]?[^\s'"]*['"]?/gi, (text) => (text.includes(file.path) ? '' : text))
    .trim()
  return finding(source, { rule: 'unreadable', says: `DuckDB cannot read it: ${shown(said)}` })
}

/** A Parquet file ends as it begins; one that was cut off, or is still being written, does not. */
async function brokenParquet(source: Source, file: DeliveredFile, error: unknown): Promise<Finding> {
  const handle = await open(file.path)
  try {
    const { size } = await handle.stat()
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, Math.max(0, size - 4))
    if (size >= 12 && buffer.toString('latin1') === 'PAR1') return unreadable(source, file, error)
    const says = `the file ends without PAR1 after ${counted(size, 'byte')}: it was cut off, or is not written to its end; deliver it again`
    return finding(source, { rule: 'unreadable', says })
  } finally {
    await handle.close()
  }
}

/** The lines on which rows begin; for Parquet, which has no lines, the numbers of the rows themselves. A row's number counts rows only: the records that were set aside are passed over. */
export async function linesOfRows(table: Table, rows: Iterable<number>): Promise<Map<number, number>> {
  const wanted = new Set(rows)
  const lines = new Map<number, number>()
  if (wanted.size === 0) return lines
  if (table.file.format === 'parquet') return new Map([...wanted].map((row) => [row, row]))
  const rejects = new Set(table.rejects.map((reject) => reject.byte))
  let row = 0
  await walkRecords(table.file.path, { keepBlank: table.single, broken: brokenQuotes(table) }, (record) => {
    if (record.index > 0 && !rejects.has(record.byte)) {
      row++
      if (wanted.has(row)) lines.set(row, record.line)
    }
    return lines.size < wanted.size
  })
  return lines
}

async function recordsAt(table: Table, rejects: readonly Reject[]): Promise<Map<Reject, CsvRecord>> {
  const byPlace = new Map(rejects.map((reject) => [reject.byte, reject]))
  const found = new Map<Reject, CsvRecord>()
  await walkRecords(table.file.path, { keepBlank: table.single, broken: brokenQuotes(table) }, (record) => {
    const reject = byPlace.get(record.byte)
    if (reject) found.set(reject, record)
    return found.size < rejects.length
  })
  return found
}

function brokenQuotes(table: Table): Set<number> {
  return new Set(table.rejects.filter((reject) => reject.kind === 'UNQUOTED VALUE').map((reject) => reject.byte))
}
