/**
 * What is other in one table than in an earlier one of the same source: columns, rows, cells. Whoever reads it may believe that
 * what is not named is equal to the bit: null and the empty text differ, 0 and -0 differ, a NaN equals a NaN, and an integer
 * is compared by all its digits.
 *
 * Where both tables name their rows by the same columns, rows are matched by these, and what differs in a row is told by its
 * cells. Where they do not, rows can only be there or not: each is compared as a whole, and how often it is there is counted.
 */
import { rowsWithinCells } from '../../wire/page.ts'
import type { DuckSession } from '../duck.ts'
import { boundedText, isFloat, isInteger, type LookedColumn, placeOf, shownCell, textOf } from './cells.ts'

export type Side = { select: string; columns: readonly LookedColumn[]; uniqueKey: readonly string[] | null }
export type RowKind = 'added' | 'removed' | 'changed'

export type DifferenceSummary = {
  columns: { added: LookedColumn[]; removed: LookedColumn[]; retyped: { name: string; from: string; to: string }[] }
  /** The columns that rows were matched by; null where none name a row in both. */
  key: string[] | null
  rows: { from: number; to: number; added: number; removed: number; changed: number }
  /** Of rows that are in both: how many have another value in this column; only those that have some. */
  cells: { column: string; changed: number }[]
}

export type ChangedRow = {
  kind: RowKind
  /** By the columns of `key`; null where rows have none. */
  key: (string | null)[] | null
  /** How often, where rows have no key. */
  times: number
  /** Of a changed row only the cells that differ; of another all that it has. */
  cells: { column: string; from?: string | null; to?: string | null }[]
}

export type ChangesRequest = { from: number; limit: number; kind?: RowKind | undefined; column?: string | undefined }
export type Changes = { changes: ChangedRow[]; next: number | null }

export async function summarize(duck: DuckSession, a: Side, b: Side): Promise<DifferenceSummary> {
  const columns = columnsOf(a, b)
  const key = keyOf(a, b)
  const given = { columns: { added: columns.added, removed: columns.removed, retyped: columns.retyped }, key }
  if (key === null) return { ...given, ...(await countUnkeyed(duck, a, b)) }
  const compared = columns.both.filter((column) => !key.includes(column.name))
  const { inA, inB, both, from } = join(a, b, key)
  const counts = compared.map((column, i) => `count_if(${both} AND ${differs(column)}) AS d${i}`)
  const any = compared.length === 0 ? 'false' : compared.map(differs).join(' OR ')
  const [row = {}] = await duck.rows<Record<string, number>>(
    `SELECT count(${inA}) AS before, count(${inB}) AS after, count_if(${inA} IS NULL) AS added,
       count_if(${inB} IS NULL) AS removed, count_if(${both} AND (${any})) AS changed
       ${counts.map((count) => `, ${count}`).join('')} FROM ${from}`,
  )
  const { before = 0, after = 0, added = 0, removed = 0, changed = 0 } = row
  const cells = compared
    .map(({ name }, i) => ({ column: name, changed: Number(row[`d${i}`]) }))
    .filter((column) => column.changed > 0)
  return { ...given, rows: { from: before, to: after, added, removed, changed }, cells }
}

/** A page of the rows that differ, in the order of the key, or of all values where there is none. */
export async function readChanges(duck: DuckSession, a: Side, b: Side, request: ChangesRequest): Promise<Changes> {
  const key = keyOf(a, b)
  return key === null ? readUnkeyed(duck, a, b, request) : readKeyed(duck, a, b, key, request)
}

async function readKeyed(
  duck: DuckSession,
  a: Side,
  b: Side,
  key: string[],
  { from, limit: asked, kind, column }: ChangesRequest,
): Promise<Changes> {
  const { added, removed, ...columns } = columnsOf(a, b)
  const { inA, inB, both, from: tables } = join(a, b, key)
  const compared = columns.both.filter(({ name }) => !key.includes(name))
  const wanted = column === undefined ? compared : compared.filter(({ name }) => name === column)
  const limit = rowsWithinCells(asked, 2 * compared.length + added.length + removed.length + key.length)
  const changed = wanted.length === 0 ? 'false' : `${both} AND (${wanted.map(differs).join(' OR ')})`
  const conditions: Record<RowKind, string> = { added: `${inA} IS NULL`, removed: `${inB} IS NULL`, changed }
  // A row that came or went has no cell that was changed.
  const kinds: RowKind[] = kind ? [kind] : column === undefined ? ['added', 'removed', 'changed'] : ['changed']
  const select = [
    `CASE WHEN ${inA} IS NULL THEN 'added' WHEN ${inB} IS NULL THEN 'removed' ELSE 'changed' END AS kind`,
    ...key.map((name, i) => {
      return `${boundedText(`coalesce(${textOf(of(a, name), 'a')}, ${textOf(of(b, name), 'b')})`)} AS k${i}`
    }),
    ...compared.flatMap((pair, i) => [
      `${differs(pair)} AS d${i}`,
      `${boundedText(textOf({ name: pair.name, type: pair.from }, 'a'))} AS f${i}`,
      `${boundedText(textOf({ name: pair.name, type: pair.to }, 'b'))} AS t${i}`,
    ]),
    ...removed.map((one, i) => `${boundedText(textOf(one, 'a'))} AS r${i}`),
    ...added.map((one, i) => `${boundedText(textOf(one, 'b'))} AS n${i}`),
  ]
  const order = key.map((name) => `coalesce(${keyPart(a, b, name, 'a')}, ${keyPart(a, b, name, 'b')})`)
  const found = await duck.rows<Record<string, unknown> & { kind: RowKind }>(
    `SELECT ${select.join(', ')} FROM ${tables}
     WHERE ${kinds.map((one) => `(${conditions[one]})`).join(' OR ')}
     ORDER BY ${order.join(', ')} LIMIT ${limit + 1} OFFSET ${from}`,
  )
  const changes = found.slice(0, limit).map((row): ChangedRow => {
    const cells: ChangedRow['cells'] = []
    for (const [i, { name }] of compared.entries()) {
      const pair = { from: shownCell(row[`f${i}`]), to: shownCell(row[`t${i}`]) }
      if (row.kind !== 'changed')
        cells.push({ column: name, ...(row.kind === 'added' ? { to: pair.to } : { from: pair.from }) })
      else if (row[`d${i}`] === true) cells.push({ column: name, ...pair })
    }
    if (row.kind === 'removed')
      cells.push(...removed.map(({ name }, i) => ({ column: name, from: shownCell(row[`r${i}`]) })))
    if (row.kind === 'added') cells.push(...added.map(({ name }, i) => ({ column: name, to: shownCell(row[`n${i}`]) })))
    return { kind: row.kind, key: key.map((_, i) => shownCell(row[`k${i}`])), times: 1, cells }
  })
  return { changes, next: found.length > limit ? from + limit : null }
}

type Pair = { name: string; from: string; to: string }

function columnsOf(a: Side, b: Side) {
  const pairs = a.columns.flatMap((column): Pair[] => {
    const other = b.columns.find(({ name }) => name === column.name)
    return other ? [{ name: column.name, from: column.type, to: other.type }] : []
  })
  const plain = ({ name, type }: LookedColumn) => ({ name, type })
  return {
    both: pairs,
    retyped: pairs.filter(({ from, to }) => from !== to),
    added: b.columns.filter(({ name }) => !pairs.some((pair) => pair.name === name)).map(plain),
    removed: a.columns.filter(({ name }) => !pairs.some((pair) => pair.name === name)).map(plain),
  }
}

function keyOf(a: Side, b: Side): string[] | null {
  if (a.uniqueKey === null || JSON.stringify(a.uniqueKey) !== JSON.stringify(b.uniqueKey)) return null
  return a.uniqueKey.length > 0 ? [...a.uniqueKey] : null
}

function of(side: Side, name: string): LookedColumn {
  return side.columns.find((column) => column.name === name) ?? { name, type: 'String' }
}

/** By its value where both sides have one type, so that numbers stand in their order; else by its text. */
function keyPart(a: Side, b: Side, name: string, table: 'a' | 'b'): string {
  const [from, to] = [of(a, name), of(b, name)]
  return from.type === to.type ? placeOf(name, table) : textOf(table === 'a' ? from : to, table)
}

/** Both by their key. A row that a side has not is null in the column that says so, which no table has. */
function join(a: Side, b: Side, key: readonly string[]) {
  let name = 'here'
  while ([...a.columns, ...b.columns].some((column) => column.name.toLowerCase() === name)) name += '_'
  const on = key.map((part) => `${keyPart(a, b, part, 'a')} = ${keyPart(a, b, part, 'b')}`)
  const side = (select: string) => `(SELECT *, true AS ${name} FROM (${select}))`
  const [inA, inB] = [`a.${name}`, `b.${name}`]
  const from = `${side(a.select)} a FULL JOIN ${side(b.select)} b ON ${on.join(' AND ')}`
  return { inA, inB, both: `${inA} AND ${inB}`, from }
}

/** Never null. */
function differs({ name, from, to }: Pair): string {
  const [a, b] = [placeOf(name, 'a'), placeOf(name, 'b')]
  if (from === to) {
    return isFloat(from) ? otherFloat(a, b) : `(${a} IS DISTINCT FROM ${b})`
  }
  if (isInteger(from) && isInteger(to)) return `(${a} IS DISTINCT FROM ${b})`
  if (isFloat(from) && isFloat(to)) return otherFloat(`CAST(${a} AS DOUBLE)`, `CAST(${b} AS DOUBLE)`)
  if (isInteger(from) && isFloat(to)) return `(${a} IS DISTINCT FROM ${wholly(b)} OR ${hasMore(b)})`
  if (isFloat(from) && isInteger(to)) return `(${b} IS DISTINCT FROM ${wholly(a)} OR ${hasMore(a)})`
  return `(${textOf({ name, type: from }, 'a')} IS DISTINCT FROM ${textOf({ name, type: to }, 'b')})`
}

/** For SQL 0 and -0 are the same; their bits are not. */
function otherFloat(a: string, b: string): string {
  return `(${a} IS DISTINCT FROM ${b} OR coalesce(${a} = 0 AND ${b} = 0 AND signbit(${a}) <> signbit(${b}), false))`
}

/** A float as the integer that it is, with all digits. */
const wholly = (float: string) => `TRY_CAST(${float} AS HUGEINT)`
/** It is none: a part of one, or no finite number. */
const hasMore = (float: string) =>
  `(${float} IS NOT NULL AND (${wholly(float)} IS NULL OR ${float} <> trunc(${float})))`

/** Each row as the texts of all columns of both sides; one that a side has not is null there. */
function wholeRows(a: Side, b: Side): { names: string[]; union: string } {
  const names = [...new Set([...a.columns, ...b.columns].map(({ name }) => name))]
  const select = (side: Side, sign: number) => {
    const texts = names.map((name, i) => {
      const column = side.columns.find((one) => one.name === name)
      return `${column ? textOf(column) : 'NULL::VARCHAR'} AS c${i}`
    })
    return `SELECT ${texts.join(', ')}, ${sign} AS side FROM (${side.select})`
  }
  return { names, union: `${select(a, -1)} UNION ALL ${select(b, 1)}` }
}

function unmatched(a: Side, b: Side): { names: string[]; grouped: string } {
  const { names, union } = wholeRows(a, b)
  const cells = names.map((_, i) => `c${i}`).join(', ')
  const grouped = `SELECT ${cells}, CAST(sum(side) AS BIGINT) AS n FROM (${union}) GROUP BY ${cells} HAVING sum(side) <> 0`
  return { names, grouped }
}

async function countUnkeyed(duck: DuckSession, a: Side, b: Side): Promise<Pick<DifferenceSummary, 'rows' | 'cells'>> {
  const { grouped } = unmatched(a, b)
  const [row] = await duck.rows<{ before: number; after: number; added: number; removed: number }>(
    `SELECT (SELECT count(*) FROM (${a.select})) AS before, (SELECT count(*) FROM (${b.select})) AS after,
       CAST(coalesce(sum(n) FILTER (n > 0), 0) AS BIGINT) AS added,
       CAST(coalesce(-sum(n) FILTER (n < 0), 0) AS BIGINT) AS removed FROM (${grouped})`,
  )
  const { before = 0, after = 0, added = 0, removed = 0 } = row ?? {}
  return { rows: { from: before, to: after, added, removed, changed: 0 }, cells: [] }
}

async function readUnkeyed(
  duck: DuckSession,
  a: Side,
  b: Side,
  { from, limit: asked, kind, column }: ChangesRequest,
): Promise<Changes> {
  const { names, grouped } = unmatched(a, b)
  if (kind === 'changed' || column !== undefined) return { changes: [], next: null }
  const limit = rowsWithinCells(asked, names.length)
  const where = kind === undefined ? '' : `WHERE n ${kind === 'added' ? '>' : '<'} 0`
  const cells = names.map((_, i) => `${boundedText(`c${i}`)} AS c${i}`)
  const order = names.map((_, i) => `c${i} NULLS FIRST`)
  const found = await duck.rows<Record<string, unknown> & { n: number }>(
    `SELECT ${cells.join(', ')}, n FROM (SELECT * FROM (${grouped}) ${where}
       ORDER BY ${order.join(', ')}, n LIMIT ${limit + 1} OFFSET ${from}) ORDER BY ${order.join(', ')}, n`,
  )
  const changes = found.slice(0, limit).map((row): ChangedRow => {
    const added = row.n > 0
    const side = added ? b : a
    const held = names.map((name, i) => ({ name, cell: shownCell(row[`c${i}`]) }))
    return {
      kind: added ? 'added' : 'removed',
      key: null,
      times: Math.abs(row.n),
      cells: held
        .filter(({ name }) => side.columns.some((one) => one.name === name))
        .map(({ name, cell }) => ({ column: name, ...(added ? { to: cell } : { from: cell }) })),
    }
  })
  return { changes, next: found.length > limit ? from + limit : null }
}
