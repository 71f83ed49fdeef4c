import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline, type Readable, Transform } from 'node:stream'
import type { Instant } from '../../base/instant.ts'
import { requireSameRows } from '../../base/same-rows.ts'
import type { Sql } from '../../db/sql.ts'
import type { FeatureValue } from '../../wire/features.ts'
import { type ServiceDefinition, tableDigest, type ViewDefinition } from '../define/definitions.ts'
import type { EntityKey } from '../define/keys.ts'
import { ident, literal } from '../define/quote.ts'
import { plainInPostgres, postgresType } from '../define/value-types.ts'
import { onlineStatement } from './online-statement.ts'
import {
  type HeldTable,
  type Load,
  type OnlineRead,
  type OnlineStore,
  type OnlineWrite,
  type Rows,
  TableGone,
} from './online-store.ts'

/** The online store in PostgreSQL: typed columns, so that a value can never be read as another type than it was written. `reads` is for the hot path. */
export function createPostgresStore(sql: Sql, reads: Sql = sql): OnlineStore {
  return {
    name: 'postgres',
    table: onlineTableName,
    // One database with the catalogue: what it says was committed with the rows.
    holds: async () => true,
    create: (tx, view) => createTable(tx, view),
    load,
    takeBack,
    write: (tx, view, rows) => write(tx, view, rows),
    complete: async () => {},
    erase,
    drop: async (tx, table) => void (await tx.query(`drop table if exists ${qualified(table)}`)),
    async extent(tx, view) {
      const [row] = await tx.query<{ rows: number; newest: Instant | null }>(
        `select count(*) as rows, max(event_timestamp) as newest from ${tableOf(view)} where not _gone`,
      )
      return row ?? { rows: 0, newest: null }
    },
    async sample(view, count) {
      const keys = view.keys.map((key, i) => `${plainInPostgres(ident(key.name), key.type)}::text as k${i}`)
      const rows = await sql.query<Record<string, string>>(
        `select ${keys.join(', ') || '1'} from ${tableOf(view)} where not _gone order by random() limit $1`,
        [count],
      )
      return rows.map((row) => view.keys.map((_, i) => row[`k${i}`] ?? ''))
    },
    reader: (service, tables) => createReader(reads, service, tables),
    close: async () => {},
  }
}

/** PostgreSQL cuts names at 63 bytes, so the view's name is cut here, where the digest keeps it apart. */
export function onlineTableName(view: ViewDefinition): string {
  return `${Buffer.from(view.name).subarray(0, 40).toString('latin1').replaceAll(/\W/g, '_')}_${tableDigest(view).slice(0, 16)}`
}

export function qualified(table: string): string {
  return `online.${ident(table)}`
}

function tableOf(view: ViewDefinition): string {
  return qualified(onlineTableName(view))
}

async function createTable(tx: Sql, view: ViewDefinition): Promise<void> {
  const keys = view.keys.map((key) => `${ident(key.name)} ${keyType(key.type)} not null`)
  const features = view.features.map((f) => `${ident(f.name)} ${postgresType(f.type)}`)
  const stamps = ['event_timestamp timestamptz not null', 'created timestamptz not null']
  const columns = [...(keys.length > 0 ? keys : ['_one boolean not null default true']), ...stamps]
  // A month updates every row: room in the page keeps the updates off the index.
  await tx.query(
    `create table if not exists ${tableOf(view)} (${[...columns, '_gone boolean not null', ...features, primaryKey(view)].join(', ')})
     with (fillfactor = 60)`,
  )
}

/** By way of a CSV file, which DuckDB writes and PostgreSQL reads: no value passes through JavaScript. */
async function load(tx: Sql, view: ViewDefinition, { session, scratch, sql, whole, onRows }: Load): Promise<number> {
  const path = join(scratch, `${onlineTableName(view)}.csv`)
  const [copied] = await session.rows<{ Count: number }>(
    `COPY (SELECT ${columnNames(view).join(', ')} FROM (${sql})) TO ${literal(path)}
     (FORMAT csv, HEADER false, NULLSTR '\\N')`,
  )
  const [held] = await tx.query(`select 1 from ${tableOf(view)} limit 1`)
  const columns = columnNames(view).join(', ')
  let there: { n: number } | undefined
  const options = `(format csv, null '\\N')`
  const { size } = await stat(path)
  const rows = copied?.Count ?? 0
  const source = counting(createReadStream(path, { highWaterMark: 1 << 18 }), (bytes) =>
    onRows(Math.floor((rows * bytes) / size)),
  )
  if (held === undefined) {
    // An index made at the end is made in a third less time than one that grows row by row.
    await tx.query(`alter table ${tableOf(view)} drop constraint ${primaryKeyName(view)}`)
    await tx.copyIn(`copy ${tableOf(view)} (${columns}) from stdin ${options}`, source)
    await tx.query(`alter table ${tableOf(view)} add ${primaryKey(view)}`)
    ;[there] = await tx.query<{ n: number }>(`select count(*) as n from ${tableOf(view)}`)
  } else {
    await tx.query(`create temp table loading (like ${tableOf(view)} including defaults) on commit drop`)
    await tx.copyIn(`copy loading (${columns}) from stdin ${options}`, source)
    await tx.query(
      `insert into ${tableOf(view)} as t (${columns}) select ${columns} from loading ${keepingNewer(view)}`,
    )
    ;[there] = await tx.query<{ n: number }>(
      `select count(*) as n from loading l join ${tableOf(view)} t using (${keyNames(view).join(', ')})
       where (t.event_timestamp, t.created) >= (l.event_timestamp, l.created)`,
    )
    await tx.query('drop table loading')
  }
  if (whole) {
    await tx.query(
      `delete from ${tableOf(view)} where (event_timestamp, created) < ($1::timestamptz, $2::timestamptz)`,
      [whole.eventTimestamp, whole.created],
    )
  }
  // Fresh statistics, so that the first reads after a load find the index.
  await tx.query(`analyze ${tableOf(view)}`)
  onRows(rows)
  return there?.n ?? 0
}

/** Tells how many bytes went by. */
function counting(source: Readable, onBytes: (bytes: number) => void): Readable {
  let bytes = 0
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      onBytes(bytes)
      done(null, chunk)
    },
  })
  // What breaks is told by the stream that is read.
  return pipeline(source, counted, () => {})
}

async function takeBack(tx: Sql, view: ViewDefinition, { session, scratch, sql }: Rows): Promise<void> {
  const path = join(scratch, `${onlineTableName(view)}_withdrawn.csv`)
  const keys = view.keys.map((key) => ident(key.name))
  const columns = [...keys, 'event_timestamp', 'created']
  await session.run(
    `COPY (SELECT ${columns.join(', ')} FROM (${sql})) TO ${literal(path)} (FORMAT csv, HEADER false, NULLSTR '\\N')`,
  )
  await tx.query(`create temp table taken as select ${columns.join(', ')} from ${tableOf(view)} limit 0`)
  const source = createReadStream(path, { highWaterMark: 1 << 18 })
  await tx.copyIn(`copy taken (${columns.join(', ')}) from stdin (format csv, null '\\N')`, source)
  const same = [...keys, 'event_timestamp'].map((column) => `t.${column} = w.${column}`)
  const created = '(w.created is null or t.created = w.created)'
  await tx.query(`delete from ${tableOf(view)} t using taken w where ${[...same, created].join(' and ')}`)
  await tx.query('drop table taken')
}

async function write(tx: Sql, view: ViewDefinition, rows: OnlineWrite): Promise<void> {
  const keyTypes = view.keys.length > 0 ? view.keys.map((k) => postgresType(k.type)) : ['boolean']
  const types = [
    ...keyTypes,
    'timestamptz',
    'timestamptz',
    'boolean',
    ...view.features.map((f) => postgresType(f.type)),
  ]
  const keys = view.keys.length > 0 ? rows.keys : [rows.gone.map(() => true)]
  // The driver writes a number by String, which knows no -0.
  const features = rows.features.map((column) => column.map((value) => (Object.is(value, -0) ? '-0' : value)))
  const values = [...keys, rows.eventTimestamps, rows.created, rows.gone, ...features]
  const columns = [...keyNames(view), 'event_timestamp', 'created', '_gone', ...view.features.map((f) => ident(f.name))]
  const arrays = types.map((type, i) => `$${i + 1}::${type}[]`)
  await tx.query(
    `insert into ${tableOf(view)} as t (${columns.join(', ')})
     select * from unnest(${arrays.join(', ')}) ${keepingNewer(view)}`,
    values,
  )
}

async function erase(tx: Sql, view: ViewDefinition, keys: readonly EntityKey[]): Promise<number> {
  const arrays = view.keys.map((key, i) => `$${i + 1}::${postgresType(key.type)}[]`)
  const names = view.keys.map((key) => ident(key.name)).join(', ')
  const rows = await tx.query<{ n: number }>(
    `with erased as (
       delete from ${tableOf(view)} where (${names}) in (select * from unnest(${arrays.join(', ')})) returning 1)
     select count(*) as n from erased`,
    view.keys.map((_, i) => keys.map((key) => key[i])),
  )
  return rows[0]?.n ?? 0
}

/** A row that is newer in the table, by event time and then by when it was known, stays as it is. */
function keepingNewer(view: ViewDefinition): string {
  const updated = ['event_timestamp', 'created', '_gone', ...view.features.map((f) => ident(f.name))]
  return `on conflict (${keyNames(view).join(', ')}) do update
    set ${updated.map((c) => `${c} = excluded.${c}`).join(', ')}
    where (excluded.event_timestamp, excluded.created) >= (t.event_timestamp, t.created)`
}

function primaryKey(view: ViewDefinition): string {
  return `constraint ${primaryKeyName(view)} primary key (${keyNames(view).join(', ')})`
}

function primaryKeyName(view: ViewDefinition): string {
  return ident(`key_${tableDigest(view).slice(0, 32)}`)
}

function keyNames(view: ViewDefinition): string[] {
  return view.keys.length > 0 ? view.keys.map((key) => ident(key.name)) : ['_one']
}

/** Without the key that stands in for none, which is always the same. */
function columnNames(view: ViewDefinition): string[] {
  const keys = view.keys.map((key) => ident(key.name))
  return [...keys, 'event_timestamp', 'created', '_gone', ...view.features.map((f) => ident(f.name))]
}

function keyType(type: ViewDefinition['keys'][number]['type']): string {
  // Byte order: faster than the language's, and the same on every machine.
  return type === 'String' ? 'text collate "C"' : postgresType(type)
}

const NOTHING: readonly number[] = []

type ResultRow = Record<string, FeatureValue>

function createReader(sql: Sql, service: ServiceDefinition, tables: readonly (HeldTable | undefined)[]): OnlineRead {
  const names = tables.map((table) => table?.tableName)
  const statement = onlineStatement(service, names)
  return async (keys) => {
    const arrays = service.keys.length > 0 ? service.keys.map((_, i) => keys.map((key) => key[i])) : [keys.map(() => 1)]
    const rows = await sql.prepared<ResultRow>(statement.name, statement.text, arrays).catch((error) => {
      throw isUndefinedTable(error) ? new TableGone() : error
    })
    requireSameRows('keys → live rows', keys.length, rows.length)
    const inOrder = new Array<ResultRow>(keys.length)
    for (const row of rows) inOrder[Number(row.n) - 1] = row
    return inOrder.map((row) => ({
      lost: NOTHING,
      timestamps: statement.timestamps.map((column) => (column === undefined ? null : (row[column] as Instant | null))),
      values: statement.values.map((column) => row[column] ?? null),
    }))
  }
}

function isUndefinedTable(error: unknown): boolean {
  const cause = error instanceof Error && error.cause ? error.cause : error
  return (cause as { code?: unknown }).code === '42P01'
}
