import { PlatformError } from '../base/errors.ts'
import { displayInstant, type Instant } from '../base/instant.ts'
import { sourceOf } from '../config/find.ts'
import type { Project, Severity, Source } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import { counted, EXAMPLES_MAX, type Finding, finding, shown } from './finding.ts'
import type { Table } from './load-table.ts'
import { linesOfRows, type Where } from './structure.ts'

type Deps = { duck: DuckSession; lake: Lake; project: Project; asOf: Instant }

/**
 * One side of a comparison of keys: a select of k0, k1 …, none of them null, and n (null for what is in the lake).
 */
type Keys = { source: Source; select: string; table: Table | undefined }

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
    requireSameTypes(declared, other)
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
  const says = `${counted(table.rows, 'row')} where ${displayInstant(before.validAt)} has ${counted(before.rows, 'row')}; more than ± ${percent(check.share)} %`
  return [
    finding(table.source, {
      rule: check.rule,
      severity: check.severity,
      count: Math.abs(table.rows - before.rows),
      says,
    }),
  ]
}

function percent(share: number): number {
  return Number((share * 100).toPrecision(6))
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

function requireSameTypes(a: Source, b: Source): void {
  const types = (source: Source) => source.key.map((k) => source.columns.find((c) => c.name === k)?.type).join(', ')
  if (types(a) === types(b)) return
  const message = `sources.${a.name}: same_keys_as ${b.name}, but its key is (${types(a)}) and that of ${b.name} (${types(b)})`
  throw new PlatformError('config_invalid', message)
}

async function keysOf({ lake, asOf }: Deps, tables: readonly Table[], source: Source): Promise<Keys | undefined> {
  const table = tables.find((t) => t.source.name === source.name)
  if (table) {
    const values = source.key.flatMap((k) => table.columns.filter((c) => c.name === k).map((c) => `t${c.index}`))
    return { source, table, select: selectKeys(values, 'n', table.name) }
  }
  const snapshot = await lake.newestVersion(source.name, asOf)
  if (!snapshot || !source.key.every((k) => snapshot.columns.some((c) => c.name === k))) return undefined
  const values = source.key.map((k) => `"${k.replaceAll('"', '""')}"`)
  const from = `read_parquet('${(await lake.path(snapshot)).replaceAll("'", "''")}')`
  return { source, table: undefined, select: selectKeys(values, 'NULL::BIGINT', from) }
}

function selectKeys(values: readonly string[], n: string, from: string): string {
  const columns = values.map((value, i) => `${value} AS k${i}`)
  return `SELECT ${columns.join(', ')}, ${n} AS n FROM ${from} WHERE ${values.map((v) => `${v} IS NOT NULL`).join(' AND ')}`
}

async function compare(duck: DuckSession, declared: Keys, other: Keys, severity: Severity): Promise<Finding[]> {
  const { source } = declared
  const found = (count: number, examples: Finding['examples'], says: string) =>
    finding(source, { column: source.key.join(', '), rule: 'same_keys_as', severity, count, examples, says })
  const { extra, missing } = await countUnmatched(duck, declared, other)
  const findings: Finding[] = []
  if (extra > 0) {
    const says = `${counted(extra, 'key')} that ${other.source.name} does not have`
    findings.push(found(extra, await keysOnlyIn(duck, declared, other), says))
  }
  if (missing > 0) {
    const examples = (await keysOnlyIn(duck, other, declared)).map((example) => ({ ...example, line: null }))
    findings.push(found(missing, examples, `${counted(missing, 'key')} of ${other.source.name} missing here`))
  }
  return findings
}

/** Both sides by one join: in a good delivery it is all there is to do. */
async function countUnmatched(duck: DuckSession, a: Keys, b: Keys): Promise<{ extra: number; missing: number }> {
  const keys = a.source.key.map((_, i) => `k${i}`).join(', ')
  const [row] = await duck.rows<{ extra: number; missing: number }>(
    `SELECT count_if(b.here IS NULL) AS extra, count_if(a.here IS NULL) AS missing
     FROM (SELECT *, true AS here FROM (${a.select})) a FULL JOIN (SELECT *, true AS here FROM (${b.select})) b
       USING (${keys})
     WHERE a.here IS NULL OR b.here IS NULL`,
  )
  return row ?? { extra: 0, missing: 0 }
}

/** The first few, in order of the file of `a`, or of the key. */
async function keysOnlyIn(duck: DuckSession, a: Keys, b: Keys): Promise<Finding['examples']> {
  const keys = a.source.key.map((_, i) => `k${i}`).join(', ')
  const rows = await duck.rows<{ n: number | null; key: string }>(
    `SELECT n, concat_ws('|', ${keys}) AS key FROM (${a.select}) ANTI JOIN (${b.select}) USING (${keys})
     ORDER BY n, ${keys} LIMIT ${EXAMPLES_MAX}`,
  )
  const numbers = rows.flatMap((row) => row.n ?? [])
  const lines = a.table ? await linesOfRows(a.table, numbers) : new Map<number, Where>()
  return rows.map(({ n, key }) => {
    const where = n === null ? undefined : lines.get(n)
    return { line: null, ...where, key: shown(key), value: null }
  })
}
