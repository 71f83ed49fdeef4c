import type { Instant } from '../../base/instant.ts'
import type { ServiceDefinition } from '../define/definitions.ts'
import type { HeldTable, OnlineRead, StoredRow } from './online-store.ts'
import type { Parts } from './redis-parts.ts'
import { fieldOf, fromJson, isMarked, type Row, stored } from './redis-rows.ts'

/** Reads the rows of a service: all views of all keys in one step. */
export function createRedisReader(
  { partOf, ask }: Parts,
  service: ServiceDefinition,
  tables: readonly (HeldTable | undefined)[],
): OnlineRead {
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
        asked.push({ part: partOf(table.tableName, field), field })
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
