import { createClient } from 'redis'
import { messageOf, PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { ServiceDefinition, ViewDefinition } from './definitions.ts'
import type { EntityKey } from './keys.ts'
import type { Load, OnlineRead, OnlineStore, OnlineWrite, Rows, StoredRow } from './online-store.ts'
import { onlineTableName } from './postgres-store.ts'
import { ident } from './quote.ts'
import { plainInDuck } from './value-types.ts'

/**
 * The online store in Redis: one string for each key, `[event_timestamp, created, gone, …features]` as JSON, under
 * `weir:{namespace}:{table}:{key}`. Integers are kept as text, so that none loses a digit. A write is a script that looks at the times
 * first, so an older event never overwrites a newer one. Unlike PostgreSQL, Redis has no transaction over a load: while one
 * runs, readers see some keys before it and some after it, each whole.
 */
export async function openRedisStore(url: string, namespace: string): Promise<OnlineStore> {
  let opened = false
  const client = createClient({
    url,
    // Who asks while it is away is told so at once, and does not wait for it to come back.
    disableOfflineQueue: true,
    socket: {
      // One that was never reached is a wrong address, and not one to wait for.
      reconnectStrategy: (tries, cause) => (opened ? Math.min(tries * 50, 1000) : cause),
      connectTimeout: 5000,
    },
  })
  // Without a listener a lost connection would end the process; commands fail or wait by themselves.
  client.on('error', () => {})
  try {
    await client.connect()
    opened = true
  } catch (error) {
    if (client.isOpen) client.destroy()
    giveUp(error)
  }
  const prefix = (table: string) => `weir:${namespace}:${table}:`
  const nameOf = (table: string, key: readonly unknown[]) => `${prefix(table)}${JSON.stringify(key.map(String))}`

  /** Says that the table is there, also while it has no rows. */
  const markOf = (table: string) => `weir:${namespace}:table:${table}`

  async function writeRows(table: string, keys: string[], rows: string[]): Promise<void> {
    const sent = client.eval(WRITE_NEWER, { keys: keys.map((key) => `${prefix(table)}${key}`), arguments: rows })
    await sent.catch(giveUp)
  }

  async function* keysOf(table: string): AsyncGenerator<string[]> {
    for await (const keys of client.scanIterator({ MATCH: `${globSafe(prefix(table))}*`, COUNT: 1000 })) yield keys
  }

  async function* rowsOf(table: string): AsyncGenerator<{ key: string; row: Row }> {
    for await (const keys of keysOf(table)) {
      const texts = keys.length === 0 ? [] : await client.mGet(keys)
      for (const [i, text] of texts.entries()) if (text !== null) yield { key: keys[i] ?? '', row: JSON.parse(text) }
    }
  }

  async function load(_tx: unknown, view: ViewDefinition, { session, sql, whole, onRows }: Load): Promise<void> {
    const table = onlineTableName(view)
    const moment = (column: string) => plainInDuck(column, 'UnixTimestamp')
    const features = stored(view).map((f) => plainInDuck(ident(f.name), f.type))
    const keys = view.keys.map((key) => plainInDuck(ident(key.name), key.type))
    const columns = [...keys, moment('event_timestamp'), moment('created'), '_gone', ...features]
    let rows = 0
    for await (const chunk of session.chunks(`SELECT ${columns.join(', ')} FROM (${sql})`)) {
      const values = chunk.getRows() as unknown[][]
      const names = values.map((row) => JSON.stringify(row.slice(0, keys.length).map(String)))
      await writeRows(
        table,
        names,
        values.map((row) => rowJson(row.slice(keys.length))),
      )
      rows += values.length
      onRows(rows)
    }
    if (!whole) return
    const bound = `${whole.eventTimestamp} ${whole.created}`
    const old: string[] = []
    for await (const { key, row } of rowsOf(table)) if (`${row[0]} ${row[1]}` < bound) old.push(key)
    for (let i = 0; i < old.length; i += 1000) await client.unlink(old.slice(i, i + 1000))
  }

  async function takeBack(_tx: unknown, view: ViewDefinition, { session, sql }: Rows): Promise<void> {
    const keys = view.keys.map((key) => plainInDuck(ident(key.name), key.type))
    const times = ['event_timestamp', 'created'].map((column) => plainInDuck(column, 'UnixTimestamp'))
    for await (const chunk of session.chunks(`SELECT ${[...keys, ...times].join(', ')} FROM (${sql})`)) {
      const rows = chunk.getRows() as unknown[][]
      const names = rows.map((row) => nameOf(onlineTableName(view), row.slice(0, keys.length)))
      const stamps = rows.map((row) => rowJson(row.slice(keys.length)))
      await client.eval(REMOVE_EQUAL, { keys: names, arguments: stamps }).catch(giveUp)
    }
  }

  async function write(_tx: unknown, view: ViewDefinition, rows: OnlineWrite): Promise<void> {
    const place = new Map(view.features.map((f, i) => [f.name, i]))
    const keys = rows.gone.map((_, r) => JSON.stringify(rows.keys.map((column) => String(column[r]))))
    const texts = rows.gone.map((gone, r) =>
      rowJson([
        rows.eventTimestamps[r],
        rows.created[r],
        gone,
        ...stored(view).map((f) => rows.features[place.get(f.name) ?? -1]?.[r] ?? null),
      ]),
    )
    if (keys.length > 0) await writeRows(onlineTableName(view), keys, texts)
  }

  function reader(service: ServiceDefinition, tables: readonly (string | undefined)[]): OnlineRead {
    const views = service.views.map((view, i) => {
      const places = view.keys.map((_, k) => service.keys.findIndex((key) => key.name === view.rowKeys[k]))
      return { table: tables[i], places, features: stored(view) }
    })
    const held = views.filter((view) => view.table !== undefined)
    const values = service.stored.map((s) => {
      const features = views[s.view]?.features ?? []
      return { view: s.view, place: features.findIndex((f) => f.name === s.feature) + 3, type: s.type }
    })
    return async (keys) => {
      const names = keys.flatMap((key) =>
        held.map((v) =>
          nameOf(
            v.table ?? '',
            v.places.map((p) => key[p]),
          ),
        ),
      )
      const texts = await client.mGet(names).catch(giveUp)
      return keys.map((_, k): StoredRow => {
        let at = k * held.length
        const rows = views.map((view): Row | undefined => {
          const text = view.table === undefined ? null : texts[at++]
          const row = typeof text === 'string' ? (JSON.parse(text) as Row) : undefined
          return row?.[2] === true ? undefined : row
        })
        return {
          timestamps: rows.map((row) => (row ? (row[0] as Instant) : null)),
          values: values.map(({ view, place, type }) => fromJson(rows[view]?.[place] ?? null, type)),
        }
      })
    }
  }

  return {
    name: 'redis',
    table: onlineTableName,
    has: async (view) => (await client.exists(markOf(onlineTableName(view))).catch(giveUp)) > 0,
    create: async (_tx, view) => void (await client.set(markOf(onlineTableName(view)), '1').catch(giveUp)),
    load,
    takeBack,
    write,
    async erase(_tx, view, keys: readonly EntityKey[]) {
      const names = keys.map((key) => nameOf(onlineTableName(view), key))
      return names.length === 0 ? 0 : client.del(names)
    },
    async extent(_tx, view) {
      let rows = 0
      let newest: Instant | null = null
      for await (const { row } of rowsOf(onlineTableName(view))) {
        if (row[2] === true) continue
        rows++
        if (newest === null || (row[0] as string) > newest) newest = row[0] as Instant
      }
      return { rows, newest }
    },
    async sample(view, count) {
      const found: EntityKey[] = []
      const table = onlineTableName(view)
      for await (const { key, row } of rowsOf(table)) {
        if (row[2] !== true) found.push(JSON.parse(key.slice(prefix(table).length)) as string[])
        if (found.length >= count) break
      }
      return found
    },
    async drop(_tx, table) {
      await client.del(markOf(table))
      for await (const keys of keysOf(table)) if (keys.length > 0) await client.unlink(keys)
    },
    reader,
    close: () => client.close(),
  }
}

function giveUp(error: unknown): never {
  throw new PlatformError('unavailable', `the online store (Redis) does not answer: ${messageOf(error)}`, {
    cause: error,
  })
}

/** KEYS with their rows as ARGV: a row takes the place of one that is not newer by (event time, created). */
const WRITE_NEWER = `
for i, key in ipairs(KEYS) do
  local held = redis.call('GET', key)
  local keep = false
  if held then
    local old, new = cjson.decode(held), cjson.decode(ARGV[i])
    keep = old[1] > new[1] or (old[1] == new[1] and old[2] > new[2])
  end
  if not keep then redis.call('SET', key, ARGV[i]) end
end
return #KEYS`

/** Removes each of KEYS whose row has the times of its ARGV; a null stands for any. */
const REMOVE_EQUAL = `
for i, key in ipairs(KEYS) do
  local held = redis.call('GET', key)
  if held then
    local old, times = cjson.decode(held), cjson.decode(ARGV[i])
    if old[1] == times[1] and (times[2] == cjson.null or old[2] == times[2]) then redis.call('DEL', key) end
  end
end
return #KEYS`

type Row = (string | number | boolean | null)[]

/** In an order that does not depend on how the features are written down. */
function stored(view: ViewDefinition) {
  return [...view.features].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function rowJson(row: readonly unknown[]): string {
  return JSON.stringify(row.map((value) => (typeof value === 'bigint' ? String(value) : (value ?? null))))
}

function fromJson(value: Row[number], type: ServiceDefinition['stored'][number]['type']): FeatureValue {
  if (value === null) return null
  if (type === 'Int64' || type === 'Int32') {
    const n = Number(value)
    return Number.isSafeInteger(n) ? n : BigInt(value as string)
  }
  return type === 'Float32' ? Math.fround(Number(value)) : value
}

function globSafe(text: string): string {
  return text.replaceAll(/[[\]*?\\]/g, '\\$&')
}
