import type { Column, Severity } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import { newParams, type RowCheck, rowChecks } from './column-checks.ts'
import { counted, EXAMPLES_MAX, type Finding, finding, shown } from './finding.ts'
import { keyText, type Table } from './load-table.ts'
import { linesOfRows } from './structure.ts'

type Hit = { check: RowCheck; count: number; rows: number[] }

/** All rules that one table can break by itself, each with its count and its first rows, in one pass over the rows. */
export async function checkTable(duck: DuckSession, table: Table): Promise<Finding[]> {
  if (table.rows === 0) return []
  const hits = [...(await brokenRows(duck, table)), ...(await repeatedRows(duck, table))]
  const lines = await linesOfRows(
    table,
    hits.flatMap((hit) => hit.rows),
  )
  return Promise.all(hits.map((hit) => describe(duck, table, hit, lines)))
}

async function brokenRows(duck: DuckSession, table: Table): Promise<Hit[]> {
  const params = newParams()
  const checks = rowChecks(table, params)
  if (checks.length === 0) return []
  const totals = checks.map(({ broken }, i) => {
    return `count(*) FILTER (WHERE ${broken}) AS k${i}, min(n, ${EXAMPLES_MAX}) FILTER (WHERE ${broken}) AS l${i}`
  })
  const [row = {}] = await duck.rows(`SELECT ${totals.join(',\n')} FROM ${table.name}`, params.values)
  return checks
    .map((check, i) => ({ check, count: Number(row[`k${i}`]), rows: (row[`l${i}`] ?? []) as number[] }))
    .filter((hit) => hit.count > 0)
}

/** Rows whose key, or whose value of a unique column, an earlier row has: the first of each is not counted. */
async function repeatedRows(duck: DuckSession, table: Table): Promise<Hit[]> {
  const hits: Hit[] = []
  for (const check of uniqueChecks(table)) {
    // Cheap first: in a good file it ends here.
    const [found] = await duck.rows<{ repeated: number }>(
      `SELECT count(*) - count(DISTINCT ${check.broken}) AS repeated FROM ${table.name} WHERE ${check.text} IS NOT NULL`,
    )
    if (!found?.repeated) continue
    const [first] = await duck.rows<{ rows: number[] }>(
      `SELECT min(n, ${EXAMPLES_MAX}) AS rows FROM (
         SELECT n, row_number() OVER (PARTITION BY ${check.broken} ORDER BY n) AS place
         FROM ${table.name} WHERE ${check.text} IS NOT NULL
       ) WHERE place > 1`,
    )
    hits.push({ check, count: found.repeated, rows: first?.rows ?? [] })
  }
  return hits
}

/** `broken` names the value that must not come twice. One row a key is what a snapshot is, whatever is declared. */
function uniqueChecks(table: Table): RowCheck[] {
  const { source, columns } = table
  const key = source.key.map((name) => columns.find((c) => c.name === name)).filter((c) => c !== undefined)
  const declared = source.checks.find((c) => c.rule === 'one_row_per_key')
  const wanted = source.kind === 'snapshot' || declared !== undefined
  const checks: RowCheck[] = []
  if (wanted && key.length === source.key.length) {
    const severity = source.kind === 'snapshot' ? 'error' : (declared?.severity ?? 'error')
    checks.push(uniqueCheck(key, 'one_row_per_key', severity, 'with a key that an earlier row has'))
  }
  for (const column of columns) {
    const unique = column.checks.find((c) => c.rule === 'unique')
    const said = wanted && source.key.length === 1 && source.key[0] === column.name
    if (unique && !said)
      checks.push(uniqueCheck([column], 'unique', unique.severity, 'with a value that an earlier row has'))
  }
  return checks
}

function uniqueCheck(of: (Column & { index: number })[], rule: string, severity: Severity, says: string): RowCheck {
  const values = of.map((c) => `t${c.index}`)
  const broken = values.length === 1 ? values[0]! : `row(${values.join(', ')})`
  const text = of.length === 1 ? `r${of[0]!.index}` : `(${of.map((c) => `r${c.index}`).join(' || ')})`
  return { column: of.map((c) => c.name).join(', '), text, rule, severity, broken, says }
}

async function describe(duck: DuckSession, table: Table, hit: Hit, lines: Map<number, number>): Promise<Finding> {
  const { check, count, rows } = hit
  const { column, rule, severity } = check
  const texts = await duck.rows<{ n: number; key: string | null; value: string | null }>(
    `SELECT n, ${keyText(table)} AS key, ${check.text} AS value FROM ${table.name}
     WHERE n IN (${rows.map((_, i) => `$${i + 1}`).join(', ')}) ORDER BY n`,
    rows,
  )
  const isKey = table.source.key.length === 1 && table.source.key[0] === column
  const examples = texts.map(({ n, key, value }) => ({
    line: lines.get(n) ?? null,
    key: key === null || key === '' || isKey ? null : shown(key),
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
