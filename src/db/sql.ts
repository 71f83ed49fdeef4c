import type { Readable } from 'node:stream'

/**
 * What a room needs of PostgreSQL. Types on the way out: int8 → number (bigint beyond 2^53), timestamptz → Instant,
 * date, timestamp and numeric → string, json → parsed, bytea → Buffer; the rest as `pg` has them. On the way in, an
 * array is a PostgreSQL array and an object is JSON, so a JSON array must be given as JSON.stringify(array).
 */
export type Sql = {
  /** Runs one statement with bound values and gives its rows. */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** The same, prepared once per connection under `name`: for hot paths. */
  prepared<Row = Record<string, unknown>>(name: string, text: string, values: readonly unknown[]): Promise<Row[]>
  /** Runs `body` in one transaction: all of it or nothing. Inside a transaction it is a savepoint. */
  tx<T>(body: (sql: Sql) => Promise<T>): Promise<T>
  /** Sends a stream to a `copy … from stdin`. */
  copyIn(text: string, from: Readable): Promise<void>
}

/** A pool of connections to one database, and its notifications. */
export type Database = Sql & {
  readonly url: string
  /** Calls back at each NOTIFY on `channel`, on a connection of its own that reconnects; `onReconnect` after a gap. */
  listen(channel: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}
