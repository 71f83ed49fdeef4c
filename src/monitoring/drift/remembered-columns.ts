import { LRUCache } from 'lru-cache'
import type { Duck } from '../../lake/duck.ts'
import { type CountedColumn, countColumns, type Table } from './count-columns.ts'
import { NAMED_VALUES } from './unseen.ts'

/** Values that are held at most, each with its count: 64 MB. */
const VALUES = 4_000_000

export type CountTable = (duck: Duck, table: Table) => AsyncGenerator<CountedColumn>

/**
 * Counts columns, and remembers those of files that never change: the reference is the same from month to month. Texts that may
 * say who somebody is are not held: an erasure would not find them here.
 */
export function rememberColumns(): CountTable {
  const held = new LRUCache<string, CountedColumn>({ maxSize: VALUES, sizeCalculation: (column) => 1 + sizeOf(column) })
  return async function* (duck, table) {
    const key = (name: string) => `${table.from}\n${name}`
    const missing = table.columns.filter(({ name }) => !table.fixed || !held.has(key(name)))
    const counted = countColumns(duck, { ...table, columns: missing })
    for (const { name } of table.columns) {
      const known = table.fixed ? held.get(key(name)) : undefined
      if (known !== undefined && !missing.some((column) => column.name === name)) {
        yield known
        continue
      }
      const { value } = await counted.next()
      const column = value as CountedColumn
      const nameless = column.numbers !== null || column.categories!.values.length <= NAMED_VALUES
      if (table.fixed && nameless) held.set(key(name), column)
      yield column
    }
  }
}

function sizeOf({ numbers, categories }: CountedColumn): number {
  return (numbers ?? categories!).values.length
}
