import { displayInstant, type Instant } from '../base/instant.ts'
import { sourceOf } from '../config/find.ts'
import type { Project, Severity, Source } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import { counted, EXAMPLES_MAX, type Finding, finding, shown } from './finding.ts'
import { type Table, valueExpression } from './load-table.ts'
import { linesOfRows } from './structure.ts'

type Deps = { duck: DuckSession; lake: Lake; project: Project; asOf: Instant }

/** One side of a comparison of keys: a `FROM` item with columns k0, k1 … and n (null for what is in the lake). */
type Keys = { source: Source; from: string; table: Table | undefined }

type Pair = { declared: Source; other: Source; severity: Severity }

/**
 * Sources of one month hold the same keys. A rule is looked at when either side is delivered, so that a correction of
 * one source alone cannot break it; the side that is not delivered is read from the lake.
 */
export async function checkSameKeys(
  deps: Deps,
  tables: readonly Table[],
  refused: ReadonlySet<string>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { declared, other, severity } of pairs(deps.project, tables)) {
    if (refused.has(declared.name) || refused.has(other.name)) continue
    const [a, b] = [await keysOf(deps, tables, declared), await keysOf(deps, tables, other)]
    if (a && b) {
      findings.push(...(await compare(deps.duck, a, b, severity)))
    } else if (a?.table) {
      const says = `keys not compared: ${other.name} has no snapshot of ${displayInstant(deps.asOf)} yet`
      findings.push(finding(declared, { rule: 'same_keys_as', severity: 'warn', count: 0, says }))
    }
  }
  return findings
}

/** The number of rows, against the newest snapshot of the moment before. */
export async function checkRowCount({ lake, asOf }: Deps, table: Table): Promise<Finding[]> {
  const check = table.source.checks.find((c) => c.rule === 'row_count_change')
  const before = check && (await lake.previous(table.source.name, asOf))
  if (!check || !before || Math.abs(table.rows - before.rows) <= before.rows * check.share) return []
  const says = `${counted(table.rows, 'row')} where ${displayInstant(before.validAt)} has ${counted(before.rows, 'row')}; more than ± ${check.share * 100} %`
  return [
    finding(table.source, {
      rule: check.rule,
      severity: check.severity,
      count: Math.abs(table.rows - before.rows),
      says,
    }),
  ]
}

function pairs(project: Project, tables: readonly Table[]): Pair[] {
  const delivered = new Set(tables.map((table) => table.source.name))
  return project.sources.flatMap((declared) =>
    declared.checks.flatMap((check) => {
      if (check.rule !== 'same_keys_as') return []
      if (!delivered.has(declared.name) && !delivered.has(check.source)) return []
      return [{ declared, other: sourceOf(project, check.source), severity: check.severity }]
    }),
  )
}

async function keysOf({ duck, lake, asOf }: Deps, tables: readonly Table[], source: Source): Promise<Keys | undefined> {
  const named = (expression: (key: string) => string) =>
    source.key.map((k, i) => `${expression(k)} AS k${i}`).join(', ')
  const table = tables.find((t) => t.source.name === source.name)
  if (table) {
    return {
      source,
      table,
      from: `(SELECT ${named((k) => valueExpression(table, k) ?? 'NULL')}, n FROM ${table.name})`,
    }
  }
  const snapshot = await lake.newestVersion(source.name, asOf)
  if (!snapshot) return undefined
  const name = `keys_${source.name.replaceAll(/\W/g, '_')}`
  await duck.run(
    `CREATE TEMP TABLE IF NOT EXISTS ${name} AS SELECT ${named((k) => `"${k.replaceAll('"', '""')}"`)}, NULL::BIGINT AS n
     FROM read_parquet('${lake.path(snapshot).replaceAll("'", "''")}')`,
  )
  return { source, table: undefined, from: name }
}

async function compare(duck: DuckSession, declared: Keys, other: Keys, severity: Severity): Promise<Finding[]> {
  const found = (source: Source, count: number, examples: Finding['examples'], says: string) =>
    finding(source, { column: source.key.join(', '), rule: 'same_keys_as', severity, count, examples, says })
  const findings: Finding[] = []
  const only = await keysOnlyIn(duck, declared, other)
  if (only.count > 0) {
    const says = `${counted(only.count, 'key')} that ${other.source.name} does not have`
    findings.push(found(declared.source, only.count, only.examples, says))
  }
  const missing = await keysOnlyIn(duck, other, declared)
  if (missing.count > 0) {
    const examples = missing.examples.map((example) => ({ ...example, line: null }))
    const says = `${counted(missing.count, 'key')} of ${other.source.name} missing here`
    findings.push(found(declared.source, missing.count, examples, says))
  }
  return findings
}

async function keysOnlyIn(
  duck: DuckSession,
  a: Keys,
  b: Keys,
): Promise<{ count: number; examples: Finding['examples'] }> {
  const keys = a.source.key.map((_, i) => `k${i}`)
  const rows = await duck.rows<{ n: number | null; key: string; total: number }>(
    `SELECT n, concat_ws('|', ${keys.map((k) => `a.${k}`).join(', ')}) AS key, count(*) OVER () AS total
     FROM ${a.from} a
     WHERE ${keys.map((k) => `a.${k} IS NOT NULL`).join(' AND ')}
       AND NOT EXISTS (SELECT 1 FROM ${b.from} b WHERE ${keys.map((k) => `b.${k} = a.${k}`).join(' AND ')})
     ORDER BY n, key LIMIT ${EXAMPLES_MAX}`,
  )
  const numbers = rows.flatMap((row) => (row.n === null ? [] : [row.n]))
  const lines = a.table ? await linesOfRows(a.table, numbers) : new Map<number, number>()
  const examples = rows.map(({ n, key }) => ({
    line: n === null ? null : (lines.get(n) ?? null),
    key: shown(key),
    value: null,
  }))
  return { count: rows[0]?.total ?? 0, examples }
}
