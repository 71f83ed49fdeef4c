import type { Instant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { ServiceDefinition, ViewDefinition } from '../define/definitions.ts'
import type { EntityKey } from '../define/keys.ts'
import type { OnlineTableRow } from '../queries.ts'

/**
 * Where the live values are: one table for each definition of a view. A row is a key, the moment that its values
 * describe, when they could first be known (`created`), and whether the key is gone (a tombstone, which is kept, so
 * that an older event cannot bring the key back). A row never gives way to one with a smaller (event time, created).
 * The catalogue of the tables (features.online_table) is PostgreSQL's whatever the store. Each load has a number there, its
 * generation, which the store keeps too: so a store of its own that lost values, or came back with older ones, is found out.
 */
export type OnlineStore = {
  readonly name: 'postgres' | 'redis'
  /** The name of the view's table. */
  table(view: ViewDefinition): string
  /** Whether all that the catalogue speaks of is there: a store of its own may have lost some or all of it since. */
  holds(table: HeldTable): Promise<boolean>
  /** Makes the table where it is not there yet; `anew` where it lost values: what is left of it is not believed. */
  create(tx: Sql, view: ViewDefinition, options: { anew: boolean }): Promise<void>
  /**
   * Brings the rows of a DuckDB query into the table: keys, event_timestamp, created, gone, features, by these names
   * and in declared types. With `whole` they are a whole state: rows older than it that it does not hold are removed.
   * Gives how many of the query's keys are in the table afterwards, by that row or a newer one: looked up when all is
   * written, so that a store that lost some on the way is found out.
   */
  load(tx: Sql, view: ViewDefinition, load: Load): Promise<number>
  /** Removes rows of these keys with this event_timestamp and created (null for any): what a withdrawn delivery brought. */
  takeBack(tx: Sql, view: ViewDefinition, rows: Rows): Promise<void>
  /** Refuses (unavailable) a table that lost values since the load of that generation. */
  write(tx: Sql, view: ViewDefinition, rows: OnlineWrite, since: number): Promise<void>
  /**
   * Says that a table is all there as of this generation: readers believe it, and no copy of before. Refuses (unavailable)
   * when some of it was lost meanwhile.
   */
  complete(tx: Sql, at: { view: string; table: string }, generation: number): Promise<void>
  /** Removes keys, whatever their age; gives how many were there. */
  erase(tx: Sql, view: ViewDefinition, keys: readonly EntityKey[]): Promise<number>
  /**
   * Keys of all tables of this home, also of those that no catalogue names, for which `match` is true; removed with `erase`.
   * Absent where the tables are PostgreSQL's.
   */
  matching?(match: (table: string, key: readonly string[]) => boolean, erase: boolean): Promise<void>
  /** Rows that are not gone, and the newest moment among them. */
  extent(tx: Sql, view: ViewDefinition): Promise<{ rows: number; newest: Instant | null }>
  /** Some keys of a table, in an order without meaning. */
  sample(view: ViewDefinition, count: number): Promise<EntityKey[]>
  drop(tx: Sql, table: string): Promise<void>
  /** A reader of all views of a service; views whose table is undefined give nothing. */
  reader(service: ServiceDefinition, tables: readonly (HeldTable | undefined)[]): OnlineRead
  close(): Promise<void>
}

/** A table as the catalogue speaks of it. */
export type HeldTable = Pick<OnlineTableRow, 'tableName' | 'generation'>

/** The rows of a DuckDB query. */
export type Rows = {
  session: DuckSession
  /** A folder for files on the way. */
  scratch: string
  sql: string
}

export type Load = Rows & {
  whole: { eventTimestamp: Instant; created: Instant } | null
  onRows(rows: number): void
}

/** Column by column; times as instants, feature values as text, numbers and booleans. */
export type OnlineWrite = {
  keys: unknown[][]
  eventTimestamps: Instant[]
  created: Instant[]
  gone: boolean[]
  features: unknown[][]
}

/**
 * What is stored for one key: by view the event time, null where it has no row; by stored feature the value. `lost` has the
 * places of views whose row of this key, if there was one, the store lost: nobody knows.
 */
export type StoredRow = { lost: readonly number[]; timestamps: (Instant | null)[]; values: FeatureValue[] }

export type OnlineRead = (keys: readonly EntityKey[]) => Promise<StoredRow[]>

/** A table of an earlier definition was dropped between the look at the catalogue and the read. */
export class TableGone extends Error {}
