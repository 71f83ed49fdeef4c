import type { Instant } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { REDIS_READ_MS, REDIS_WRITE_MS } from '../../base/time-limits.ts'
import type { ViewDefinition } from '../define/definitions.ts'
import type { EntityKey } from '../define/keys.ts'
import { ident } from '../define/quote.ts'
import { lostValues } from '../define/refusals.ts'
import { plainInDuck } from '../define/value-types.ts'
import type { Load, OnlineStore, OnlineWrite, Rows } from './online-store.ts'
import { onlineTableName } from './postgres-store.ts'
import { connectRedis } from './redis-connection.ts'
import { createMatching } from './redis-matching.ts'
import { createParts } from './redis-parts.ts'
import { createRedisReader } from './redis-reader.ts'
import { fieldOf, rowJson, stored } from './redis-rows.ts'
import { BEGIN, COMPLETE, COUNT_LOST, REMOVE_EQUAL, REMOVE_OLDER, WRITE_NEWER } from './redis-scripts.ts'
import { evictionWarning, inspectRedis } from './redis-server.ts'

/** Rows that are written in one go. */
const WRITE_ROWS = 1000

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
  const parts = createParts(connection, namespace)
  const { partOf, partsOf, script, ask, rowsOf, rowsOfParts } = parts

  async function writeRows(view: ViewDefinition, since: number, fields: string[], rows: string[]): Promise<void> {
    const table = onlineTableName(view)
    const places = fields.map((field) => partOf(table, field))
    const args = fields.flatMap((field, i) => [field, rows[i] ?? ''])
    if (Number(await script(WRITE_NEWER, places, [String(since), ...args])) > 0) throw lostValues([view.name])
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
    for (let i = 0; i < fields.length; i += WRITE_ROWS) {
      await writeRows(view, since, fields.slice(i, i + WRITE_ROWS), texts.slice(i, i + WRITE_ROWS))
    }
  }

  return {
    name: 'redis',
    table: onlineTableName,
    holds: async ({ tableName, generation }) =>
      Number(await script(COUNT_LOST, partsOf(tableName), [String(generation)], REDIS_READ_MS)) === 0,
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
    reader: (service, tables) => createRedisReader(parts, service, tables),
    close: async () => connection.close(),
  }
}
