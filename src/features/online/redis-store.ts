import { crc32 } from 'node:zlib'
import type { Instant } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { REDIS_READ_MS, REDIS_WRITE_MS } from '../../base/time-limits.ts'
import { valueText } from '../../values/text.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { ServiceDefinition, ViewDefinition } from '../define/definitions.ts'
import type { EntityKey } from '../define/keys.ts'
import { ident } from '../define/quote.ts'
import { lostValues } from '../define/refusals.ts'
import { plainInDuck } from '../define/value-types.ts'
import type { HeldTable, Load, OnlineRead, OnlineStore, OnlineWrite, Rows, StoredRow } from './online-store.ts'
import { onlineTableName } from './postgres-store.ts'
import { connectRedis } from './redis-connection.ts'
import { createMatching } from './redis-matching.ts'
import { BEGIN, COMPLETE, COUNT_LOST, READ, REMOVE_EQUAL, REMOVE_OLDER, WRITE_NEWER } from './redis-scripts.ts'
import { evictionWarning, inspectRedis } from './redis-server.ts'

/** Parts of a table: enough that none is large at millions of rows, few enough to be asked for all their marks. */
const PARTS = 256
/** Fields of a part that one step of a scan gives, about. */
const SCAN_COUNT = 1000
const SCANNED_AT_ONCE = 32
/** Rows that one command asks for at most. */
const READ_COUNT = 5_000

/**
 * The online store in Redis: a table is 256 hashes `weir:{namespace}:{table}/{part}` with a row for each key,
 * `[event_timestamp, created, gone, …features]` as JSON, and a mark (redis-scripts.ts). Integers are kept as text, so that none
 * loses a digit. A write is a script that looks at the times first, so an older event never overwrites a newer one. Unlike
 * PostgreSQL, Redis has no transaction over a load: while one runs, readers see some keys before it and some after it, each whole.
 *
 * Invariants:
 * - A row that Redis lost (evicted, flushed, or an older copy that came back) is never taken for an unknown entity or a null.
 * - Every command has a time limit; a connection that stays silent is given up and made anew.
 */
export async function openRedisStore(url: string, namespace: string, log?: Log): Promise<OnlineStore> {
  const connection = await connectRedis(url)
  try {
    const warning = evictionWarning(await inspectRedis(connection))
    if (warning) log?.warn(warning)
  } catch (error) {
    connection.close()
    throw error
  }
  const partOf = (table: string, field: string) => `weir:${namespace}:${table}/${crc32(field) % PARTS}`
  const partsOf = (table: string) => Array.from({ length: PARTS }, (_, part) => `weir:${namespace}:${table}/${part}`)
  const script = (text: string, keys: string[], args: string[], ms = REDIS_WRITE_MS) =>
    connection.ask(ms, (client) => client.eval(text, { keys, arguments: args }))

  async function writeRows(view: ViewDefinition, since: number, fields: string[], rows: string[]): Promise<void> {
    const table = onlineTableName(view)
    const parts = fields.map((field) => partOf(table, field))
    const args = fields.flatMap((field, i) => [field, rows[i] ?? ''])
    if (Number(await script(WRITE_NEWER, parts, [String(since), ...args])) > 0) throw lostValues([view.name])
  }

  /** Mark and row of each. In steps: a command takes so many arguments, and others wait for it. */
  async function ask(rows: readonly { part: string; field: string }[]): Promise<Reply[]> {
    const found: Reply[] = []
    for (let i = 0; i < rows.length; i += READ_COUNT) {
      const step = rows.slice(i, i + READ_COUNT)
      const [parts, fields] = [step.map((row) => row.part), step.map((row) => row.field)]
      for (const reply of (await script(READ, parts, fields, REDIS_READ_MS)) as Reply[]) found.push(reply)
    }
    return found
  }

  const scanned = async (part: string, cursor: string) => {
    const page = await connection.ask(REDIS_WRITE_MS, (client) => client.hScan(part, cursor, { COUNT: SCAN_COUNT }))
    const rows = page.entries.filter(({ field }) => field !== '')
    return {
      part,
      cursor: String(page.cursor),
      rows: rows.map(({ field, value }) => ({ field, row: JSON.parse(value) as Row })),
    }
  }

  const rowsOf = (table: string) => rowsOfParts(partsOf(table))

  /** All rows, part by part; one that stands while it is scanned is given at least once. */
  async function* rowsOfParts(parts: string[]): AsyncGenerator<{ part: string; rows: { field: string; row: Row }[] }> {
    for (let i = 0; i < parts.length; i += SCANNED_AT_ONCE) {
      // The first steps together: most parts need no second one.
      for (let page of await Promise.all(parts.slice(i, i + SCANNED_AT_ONCE).map((part) => scanned(part, '0')))) {
        yield page
        while (page.cursor !== '0') {
          page = await scanned(page.part, page.cursor)
          yield page
        }
      }
    }
  }

  async function load(_tx: unknown, view: ViewDefinition, { session, sql, whole, onRows }: Load): Promise<number> {
    const moment = (column: string) => plainInDuck(column, 'UnixTimestamp')
    const features = stored(view).map((f) => plainInDuck(ident(f.name), f.type))
    const keys = view.keys.map((key) => plainInDuck(ident(key.name), key.type))
    const columns = [...keys, moment('event_timestamp'), moment('created'), '_gone', ...features]
    let rows = 0
    for await (const chunk of session.chunks(`SELECT ${columns.join(', ')} FROM (${sql})`)) {
      const values = chunk.getRows() as unknown[][]
      const fields = values.map((row) => fieldOf(row.slice(0, keys.length)))
      const texts = values.map((row) => rowJson(row.slice(keys.length)))
      await writeRows(view, 0, fields, texts)
      rows += values.length
      onRows(rows)
    }
    if (whole) await removeOlder(view, whole)
    let there = 0
    for await (const chunk of session.chunks(`SELECT ${keys.join(', ') || '1'} FROM (${sql})`)) {
      const fields = (chunk.getRows() as unknown[][]).map((row) => fieldOf(row.slice(0, keys.length)))
      const found = await ask(fields.map((field) => ({ part: partOf(onlineTableName(view), field), field })))
      there += fields.filter((_, i) => typeof found[2 * i + 1] === 'string').length
    }
    return there
  }

  async function removeOlder(view: ViewDefinition, whole: NonNullable<Load['whole']>): Promise<void> {
    const bound = `${whole.eventTimestamp} ${whole.created}`
    for await (const { part, rows } of rowsOf(onlineTableName(view))) {
      const old = rows.filter(({ row }) => `${row[0]} ${row[1]}` < bound).map(({ field }) => field)
      // Looked at once more over there: a newer row may have come meanwhile.
      if (old.length > 0) await script(REMOVE_OLDER, [part], [bound, ...old])
    }
  }

  async function takeBack(_tx: unknown, view: ViewDefinition, { session, sql }: Rows): Promise<void> {
    const table = onlineTableName(view)
    const keys = view.keys.map((key) => plainInDuck(ident(key.name), key.type))
    const times = ['event_timestamp', 'created'].map((column) => plainInDuck(column, 'UnixTimestamp'))
    for await (const chunk of session.chunks(`SELECT ${[...keys, ...times].join(', ')} FROM (${sql})`)) {
      const rows = chunk.getRows() as unknown[][]
      const fields = rows.map((row) => fieldOf(row.slice(0, keys.length)))
      const args = rows.flatMap((row, i) => [fields[i] ?? '', rowJson(row.slice(keys.length))])
      await script(
        REMOVE_EQUAL,
        fields.map((field) => partOf(table, field)),
        args,
      )
    }
  }

  async function write(_tx: unknown, view: ViewDefinition, rows: OnlineWrite, since: number): Promise<void> {
    const place = new Map(view.features.map((f, i) => [f.name, i]))
    const fields = rows.gone.map((_, r) => fieldOf(rows.keys.map((column) => column[r])))
    const texts = rows.gone.map((gone, r) =>
      rowJson([
        rows.eventTimestamps[r],
        rows.created[r],
        gone,
        ...stored(view).map((f) => rows.features[place.get(f.name) ?? -1]?.[r] ?? null),
      ]),
    )
    for (let i = 0; i < fields.length; i += SCAN_COUNT) {
      await writeRows(view, since, fields.slice(i, i + SCAN_COUNT), texts.slice(i, i + SCAN_COUNT))
    }
  }

  function reader(service: ServiceDefinition, tables: readonly (HeldTable | undefined)[]): OnlineRead {
    const views = service.views.map((view, i) => {
      const places = view.keys.map((_, k) => service.keys.findIndex((key) => key.name === view.rowKeys[k]))
      return { table: tables[i], places, features: stored(view) }
    })
    const values = service.stored.map((s) => {
      const features = views[s.view]?.features ?? []
      return { view: s.view, place: features.findIndex((f) => f.name === s.feature) + 3, type: s.type }
    })
    return async (keys) => {
      const asked: { part: string; field: string }[] = []
      for (const key of keys) {
        for (const { table, places } of views) {
          if (!table) continue
          const field = fieldOf(places.map((p) => key[p]))
          asked.push({ part: partOf(table.table_name, field), field })
        }
      }
      const found = await ask(asked)
      let at = 0
      return keys.map((): StoredRow => {
        const lost: number[] = []
        const rows = views.map(({ table }, v): Row | undefined => {
          if (!table) return undefined
          const [mark, text] = [found[2 * at], found[2 * at + 1]]
          at += 1
          if (!isMarked(mark, table.generation)) lost.push(v)
          const row = typeof text === 'string' ? (JSON.parse(text) as Row) : undefined
          return row?.[2] === true ? undefined : row
        })
        return {
          lost,
          timestamps: rows.map((row) => (row ? (row[0] as Instant) : null)),
          values: values.map(({ view, place, type }) => fromJson(rows[view]?.[place] ?? null, type)),
        }
      })
    }
  }

  return {
    name: 'redis',
    table: onlineTableName,
    holds: async ({ table_name, generation }) =>
      Number(await script(COUNT_LOST, partsOf(table_name), [String(generation)], REDIS_READ_MS)) === 0,
    async create(_tx, view, { anew }) {
      if (anew) await script(BEGIN, partsOf(onlineTableName(view)), [])
    },
    load,
    takeBack,
    write,
    async complete(_tx, { view, table }, generation) {
      const lost = await script(COMPLETE, partsOf(table), [String(generation)])
      if (Number(lost) > 0) throw lostValues([view])
    },
    async erase(_tx, view, keys: readonly EntityKey[]) {
      let erased = 0
      for (const field of keys.map(fieldOf)) {
        const part = partOf(onlineTableName(view), field)
        erased += await connection.ask(REDIS_WRITE_MS, (client) => client.hDel(part, field))
      }
      return erased
    },
    matching: createMatching({ connection, root: `weir:${namespace}:`, rowsOfParts }),
    async extent(_tx, view) {
      let [count, inPart] = [0, '']
      let newest: Instant | null = null
      // A scan of a part may give a row twice.
      const seen = new Set<string>()
      for await (const { part, rows } of rowsOf(onlineTableName(view))) {
        if (part !== inPart) seen.clear()
        inPart = part
        for (const { field, row } of rows) {
          if (row[2] === true || seen.has(field)) continue
          seen.add(field)
          count += 1
          if (newest === null || (row[0] as string) > newest) newest = row[0] as Instant
        }
      }
      return { rows: count, newest }
    },
    async sample(view, count) {
      const found: EntityKey[] = []
      for await (const { rows } of rowsOf(onlineTableName(view))) {
        for (const { field, row } of rows) if (row[2] !== true) found.push(JSON.parse(field) as string[])
        if (found.length >= count) break
      }
      return found.slice(0, count)
    },
    async drop(_tx, table) {
      await connection.ask(REDIS_WRITE_MS, (client) => client.unlink(partsOf(table)))
    },
    reader,
    close: async () => connection.close(),
  }
}

type Reply = string | null
type Row = (string | number | boolean | null)[]

function isMarked(mark: Reply | undefined, generation: number): boolean {
  // `loading` is no number.
  return typeof mark === 'string' && Number(mark) >= generation
}

/** The name of a row in its part; never empty, which is the mark's. */
function fieldOf(key: readonly unknown[]): string {
  return JSON.stringify(key.map(String))
}

/** In an order that does not depend on how the features are written down. */
function stored(view: ViewDefinition) {
  return [...view.features].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** JSON has no -0 either: it goes as text. */
function rowJson(row: readonly unknown[]): string {
  const asText = (value: unknown) => typeof value === 'bigint' || Object.is(value, -0)
  return JSON.stringify(row.map((value) => (asText(value) ? valueText(value as number | bigint) : (value ?? null))))
}

function fromJson(value: Row[number], type: ServiceDefinition['stored'][number]['type']): FeatureValue {
  if (value === null) return null
  if (type === 'Int64' || type === 'Int32') {
    const n = Number(value)
    return Number.isSafeInteger(n) ? n : BigInt(value as string)
  }
  if (type === 'Float64') return Number(value)
  return type === 'Float32' ? Math.fround(Number(value)) : value
}
