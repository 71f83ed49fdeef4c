import { rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  BIGINT,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBValue,
  VARCHAR,
  version,
} from '@duckdb/node-api'
import { assert } from '../base/assert.ts'
import { cancelSignal, throwIfCancelled } from '../base/cancel.ts'
import { type DuckColumn, readColumns } from './duck-columns.ts'
import { SCRATCH } from './object-key.ts'
import { scratchName, temporaryName } from './scratch.ts'

const INTERRUPT_EVERY_MS = 100

export type DuckParam = string | number | bigint | boolean | null

/**
 * Statements on one connection: a session sees its own temporary tables. While the chunks of a statement are being read,
 * the session takes no other: DuckDB would end the stream without a word, after the chunk that it has given.
 */
export type DuckSession = {
  run(text: string, params?: readonly DuckParam[]): Promise<void>
  /**
   * Rows as plain objects. A BIGINT is a number while that is exact, else a bigint. Cast dates and moments to text in
   * the statement: JavaScript has no type that keeps them.
   */
  rows<Row = Record<string, unknown>>(text: string, params?: readonly DuckParam[]): Promise<Row[]>
  /** The result by columns: numbers and booleans as doubles, everything else as text (cast dates and moments). */
  columns(text: string, params?: readonly DuckParam[]): Promise<{ rows: number; columns: DuckColumn[] }>
  /** The raw chunks (2,048 rows each), one at a time: for results that should not be in memory at once. */
  chunks(text: string, params?: readonly DuckParam[]): AsyncGenerator<DuckDBDataChunk>
  /** Adds rows, given column by column and as many as there are, to a table of the session. */
  append(
    table: string,
    types: readonly AppendType[],
    columns: readonly (readonly unknown[] | Float64Array)[],
  ): Promise<void>
}

export type AppendType = 'BIGINT' | 'VARCHAR' | 'DOUBLE'

/**
 * One DuckDB in memory. Statements called at the same time run at the same time, each on a connection of its own. Those of
 * work that is cancelled are interrupted, and no further one begins.
 */
export type Duck = DuckSession & {
  readonly version: string
  session<T>(body: (session: DuckSession) => Promise<T>): Promise<T>
  close(): void
}

export type DuckOptions = {
  threads?: number
  /** As DuckDB writes it, e.g. `1GB`; beyond it DuckDB spills to a folder of its own. */
  memoryLimit?: string
  /** The only folders that statements may touch, the store's first; without it all are open (tests, benchmarks). */
  directories?: readonly string[]
}

/** Loads no extension and fetches nothing; UTC; keeps the order of rows, so that files have the same bytes each time. */
export async function createDuck(options: DuckOptions = {}): Promise<Duck> {
  const spill = spillFolder(options.directories)
  const instance = await DuckDBInstance.create(':memory:', {
    ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
    memory_limit: options.memoryLimit ?? '1GB',
    temp_directory: spill,
    preserve_insertion_order: 'true',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  await restrict(instance, options.directories)

  async function connect(): Promise<DuckDBConnection> {
    // Another process may have cleared it away as old. Nobody else may read what spills: it is people's data.
    await mkdir(spill, { recursive: true, mode: 0o700 })
    return instance.connect()
  }
  async function withConnection<T>(body: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const signal = cancelSignal()
    signal?.throwIfAborted()
    const connection = await connect()
    let again: NodeJS.Timeout | undefined
    // DuckDB hears it only while a statement is at work: one that is about to begin would not.
    const interrupt = () => {
      connection.interrupt()
      again = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS)
    }
    signal?.addEventListener('abort', interrupt, { once: true })
    try {
      return await body(connection)
    } catch (error) {
      // The statement was interrupted, or found what one that was had left.
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', interrupt)
      clearInterval(again)
      connection.closeSync()
    }
  }
  return {
    version: version(),
    run: (text, params) => withConnection((c) => sessionOn(c).run(text, params)),
    rows: (text, params) => withConnection((c) => sessionOn(c).rows(text, params)),
    columns: (text, params) => withConnection((c) => sessionOn(c).columns(text, params)),
    async *chunks(text, params) {
      const connection = await connect()
      try {
        yield* sessionOn(connection).chunks(text, params)
      } finally {
        connection.closeSync()
      }
    },
    append: (table, types, columns) => withConnection((c) => sessionOn(c).append(table, types, columns)),
    session: (body) => withConnection((c) => body(sessionOn(c))),
    close() {
      instance.closeSync()
      rmSync(spill, { recursive: true, force: true })
    },
  }
}

/** In the store's scratch space, which is on a real disk and cleared of what a killed process left. */
function spillFolder(directories: readonly string[] | undefined): string {
  const [store] = directories ?? []
  return store === undefined ? temporaryName('duckdb') : join(store, SCRATCH, scratchName('duckdb'))
}

async function restrict(instance: DuckDBInstance, directories: readonly string[] | undefined): Promise<void> {
  const connection = await instance.connect()
  await connection.run(`SET GLOBAL TimeZone = 'UTC'`)
  if (directories !== undefined) {
    const list = directories.map((dir) => `'${dir.replaceAll("'", "''")}'`).join(', ')
    await connection.run(`SET GLOBAL allowed_directories = [${list}]`)
    await connection.run('SET GLOBAL enable_external_access = false')
  }
  connection.closeSync()
}

function sessionOn(connection: DuckDBConnection): DuckSession {
  const bound = (params: readonly DuckParam[] | undefined) => params as DuckDBValue[] | undefined
  let streaming: string | undefined
  const requireQuiet = () => {
    throwIfCancelled()
    assert(streaming === undefined, `a session was used while it gives the chunks of: ${streaming?.slice(0, 200)}`)
  }
  async function* chunks(text: string, params?: readonly DuckParam[]) {
    requireQuiet()
    streaming = text
    try {
      const result = await connection.stream(text, bound(params))
      for (;;) {
        throwIfCancelled()
        const chunk = await result.fetchChunk()
        if (chunk === null || chunk.rowCount === 0) return
        yield chunk
      }
    } finally {
      streaming = undefined
    }
  }
  return {
    async run(text, params) {
      requireQuiet()
      await connection.run(text, bound(params))
    },
    async rows<Row>(text: string, params?: readonly DuckParam[]) {
      requireQuiet()
      const reader = await connection.runAndReadAll(text, bound(params))
      return reader.getRowObjectsJS().map(withPlainNumbers) as Row[]
    },
    async columns(text, params) {
      requireQuiet()
      return readColumns(await connection.run(text, bound(params)))
    },
    chunks,
    async append(table, types, columns) {
      requireQuiet()
      const rows = columns[0]?.length ?? 0
      assert(
        columns.every((column) => column.length === rows),
        `columns of different lengths for table ${table}`,
      )
      const appender = await connection.createAppender(table)
      for (let at = 0; at < rows; at += CHUNK_ROWS) {
        const chunk = DuckDBDataChunk.create(types.map((type) => APPENDED[type]))
        chunk.setColumns(columns.map((column) => column.slice(at, at + CHUNK_ROWS)) as unknown as DuckDBValue[][])
        appender.appendDataChunk(chunk)
      }
      appender.closeSync()
    },
  }
}

const APPENDED = { BIGINT, VARCHAR, DOUBLE } as const

/** DuckDB's own: a chunk holds no more rows. */
const CHUNK_ROWS = 2048

function withPlainNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) row[name] = Number(value)
    else if (Array.isArray(value))
      row[name] = value.map((v) => (typeof v === 'bigint' && Number.isSafeInteger(Number(v)) ? Number(v) : v))
  }
  return row
}
