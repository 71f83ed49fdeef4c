import { messageOf, PlatformError } from '../base/errors.ts'
import type { Severity } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import { rowChecks } from './column-checks.ts'
import { counted, EXAMPLES_MAX, type Finding, finding, shown } from './finding.ts'
import { keyText, type Table } from './load-table.ts'
import { newParams, type RowCheck } from './row-check.ts'
import { linesOfRows, type Where } from './structure.ts'

/** A rule that was broken: by how many rows, and the numbers of the first of them. */
type Hit = { check: Omit<RowCheck, 'broken'>; count: number; rows: number[] }

/** All rules that one table can break by itself, each with its count and its first rows. */
export async function checkTable(duck: DuckSession, table: Table): Promise<Finding[]> {
  if (table.rows === 0) return []
  const broken = [...(await brokenRows(duck, table)), ...(await repeatedRows(duck, table))]
  const hits = [...broken, ...(await supersededRows(duck, table)), ...(await noteBelow(duck, table))]
  const numbers = hits.flatMap((hit) => hit.rows)
  const lines = await linesOfRows(table, numbers)
  const findings: Finding[] = []
  for (const hit of hits) findings.push(await describe(duck, table, hit, lines))
  return findings
}

/** Counts first, for all rules in one pass: to look for the rows as well costs four times as much, and few have any. */
async function brokenRows(duck: DuckSession, table: Table): Promise<Hit[]> {
  const wholly = (await countBroken(duck, table, rowChecks(table))).filter(({ count }) => count > 0)
  const counts: typeof wholly = []
  for (const one of wholly) {
    const kinds = one.check.kinds?.map((kind) => ({ ...one.check, ...kind }))
    counts.push(...(kinds ? await countBroken(duck, table, kinds) : [one]))
  }
  const hits: Hit[] = []
  for (const { check, count } of counts.filter((c) => c.count > 0)) {
    const params = newParams()
    const rows = await duck.rows<{ n: number }>(
      `SELECT n FROM ${table.name} WHERE ${check.broken(params)} ORDER BY n LIMIT ${EXAMPLES_MAX}`,
      params.values,
    )
    hits.push({ check, count, rows: rows.map((row) => row.n) })
  }
  return hits
}

async function countBroken(
  duck: DuckSession,
  table: Table,
  checks: readonly RowCheck[],
): Promise<{ check: RowCheck; count: number }[]> {
  if (checks.length === 0) return []
  const params = newParams()
  const counts = checks.map((check, i) => `count_if(${check.broken(params)}) AS k${i}`)
  try {
    const [row = {}] = await duck.rows(`SELECT ${counts.join(', ')} FROM ${table.name}`, params.values)
    return checks.map((check, i) => ({ check, count: Number(row[`k${i}`]) }))
  } catch (error) {
    if (checks.length === 1) throw cannotBeRun(table, checks[0]!, error)
    // One of them alone fails with its name; if none does, the error was another.
    for (const check of checks) await countBroken(duck, table, [check])
    throw error
  }
}

/** A pattern that RE2 does not know, a range on a text: a fault of the project, found only at the values. */
function cannotBeRun(table: Table, { column, rule }: RowCheck, error: unknown): PlatformError {
  const said = messageOf(error).split('\n')[0]
  const message = `sources.${table.source.name}.columns.${column}: the rule '${rule}' does not fit the column: ${said}`
  return new PlatformError('config_invalid', message, { cause: error })
}

/** Rows whose key, or whose value of a unique column, an earlier row has: the first of each is not counted. */
async function repeatedRows(duck: DuckSession, table: Table): Promise<Hit[]> {
  const hits: Hit[] = []
  for (const { values, check } of uniqueChecks(table)) {
    const given = values.map((value) => `${value} IS NOT NULL`).join(' AND ')
    // Cheap first: in a good file it ends here.
    const [found] = await duck.rows<{ repeated: number }>(
      `SELECT count(*) - count(DISTINCT (${values.join(', ')})) AS repeated FROM ${table.name} WHERE ${given}`,
    )
    if (!found?.repeated) continue
    const rows = await duck.rows<{ n: number }>(
      `SELECT n FROM ${table.name} WHERE ${given}
       QUALIFY row_number() OVER (PARTITION BY ${values.join(', ')} ORDER BY n) > 1 ORDER BY n LIMIT ${EXAMPLES_MAX}`,
    )
    hits.push({ check, count: found.repeated, rows: rows.map((row) => row.n) })
  }
  return hits
}

/**
 * Changes that a later row of the same file puts out of sight, equal in key and time (and in when they were known, where the
 * source says that): no reader will ever see them. That may be meant, but is never silent. Where the project says that
 * there is one row a key and time, that rule counts instead.
 */
async function supersededRows(duck: DuckSession, { source, columns, name }: Table): Promise<Hit[]> {
  if (source.kind !== 'changes' || source.checks.some((c) => c.rule === 'one_row_per_key')) return []
  const named = [...source.key, source.eventTime, source.availableAt].filter((column) => column !== null)
  const found = named.flatMap((column) => columns.find((c) => c.name === column) ?? [])
  if (found.length < named.length) return []
  const values = found.map((c) => `t${c.index}`)
  const given = source.key.map((_, i) => `${values[i]} IS NOT NULL`).join(' AND ')
  const [counted] = await duck.rows<{ count: number }>(
    `SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT ${values.join(', ')} FROM ${name} WHERE ${given})) AS count
     FROM ${name} WHERE ${given}`,
  )
  if (!counted?.count) return []
  const rows = await duck.rows<{ n: number }>(
    `SELECT n FROM ${name} WHERE ${given}
     QUALIFY row_number() OVER (PARTITION BY ${values.join(', ')} ORDER BY n DESC) > 1 ORDER BY n LIMIT ${EXAMPLES_MAX}`,
  )
  const says = 'that a later row of the file with the same key and time supersedes; the last one counts'
  const check = { column: source.key.join(', '), rule: 'superseded', severity: 'warn' as const, says }
  const text = `concat_ws('|', ${found.map((c) => `r${c.index}`).join(', ')})`
  return [{ check: { ...check, text }, count: counted.count, rows: rows.map((row) => row.n) }]
}

/** A last row with words for a key, as no other has, and nothing else is mostly a note below the table: `Stand: 31.01.2024`. */
async function noteBelow(duck: DuckSession, { source, columns, name, format, rows }: Table): Promise<Hit[]> {
  const keys = columns.filter((c) => source.key.includes(c.name))
  const others = columns.filter((c) => !source.key.includes(c.name))
  if (format !== 'csv' || rows < 2 || others.length < 2 || keys.some((c) => c.type !== 'String')) return []
  const text = `concat_ws('|', ${keys.map((c) => `r${c.index}`).join(', ')})`
  const words = `regexp_matches(${text}, '[ :*]')`
  const bare = others.map((c) => `r${c.index} IS NULL`).join(' AND ')
  const last = await duck.rows<{ n: number }>(
    `SELECT n FROM ${name} WHERE n = (SELECT max(n) FROM ${name}) AND ${bare} AND ${words}
       AND (SELECT count_if(${words}) FROM ${name}) = 1`,
  )
  if (last.length === 0) return []
  const says = 'at the end with a key and nothing else; if it is a note below the table, take it out'
  const check = { column: source.key.join(', '), rule: 'note_below', severity: 'warn' as const, says, text }
  return [{ check, count: 1, rows: last.map((row) => row.n) }]
}

/** One row a key is what a snapshot is, whatever is declared. Of changes, where it is declared, one a key and time. */
function uniqueChecks(table: Table): { values: string[]; check: Hit['check'] }[] {
  const { source, columns } = table
  const named = [...source.key, ...(source.eventTime === null ? [] : [source.eventTime])]
  const key = named.flatMap((name) => columns.find((c) => c.name === name) ?? [])
  const declared = source.checks.find((c) => c.rule === 'one_row_per_key')
  const oneRowPerKey = source.kind === 'snapshot' || declared !== undefined
  const checks = columns.flatMap((column) => {
    const unique = column.checks.find((c) => c.rule === 'unique')
    if (!unique || (oneRowPerKey && isKey(source.key, column.name))) return []
    return [uniqueCheck([column], 'unique', unique.severity, 'with a value that an earlier row has')]
  })
  if (!oneRowPerKey || key.length < named.length) return checks
  const severity = source.kind === 'snapshot' ? 'error' : (declared?.severity ?? 'error')
  return [uniqueCheck(key, 'one_row_per_key', severity, 'with a key that an earlier row has'), ...checks]
}

function uniqueCheck(of: Table['columns'], rule: string, severity: Severity, says: string) {
  const text = `concat_ws('|', ${of.map((c) => `r${c.index}`).join(', ')})`
  const column = of.map((c) => c.name).join(', ')
  return { values: of.map((c) => `t${c.index}`), check: { column, text, rule, severity, says } }
}

async function describe(duck: DuckSession, table: Table, hit: Hit, lines: Map<number, Where>): Promise<Finding> {
  const { check, count, rows } = hit
  const { column, rule, severity } = check
  const texts = await duck.rows<{ n: number; key: string | null; value: string | null }>(
    `SELECT n, ${keyText(table)} AS key, ${check.text} AS value FROM ${table.name}
     WHERE n IN (${rows.map((_, i) => `$${i + 1}`).join(', ')}) ORDER BY n`,
    rows,
  )
  const keyIsShown = isKey(table.source.key, column) || ['one_row_per_key', 'superseded'].includes(rule)
  const examples = texts.map(({ n, key, value }) => ({
    ...(lines.get(n) ?? { line: null }),
    key: key === null || key === '' || keyIsShown ? null : shown(key),
    value: value === null ? null : shown(value),
  }))
  return finding(table.source, {
    column,
    rule,
    severity,
    count,
    examples,
    says: `${counted(count, 'row')} ${check.says}`,
  })
}

function isKey(key: readonly string[], column: string): boolean {
  return key.length === 1 && key[0] === column
}
