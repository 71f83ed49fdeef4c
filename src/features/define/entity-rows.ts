import { messageOf, PlatformError } from '../../base/errors.ts'
import type { Instant } from '../../base/instant.ts'
import { worldError } from '../../base/world.ts'
import { csvDialect, readCsvHeader } from '../../lake/csv-file.ts'
import type { DuckSession } from '../../lake/duck.ts'
import { readColumn } from '../../values/columns.ts'
import { shown } from '../../values/json.ts'
import { isNoValue } from '../../values/text.ts'
import { describeType } from '../../values/values.ts'
import type { Column, ServiceDefinition } from './definitions.ts'
import { ident, literal } from './quote.ts'
import { duckInstant } from './value-types.ts'

/** The temporary table of entity rows of a join, in the session that runs it. */
export const ENTITY_ROWS = 'entity_rows'

/**
 * Entity rows as a table of the session: `n` gives their order, `t` the moment T, `k<i>` the i-th key of the service in
 * its type, `r<i>` the i-th column of its request data, and `p<i>` the i-th column that the rows came with.
 */
export type EntityRows = { payload: { name: string; sql: string }[]; rows: number; first: string; last: string }

/** The name that a moment has where nothing else was said. */
export const EVENT_TIMESTAMP = 'event_timestamp'

/** A column of the caller's file: by which expression it is read, and what DuckDB calls its type (text in CSV). */
type Given = { name: string; sql: string; type: string }

/**
 * Reads a caller's Parquet or CSV file. Keys, the moment and request data are read as deliveries are, by the table of
 * types, and what is none of the type is refused with its row; naive times are UTC. Every other column is the caller's
 * own and stays as it is: text in CSV, its type in Parquet. With a `moment` all rows are of it, and no column tells one.
 */
export async function readEntityFile(
  session: DuckSession,
  service: ServiceDefinition,
  path: string,
  timestamp?: string | { moment: Instant },
): Promise<EntityRows> {
  const { from, columns } = path.endsWith('.parquet') ? await openParquet(session, path) : await openCsv(path)
  requireNames(columns, service)
  const one = typeof timestamp === 'object' ? timestamp.moment : undefined
  const time = typeof timestamp === 'object' ? undefined : await timestampColumn(session, from, columns, timestamp)
  const moments: Column[] = time === undefined ? [] : [{ name: time, type: 'UnixTimestamp' }]
  const declared: Column[] = [...service.keys, ...service.request, ...moments]
  const place = (name: string) => declared.findIndex((column) => column.name === name)
  const read = declared.flatMap(({ name, type }, i) => {
    const { sql, type: physical } = columnOf(columns, name)
    const { text, value } = readColumn(type, physical, sql)
    return [`${text} AS x${i}`, `${value} AS v${i}`]
  })
  const own = columns.flatMap((column, i) => (place(column.name) < 0 ? [`${column.sql} AS o${i}`] : []))
  const source = `SELECT n, ${[...read, ...own].join(', ')} FROM (${from})`
  // A service without keys and without a moment has nothing that could be broken.
  const broken = declared.map((column, i) => {
    const none = isNoValue(column.type, `x${i}`, `v${i}`)
    // A row without a moment has no past.
    return `WHEN ${column.name === time ? `v${i} IS NULL OR ` : ''}${none} THEN ${i}`
  })
  const kept = columns.map(({ name }, i) => `${place(name) < 0 ? `o${i}` : `v${place(name)}`} AS p${i}`)
  const keys = service.keys.map((_, i) => `v${i} AS k${i}`)
  const request = service.request.map((_, i) => `v${service.keys.length + i} AS r${i}`)
  const moment = one === undefined ? `v${declared.length - 1} AS t` : `${duckInstant(one)} AS t`
  await session
    .run(
      `CREATE OR REPLACE TEMP TABLE ${ENTITY_ROWS} AS
       SELECT ${['n', moment, ...keys, ...request, ...kept].join(', ')}, ${broken.length > 0 ? `CASE ${broken.join(' ')} END` : 'NULL'} AS broken FROM (${source})`,
    )
    .catch(unreadable)
  await requireValues(session, declared, source)
  const payload = columns.map((column, i) => ({ name: column.name, sql: `p${i}` }))
  return { payload, ...(await extent(session)) }
}

/** How many rows there are, and the first and the last T as instants (empty without rows). */
export async function extent(session: DuckSession): Promise<{ rows: number; first: string; last: string }> {
  const text = (sql: string) => `coalesce(strftime(${sql} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '')`
  const [row] = await session.rows<{ rows: number; first: string; last: string }>(
    `SELECT count(*) AS "rows", ${text('min(t)')} AS first, ${text('max(t)')} AS last FROM ${ENTITY_ROWS}`,
  )
  return row ?? { rows: 0, first: '', last: '' }
}

/** `from` gives the rows with their number `n`, from 1. */
type Opened = { from: string; columns: Given[] }

async function openCsv(path: string): Promise<Opened> {
  const header = await readCsvHeader(path)
  if (!Array.isArray(header)) throw refusal(`the file of entity rows cannot be read: ${header.says}`)
  const fields = header.map((_, i) => `'c${i}': 'VARCHAR'`).join(', ')
  const from = `SELECT row_number() OVER () AS n, * FROM read_csv(${literal(path)}, columns = {${fields}}, ${csvDialect()})`
  return { from, columns: header.map((name, i) => ({ name, sql: `c${i}`, type: 'VARCHAR' })) }
}

async function openParquet(session: DuckSession, path: string): Promise<Opened> {
  const file = `read_parquet(${literal(path)}`
  const rows = await session
    .rows<{ name: string; type: string }>(
      `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${file}))`,
    )
    .catch(unreadable)
  const columns = rows.map(({ name, type }) => ({ name, sql: `f.${ident(name)}`, type }))
  const named = columns.map(({ sql }, i) => `${sql} AS c${i}`)
  return {
    from: `SELECT file_row_number + 1 AS n, ${named.join(', ')} FROM ${file}, file_row_number = true) f`,
    columns: columns.map((column, i) => ({ ...column, sql: `c${i}` })),
  }
}

/** DuckDB tells no case apart, so two names that differ in nothing else cannot stand side by side in the dataset. */
function requireNames(columns: readonly Given[], service: ServiceDefinition): void {
  for (const { name } of [...service.keys, ...service.request]) columnOf(columns, name)
  const seen = new Map<string, string>()
  const features = new Map(service.features.map((f) => [f.name.toLowerCase(), f.name]))
  for (const { name } of columns) {
    const folded = name.toLowerCase()
    const [before, feature] = [seen.get(folded), features.get(folded)]
    if (name === '') throw refusal('a column of the entity rows has no name')
    if (before === name) throw refusal(`the entity rows have two columns '${name}'`)
    if (before !== undefined)
      throw refusal(`the columns '${before}' and '${name}' of the entity rows differ in case only`)
    if (feature !== undefined) {
      throw refusal(
        `column '${name}' of the entity rows has the name of a feature of '${service.name}'; rename the column`,
      )
    }
    seen.set(folded, name)
  }
}

async function timestampColumn(
  session: DuckSession,
  from: string,
  columns: readonly Given[],
  asked: string | undefined,
): Promise<string> {
  if (asked !== undefined) return columnOf(columns, asked).name
  if (columns.some((c) => c.name === EVENT_TIMESTAMP)) return EVENT_TIMESTAMP
  const times = await columnsOfTimes(session, from, columns)
  const [only, second] = times
  if (only !== undefined && second === undefined) return only
  const found = times.length === 0 ? 'none holds dates or times' : `several do: ${times.join(', ')}`
  throw refusal(`no column '${EVENT_TIMESTAMP}', and of the columns ${found}; name the one with the moment of each row`)
}

/** In Parquet by their type; in CSV those in which every row has a moment. */
async function columnsOfTimes(session: DuckSession, from: string, columns: readonly Given[]): Promise<string[]> {
  if (columns.some((c) => c.type !== 'VARCHAR')) {
    return columns.filter((c) => /^(TIMESTAMP|DATE)/.test(c.type)).map((c) => c.name)
  }
  const all = columns.map(({ sql, type }, i) => {
    const { text, value } = readColumn('UnixTimestamp', type, sql)
    return `count(*) > 0 AND bool_and(${text} IS NOT NULL AND ${value} IS NOT NULL) AS t${i}`
  })
  const [row = {}] = await session
    .rows<Record<string, boolean | null>>(`SELECT ${all.join(', ')} FROM (${from})`)
    .catch(unreadable)
  return columns.filter((_, i) => row[`t${i}`] === true).map((c) => c.name)
}

function columnOf(columns: readonly Given[], name: string): Given {
  const found = columns.find((c) => c.name === name)
  if (found) return found
  throw refusal(`the entity rows have no column '${name}'; they have ${columns.map((c) => c.name).join(', ')}`)
}

/** A key that is not of its type would look like an unknown one. Tells of the first row, and of its first such column. */
async function requireValues(session: DuckSession, declared: readonly Column[], source: string): Promise<void> {
  const [first] = await session.rows<{ n: number; broken: number }>(
    `SELECT n, broken FROM ${ENTITY_ROWS} WHERE broken IS NOT NULL ORDER BY n LIMIT 1`,
  )
  if (!first) return
  const { name, type } = declared[first.broken] as Column
  const [row] = await session.rows<{ text: string | null }>(
    `SELECT x${first.broken} AS text FROM (${source}) WHERE n = ${first.n}`,
  )
  const text = row?.text ?? null
  const says = text === null ? 'it is empty' : `${shown(text)} is not ${describeType(type)}`
  throw refusal(`entity row ${first.n}: column '${name}' has no value of type ${type}: ${says}`)
}

/** What the world did stays what it is: a full disk is no fault of the file. */
function unreadable(error: unknown): never {
  const told = worldError(error)
  if (told) throw told
  const lines = messageOf(error).split('\n').slice(0, 4).join('; ')
  throw refusal(`the file of entity rows cannot be read: ${lines}`)
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
