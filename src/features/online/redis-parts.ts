import { crc32 } from 'node:zlib'
import { REDIS_READ_MS, REDIS_WRITE_MS } from '../../base/time-limits.ts'
import type { RedisConnection } from './redis-connection.ts'
import type { Reply, Row } from './redis-rows.ts'
import { READ } from './redis-scripts.ts'

/** Parts of a table: enough that none is large at millions of rows, few enough to be asked for all their marks. */
const PARTS = 256
/** Fields of a part that one step of a scan gives, about. */
const SCAN_COUNT = 1000
const SCANNED_AT_ONCE = 32
/** Rows that one command asks for at most. */
const READ_COUNT = 5_000

export type Parts = ReturnType<typeof createParts>

/** Where the rows of a table are, and how they are asked for and gone through. */
export function createParts(connection: RedisConnection, namespace: string) {
  const partOf = (table: string, field: string) => `weir:${namespace}:${table}/${crc32(field) % PARTS}`
  const partsOf = (table: string) => Array.from({ length: PARTS }, (_, part) => `weir:${namespace}:${table}/${part}`)
  const script = (text: string, keys: string[], args: string[], ms = REDIS_WRITE_MS) =>
    connection.ask(ms, (client) => client.eval(text, { keys, arguments: args }))

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

  return { partOf, partsOf, script, ask, rowsOf, rowsOfParts }
}
