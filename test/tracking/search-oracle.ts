/** MLflow's filters and orders, as plainly as they can be said: over things in memory, one at a time. */

export type Thing = {
  id: string
  attributes: Record<string, string | number | null>
  keyed: Record<string, Map<string, string | number>>
  related: Record<string, Record<string, string>[]>
}

type Test = { of: { entity: string; key: string }; operator: string; values: (string | number)[] }
type By = { entity: string; key: string; descending: boolean }

/** How a filter may write what it asks for. */
export type Asked = {
  fields: {
    attributes: { text: Record<string, string[]>; number: Record<string, string[]> }
    keyed: Record<string, string[]>
    related: Record<string, { prefixes: string[]; keys: string[] }>
  }
  tests: Test[]
  order: By[]
}

export function matches(thing: Thing, { of, operator, values }: Test): boolean {
  const related = thing.related[of.entity]
  if (related) return related.some((one) => holds(one[of.key], operator, values))
  const value = fieldOf(thing, of)
  if (operator === 'IS NULL') return value === undefined
  if (operator === 'IS NOT NULL') return value !== undefined
  return holds(value, operator, values)
}

/** A missing value fulfils nothing, also not `!=`. NaN is unlike every number, and neither greater nor less. */
function holds(value: string | number | undefined, operator: string, values: (string | number)[]): boolean {
  if (value === undefined) return false
  if (Number.isNaN(value)) return operator === '!='
  if (operator === 'IN') return values.includes(value)
  if (operator === 'NOT IN') return !values.includes(value)
  const [other] = values
  if (operator === 'LIKE') return like(String(value), String(other), false)
  if (operator === 'ILIKE') return like(String(value), String(other), true)
  const compared = compare(value, other!)
  if (operator === '=') return compared === 0
  if (operator === '!=') return compared !== 0
  if (operator === '<') return compared < 0
  if (operator === '<=') return compared <= 0
  if (operator === '>') return compared > 0
  return compared >= 0
}

/** `%` is any text, `_` one character; there is no escape. */
function like(text: string, pattern: string, ignoreCase: boolean): boolean {
  const parts = [...pattern].map((c) =>
    c === '%' ? '[^]*' : c === '_' ? '[^]' : c.replace(/[$()*+.?[\\\]^{|}/-]/, '\\$&'),
  )
  return new RegExp(`^${parts.join('')}$`, ignoreCase ? 'iu' : 'u').test(text)
}

/** Values, then NaN, then what is missing, in both directions; then by id. */
export function inOrder(things: readonly Thing[], by: readonly By[]): Thing[] {
  return [...things].sort((a, b) => {
    for (const { descending, ...of } of by) {
      const [x, y] = [fieldOf(a, of), fieldOf(b, of)]
      const rank = place(x) - place(y)
      if (rank !== 0) return rank
      if (place(x) > 0) continue
      const compared = compare(x!, y!)
      if (compared !== 0) return descending ? -compared : compared
    }
    return compare(a.id, b.id)
  })
}

function place(value: string | number | undefined): number {
  if (value === undefined) return 2
  return Number.isNaN(value) ? 1 : 0
}

function fieldOf(thing: Thing, { entity, key }: { entity: string; key: string }): string | number | undefined {
  if (entity === 'attributes') return thing.attributes[key] ?? undefined
  return thing.keyed[entity]?.get(key)
}

/** Text by its bytes in UTF-8. */
function compare(a: string | number, b: string | number): number {
  if (typeof a === 'string') return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(String(b))))
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  return a < Number(b) ? -1 : a > Number(b) ? 1 : 0
}
