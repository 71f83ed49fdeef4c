import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PlatformError } from '../base/errors.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Column, ServiceDefinition } from './definitions.ts'
import { ident, literal } from './quote.ts'
import { duckType } from './value-types.ts'

/** The temporary table of entity rows of a join, in the session that runs it. */
export const ENTITY_ROWS = 'entity_rows'

/**
 * Entity rows as a table of the session: `n` gives their order, `t` the moment T, `k<i>` the i-th key of the service in
 * its type, `r<i>` the i-th column of its request data, and `p<i>` the i-th column that the rows came with, as it was.
 */
export type EntityRows = { payload: { name: string; sql: string }[]; rows: number; first: string; last: string }

/** The name that a moment has where nothing else was said. */
export const EVENT_TIMESTAMP = 'event_timestamp'

type Given = { name: string; type: string }

/** Reads a caller's Parquet or CSV file. Each column is kept; naive times are UTC. Refuses what cannot be joined. */
export async function readEntityFile(
  session: DuckSession,
  service: ServiceDefinition,
  path: string,
  timestamp?: string,
): Promise<EntityRows> {
  const csv = !path.endsWith('.parquet')
  const found = await describeColumns(session, csv ? csvSql(path) : `read_parquet(${literal(path)})`)
  const declared = [...service.keys, ...service.request]
  for (const { name } of declared) requireColumn(found, name)
  // A text key 0012 would be read as the number 12: what is declared is read as text, and then as its type.
  const from = csv ? csvSql(path, declared) : `read_parquet(${literal(path)}, file_row_number = true)`
  const columns = csv ? await describeColumns(session, from) : found
  const time = timestampColumn(columns, timestamp)
  const payload = columns.map((column, i) => ({ name: column.name, sql: `p${i}` }))
  const keys = service.keys.map((key, i) => `TRY_CAST(${ident(key.name)} AS ${duckType(key.type)}) AS k${i}`)
  const given = service.keys.map((key, i) => `${ident(key.name)} AS g${i}`)
  const sent = service.request.map((c, i) => `TRY_CAST(${ident(c.name)} AS ${duckType(c.type)}) AS r${i}`)
  const kept = columns.map(({ name }, i) => {
    const type = csv ? declared.find((c) => c.name === name)?.type : undefined
    return `${type ? `TRY_CAST(${ident(name)} AS ${duckType(type)})` : ident(name)} AS p${i}`
  })
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${ENTITY_ROWS} AS SELECT ${csv ? 'row_number() OVER ()' : 'file_row_number'} AS n,
       TRY_CAST(${ident(time)} AS TIMESTAMPTZ) AS t, ${[...keys, ...given, ...sent, ...kept].join(', ')} FROM ${from}`,
  )
  await requireValues(session, service, time)
  return { payload, ...(await extent(session)) }
}

/** Rows of a program as a Parquet file; their types are taken from their JSON, a Date is a moment. */
export async function writeEntityRows(
  duck: DuckSession,
  rows: readonly Readonly<Record<string, unknown>>[],
  scratch: string,
): Promise<string> {
  if (rows.length === 0) throw refusal('there are no entity rows')
  const [json, file] = [join(scratch, 'rows.json'), join(scratch, 'rows.parquet')]
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
  await writeFile(json, rows.map((row) => `${JSON.stringify(row, plain)}\n`).join(''))
  await duck.run(
    `COPY (SELECT * FROM read_json(${literal(json)}, format = 'newline_delimited', sample_size = -1))
     TO ${literal(file)} (FORMAT parquet)`,
  )
  return file
}

/** How many rows there are, and the first and the last T as instants (empty without rows). */
export async function extent(session: DuckSession): Promise<{ rows: number; first: string; last: string }> {
  const text = (sql: string) => `coalesce(strftime(${sql} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ'), '')`
  const [row] = await session.rows<{ rows: number; first: string; last: string }>(
    `SELECT count(*) AS "rows", ${text('min(t)')} AS first, ${text('max(t)')} AS last FROM ${ENTITY_ROWS}`,
  )
  return row ?? { rows: 0, first: '', last: '' }
}

function csvSql(path: string, declared: readonly Column[] = []): string {
  const types = declared.map((c) => `${literal(c.name)}: 'VARCHAR'`).join(', ')
  return `read_csv(${literal(path)}, header = true, sample_size = -1${types ? `, types = {${types}}` : ''})`
}

async function describeColumns(session: DuckSession, from: string): Promise<Given[]> {
  const rows = await session
    .rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${from}`)
    .catch((error: Error) => {
      throw refusal(`the file of entity rows cannot be read: ${error.message.split('\n')[0]}`)
    })
  return rows.map((row) => ({ name: row.column_name, type: row.column_type }))
}

function timestampColumn(columns: Given[], asked: string | undefined): string {
  if (asked !== undefined) return requireColumn(columns, asked)
  if (columns.some((c) => c.name === EVENT_TIMESTAMP)) return EVENT_TIMESTAMP
  const times = columns.filter((c) => /^(TIMESTAMP|DATE)/.test(c.type))
  const [only, second] = times
  if (only && !second) return only.name
  const found = times.length === 0 ? 'none holds dates or times' : `several do: ${times.map((c) => c.name).join(', ')}`
  throw refusal(`no column '${EVENT_TIMESTAMP}', and of the columns ${found}; name the one with the moment of each row`)
}

function requireColumn(columns: Given[], name: string): string {
  if (columns.some((c) => c.name === name)) return name
  throw refusal(`the entity rows have no column '${name}'; they have ${columns.map((c) => c.name).join(', ')}`)
}

/** A row without a moment has no past; a key that is no value of its type would look like an unknown one. */
async function requireValues(session: DuckSession, service: ServiceDefinition, time: string) {
  const broken: [Column, string][] = [
    [{ name: time, type: 'UnixTimestamp' }, 't IS NULL'],
    ...service.keys.map((key, i): [Column, string] => [key, `k${i} IS NULL AND g${i} IS NOT NULL`]),
  ]
  const counts = broken.map(([, sql], i) => `min(CASE WHEN ${sql} THEN n END) AS b${i}`)
  const [row = {}] = await session.rows<Record<string, number | null>>(
    `SELECT ${counts.join(', ')} FROM ${ENTITY_ROWS}`,
  )
  for (const [i, [column]] of broken.entries()) {
    const n = row[`b${i}`] ?? null
    if (n !== null) throw refusal(`entity row ${n}: column '${column.name}' has no value of type ${column.type}`)
  }
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
