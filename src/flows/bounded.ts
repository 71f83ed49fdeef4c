/** How much of one value is shown. */
export type Bounds = { chars: number; items: number; depth: number; values: number }

export const SHOWN: Bounds = { chars: 300, items: 30, depth: 5, values: 400 }

/** A JSON value with its long parts cut and its many parts left out, and whether any were. */
export function bounded(value: unknown, bounds: Bounds = SHOWN): { value: unknown; cut: boolean } {
  let left = bounds.values
  let cut = false
  const cutHere = (said: string) => {
    cut = true
    return said
  }
  const shown = (value: unknown, depth: number): unknown => {
    left--
    if (typeof value === 'string') {
      return value.length <= bounds.chars ? value : cutHere(`${value.slice(0, bounds.chars - 1)}…`)
    }
    if (typeof value !== 'object' || value === null) return value
    const entries = Object.entries(value)
    if (entries.length === 0) return value
    const list = Array.isArray(value)
    if (depth === bounds.depth || left <= 0) return cutHere(`… ${entries.length} ${list ? 'items' : 'members'}`)
    const kept: [string, unknown][] = []
    for (const [name, part] of entries.slice(0, bounds.items)) {
      if (left <= 0) break
      kept.push([name, shown(part, depth + 1)])
    }
    const missing = entries.length - kept.length
    const rest: [string, unknown][] = missing === 0 ? [] : [['…', cutHere(`${missing} more`)]]
    const all = [...kept, ...rest]
    return list ? all.map(([, part]) => part) : Object.fromEntries(all)
  }
  return { value: shown(value, 0), cut }
}
