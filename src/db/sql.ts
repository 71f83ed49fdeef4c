import type { Readable } from 'node:stream'

/** A statement with its values; prepared once per connection under its name. */
export type Statement = { name: string; text: string; values: readonly unknown[] }

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
  /**
   * Runs statements in one transaction, in their order, and waits once for them all (round-trip.ts); gives the rows of each.
   * For changes whose statements need nothing of each other's answers.
   */
  together(statements: readonly Statement[]): Promise<Record<string, unknown>[][]>
  /** Runs `body` in one transaction: all of it or nothing. Inside a transaction it is a savepoint. */
  tx<T>(body: (sql: Sql) => Promise<T>): Promise<T>
  /** Sends a stream to a `copy … from stdin`. */
  copyIn(text: string, from: Readable): Promise<void>
}

/**
 * Connections to one database, and its notifications. A statement that is sent within `atWork` (pulse.ts: a command, a
 * step) has no limit of time and waits for a database that is away; any other is ended after WEIR_STATEMENT_MS, and at
 * once when the database is away.
 */
export type Database = Sql & {
  /** Where to connect to; holds the password. */
  readonly url: string
  /** For the reads of predictions: connections of their own, that wait behind nothing else, with short limits. */
  readonly serving: Sql
  /** Resolves when the database answers; rejects when it has been away for that long. */
  untilThere(patienceMs: number, signal?: AbortSignal): Promise<void>
  /** Calls back at each NOTIFY on `channel`, on a connection of its own that reconnects; `onReconnect` after a gap. */
  listen(channel: string, onPayload: (payload: string) => void, onReconnect?: () => void): Promise<() => Promise<void>>
  close(): Promise<void>
}
