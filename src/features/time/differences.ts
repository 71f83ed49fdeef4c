import type { DuckSession } from '../../lake/duck.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { DifferencesAnswer, TimeColumn, TimeRow } from '../../wire/time.ts'
import { ident } from '../define/quote.ts'
import { answeredColumns, answeredRow } from './read-rows.ts'
import type { TableAt } from './table.ts'

export type Difference = DifferencesAnswer['rows'][number]
export type Differences = Pick<DifferencesAnswer, 'columns' | 'counts' | 'rows'>

type Value = TableAt['values'][number]
/** A value column of either side, and where it stands there; -1 where the side does not have it. */
type Paired = { name: string; a: number; b: number }

/**
 * What differs between two tables of one subject, as tables `at_a` and `at_b` of the session. Rows are matched by what names
 * them; null and NaN are values like others. A column that one side alone has is named, and makes no row different.
 */
export async function differencesOf(
  session: DuckSession,
  a: TableAt,
  b: TableAt,
  bySeq: ReadonlyMap<number, Snapshot>,
  page: { limit: number; offset: number },
): Promise<Differences> {
  const values = pairedValues(a.values, b.values)
  const both = values.filter((v) => v.a >= 0 && v.b >= 0)
  const on = a.identity.map((name) => `a.${ident(name)} IS NOT DISTINCT FROM b.${ident(name)}`).join(' AND ') || 'true'
  const differs = both.map((v, i) => `(${cellsDiffer(a.values[v.a]!, b.values[v.b]!, v)}) AS d${i}`)
  const shown = [
    ...answeredColumns(a, 'a.', 'a_'),
    ...answeredColumns(b, 'b.', 'b_'),
    ...differs,
    'a._status IS NULL AS added',
    'b._status IS NULL AS removed',
    'a._status IS DISTINCT FROM b._status AS other_status',
    ...a.identity.map((name, i) => `coalesce(a.${ident(name)}, b.${ident(name)}) AS o${i}`),
  ]
  const any = ['added', 'removed', 'other_status', ...both.map((_, i) => `d${i}`)].join(' OR ')
  await session.run(
    `CREATE OR REPLACE TEMP TABLE paired AS SELECT ${shown.join(', ')} FROM at_a a FULL JOIN at_b b ON ${on}`,
  )
  const changed = 'NOT added AND NOT removed'
  const [counted = {}] = await session.rows<Record<string, number>>(
    `SELECT count(*) FILTER (WHERE added) AS added, count(*) FILTER (WHERE removed) AS removed,
       count(*) FILTER (WHERE ${changed} AND (${any})) AS changed, count(*) FILTER (WHERE NOT (${any})) AS same
       ${both.map((_, i) => `, count(*) FILTER (WHERE ${changed} AND d${i}) AS n${i}`).join('')} FROM paired`,
  )
  const order = a.identity.map((_, i) => `o${i} NULLS FIRST`)
  const rows = await session.rows<Record<string, unknown>>(
    `SELECT * FROM paired WHERE ${any} ${order.length > 0 ? `ORDER BY ${order.join(', ')}` : ''}
     LIMIT ${page.limit} OFFSET ${page.offset}`,
  )
  const byColumn = both.map((v, i) => ({ name: v.name, cells: counted[`n${i}`] ?? 0 }))
  const count = (name: string) => counted[name] ?? 0
  return {
    columns: columnsOfBoth(a, b, values),
    counts: {
      ...{ added: count('added'), removed: count('removed'), changed: count('changed'), same: count('same') },
      cells: byColumn.reduce((sum, one) => sum + one.cells, 0),
      by_column: byColumn.filter((one) => one.cells > 0),
    },
    rows: rows.map((row) => {
      const sides = { a: sideOf(row, a, values, bySeq, 'a'), b: sideOf(row, b, values, bySeq, 'b') }
      const kind = row.added ? 'added' : row.removed ? 'removed' : 'changed'
      const names = kind === 'changed' ? both.filter((_, i) => row[`d${i}`] === true).map((v) => v.name) : []
      return { difference: kind, changed: names, ...sides }
    }),
  }
}

/** Those of b in its order, then those that a alone has. */
function pairedValues(a: readonly Value[], b: readonly Value[]): Paired[] {
  const place = (list: readonly Value[], name: string) => list.findIndex((v) => v.name === name)
  const ofB = b.map(({ name }, i) => ({ name, a: place(a, name), b: i }))
  return [...ofB, ...a.flatMap(({ name }, i) => (place(b, name) < 0 ? [{ name, a: i, b: -1 }] : []))]
}

/** Of another type since: what is written is compared. */
function cellsDiffer(a: Value, b: Value, at: Paired): string {
  const [left, right] = [`a.c${at.a}`, `b.c${at.b}`]
  if (a.type === b.type) return `${left} IS DISTINCT FROM ${right}`
  return `CAST(${left} AS VARCHAR) IS DISTINCT FROM CAST(${right} AS VARCHAR)`
}

function columnsOfBoth(a: TableAt, b: TableAt, values: readonly Paired[]): TimeColumn[] {
  const keys = b.keys.map(({ name, type }) => ({ name, type, key: true, source: null, in: 'both' as const }))
  return [
    ...keys,
    ...values.map((v) => {
      const { name, type, source } = (b.values[v.b] ?? a.values[v.a])!
      return {
        name,
        type,
        key: false,
        source,
        in: v.a < 0 ? ('b' as const) : v.b < 0 ? ('a' as const) : ('both' as const),
      }
    }),
  ]
}

/** One side of a pair in the order of the columns of both; null where the side has no such row. */
function sideOf(
  row: Record<string, unknown>,
  table: TableAt,
  values: readonly Paired[],
  bySeq: ReadonlyMap<number, Snapshot>,
  side: 'a' | 'b',
): TimeRow | null {
  if (side === 'a' ? row.added : row.removed) return null
  const keyCount = table.keys.length
  const own = answeredRow(row, keyCount + table.values.length, bySeq, `${side}_`)
  const ordered = values.map((v) => (v[side] < 0 ? null : (own.values[keyCount + v[side]] ?? null)))
  return { ...own, values: [...own.values.slice(0, keyCount), ...ordered] }
}
