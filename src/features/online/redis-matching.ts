import { REDIS_WRITE_MS } from '../../base/time-limits.ts'
import type { OnlineStore } from './online-store.ts'
import type { RedisConnection } from './redis-connection.ts'

const SCAN_COUNT = 1000

type Deps = {
  connection: RedisConnection
  /** What all names of this home begin with. */
  root: string
  rowsOfParts(parts: string[]): AsyncGenerator<{ rows: { field: string }[] }>
}

/** Goes through everything below the prefix of this home, also what no catalogue names any more. */
export function createMatching({ connection, root, rowsOfParts }: Deps): NonNullable<OnlineStore['matching']> {
  const scan = (cursor: string) =>
    connection.ask(REDIS_WRITE_MS, (client) => client.scan(cursor, { MATCH: `${globSafe(root)}*`, COUNT: SCAN_COUNT }))

  async function* names(): AsyncGenerator<string> {
    let cursor = '0'
    do {
      const page = await scan(cursor)
      yield* page.keys
      cursor = String(page.cursor)
    } while (cursor !== '0')
  }

  return async (match, erase) => {
    for await (const name of names()) {
      const rest = name.slice(root.length)
      // As Weir 0.1 kept them: a text for each row, `{table}:{key}`, and for each table a mark.
      const row = /^([^:]+):(\[.*)$/s.exec(rest)
      if (row?.[1] && row[2]) {
        const found = match(row[1], JSON.parse(row[2]) as string[])
        if (found && erase) await connection.ask(REDIS_WRITE_MS, (client) => client.del(name))
        continue
      }
      const table = /^([^:/]+)\/\d+$/.exec(rest)?.[1]
      if (table === undefined) continue
      const fields = new Set<string>()
      for await (const { rows } of rowsOfParts([name])) for (const { field } of rows) fields.add(field)
      const found = [...fields].filter((field) => match(table, JSON.parse(field) as string[]))
      if (found.length > 0 && erase) await connection.ask(REDIS_WRITE_MS, (client) => client.hDel(name, found))
    }
  }
}

function globSafe(text: string): string {
  return text.replaceAll(/[[\]*?\\]/g, '\\$&')
}
