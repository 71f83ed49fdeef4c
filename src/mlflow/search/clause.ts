/** Stage 3: comparisons → SQL with bound values. No text of the caller ever becomes part of a statement. */
import { requireWithin } from '../../wire/limits.ts'
import type { SearchFields } from './fields.ts'
import type { OrderKey } from './keyset.ts'
import { fault } from './lexer.ts'
import { type Comparison, type Identifier, type Operator, parseFilter, parseOrdering } from './parser.ts'

export type Clause = {
  where: string
  orderBy: string
  values: unknown[]
  /** The whole order as keys of pages, where it can be. */
  keys?: OrderKey[]
  /** When the order begins with a keyed number that an index walks: its bound key, its direction, and the order behind it. */
  leading?: { key: string; direction: 'asc' | 'desc'; rest: string; restKeys?: OrderKey[] }
}

const NUMERIC: Operator[] = ['=', '!=', '<', '<=', '>', '>=']
const TEXTUAL: Operator[] = ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN', 'IS NULL', 'IS NOT NULL']

/** `firstParameter` is the number of the first bound value, `$3` for 3. */
export function searchClause(
  fields: SearchFields,
  request: { filter?: string; orderBy?: string[] },
  firstParameter: number,
): Clause {
  const values: unknown[] = []
  const bind = (value: unknown): string => `$${firstParameter - 1 + values.push(value)}`
  const comparisons = parseFilter(request.filter ?? '')
  const where = kindSql(fields, comparisons, bind)
  const terms = orderTerms(fields, request.orderBy ?? [], bind)
  const tail = [...(terms.length > 0 ? [] : [fields.defaultOrder]), fields.tieBreak]
  const sqlOf = (list: readonly OrderTerm[]) => [...list.flatMap((term) => term.sql), ...tail].join(', ')
  const [first, ...others] = terms
  const keysOf = (list: readonly OrderTerm[]) => {
    const keys = list.map((term) => term.key)
    const { orderKeys } = fields
    if (!orderKeys || keys.includes(undefined)) return undefined
    return [...(keys as OrderKey[]), ...(terms.length > 0 ? [] : orderKeys.default), ...orderKeys.tieBreak]
  }
  const leading = first?.number && { ...first.number, rest: sqlOf(others), restKeys: keysOf(others) }
  const allOf = where.length > 0 ? where.join(' and ') : 'true'
  return { where: allOf, orderBy: sqlOf(terms), values, leading, keys: keysOf(terms) }
}

type Bind = (value: unknown) => string

/**
 * The comparisons in SQL. What is said of the tag of another kind is only whether that kind is asked for: a row that is
 * not of it need not have the tag.
 */
function kindSql(fields: SearchFields, comparisons: readonly Comparison[], bind: Bind): string[] {
  const { otherKind } = fields
  const isOfKind = ({ identifier: { entity, key } }: Comparison) =>
    otherKind !== undefined && key === otherKind.tag && entity !== null && own(fields.entities, entity) === 'tags'
  const isAsked = comparisons.some(
    (c) => isOfKind(c) && c.operator === '=' && c.values[0]?.text.toLowerCase() === 'true',
  )
  const counted = isAsked ? comparisons : comparisons.filter((comparison) => !isOfKind(comparison))
  const where = counted.map((comparison) => comparisonSql(fields, comparison, bind))
  if (!otherKind || isAsked) return where
  const { table, match } = fields.keyed.tags!
  const has = `select 1 from ${table} k where ${match} and k.key = ${bind(otherKind.tag)} and lower(k.value) = 'true'`
  return [...where, `not exists (${has})`]
}

function comparisonSql(fields: SearchFields, comparison: Comparison, bind: Bind): string {
  const { entity, key } = resolve(fields, comparison.identifier)
  const attribute = entity === 'attributes' ? fields.attributes[key] : undefined
  if (attribute) return testSql(attribute.sql, attribute.type, comparison, bind)
  const related = fields.related?.[entity]
  if (related)
    return `exists (select 1 from ${related.from} and ${testSql(related.texts[key]!, 'text', comparison, bind)})`
  const keyed = fields.keyed[entity]!
  const has = `select 1 from ${keyed.table} k where ${keyed.match} and k.key = ${bind(key)}`
  if (comparison.operator === 'IS NULL') return `not exists (${has})`
  if (comparison.operator === 'IS NOT NULL') return `exists (${has})`
  return `exists (${has} and ${testSql('k.value', keyed.type, comparison, bind)})`
}

function testSql(sql: string, type: 'text' | 'number', comparison: Comparison, bind: Bind): string {
  const { operator, values, identifier } = comparison
  const name = identifier.entity ? `${identifier.entity}.${identifier.key}` : identifier.key
  const allowed = type === 'number' ? NUMERIC : TEXTUAL
  if (!allowed.includes(operator)) throw fault(`Invalid comparison operator '${operator}' for '${name.slice(0, 100)}'`)
  if (operator === 'IS NULL') return `${sql} is null`
  if (operator === 'IS NOT NULL') return `${sql} is not null`
  for (const value of values) {
    if (type === 'number' && value.kind !== 'number')
      throw fault(`Expected numeric value type for ${name.slice(0, 100)}`)
    if (type === 'text' && value.kind !== 'string')
      throw fault(`Expected a quoted string value for ${name.slice(0, 100)}`)
  }
  if (operator === 'IN' || operator === 'NOT IN') {
    const list = bind(values.map((v) => v.text))
    return operator === 'IN' ? `${sql} = any(${list}::text[])` : `${sql} <> all(${list}::text[])`
  }
  const value = values[0]!
  if (type === 'number') {
    const compared = `${sql}::double precision ${operator} ${bind(Number(value.text))}::double precision`
    // To PostgreSQL a NaN is greater than every number; to whoever looks for the best run it is none.
    return operator.startsWith('>') ? `(${compared} and ${sql}::double precision <> 'NaN')` : compared
  }
  const noEscape = operator === 'LIKE' || operator === 'ILIKE' ? " escape ''" : ''
  return `${sql} ${operator} ${bind(value.text)}::text${noEscape}`
}

type OrderTerm = { sql: string[]; key?: OrderKey; number?: { key: string; direction: 'asc' | 'desc' } }

/** Values, then NaN, then missing, in both directions. */
function orderTerms(fields: SearchFields, orderBy: string[], bind: Bind): OrderTerm[] {
  requireWithin('orderBy', orderBy.length, "'order_by'")
  const seen = new Set<string>()
  return orderBy.map((text) => {
    const { identifier, descending } = parseOrdering(text)
    const { entity, key } = resolve(fields, identifier)
    if (seen.has(`${entity}.${key}`)) throw fault(`'order_by' contains duplicate fields: '${key.slice(0, 100)}'`)
    seen.add(`${entity}.${key}`)
    const direction = descending ? 'desc' : 'asc'
    const attribute = entity === 'attributes' ? fields.attributes[key] : undefined
    if (attribute?.always) {
      return { sql: [`${attribute.sql} ${direction}`], key: { sql: attribute.sql, direction, type: attribute.always } }
    }
    if (attribute) return { sql: [`${attribute.order ?? attribute.sql} ${direction} nulls last`] }
    if (fields.related?.[entity]) throw fault(`Invalid order_by: runs are not sorted by '${entity}'`)
    const keyed = fields.keyed[entity]!
    const bound = bind(key)
    const value = `(select k.value from ${keyed.table} k where ${keyed.match} and k.key = ${bound})`
    if (keyed.type === 'text') return { sql: [`${value} ${direction} nulls last`] }
    const sql = [`(${value} = 'NaN') asc nulls last`, `${value} ${direction} nulls last`]
    return keyed.walked ? { sql, number: { key: bound, direction } } : { sql }
  })
}

/** The attribute, keyed value or related thing that a name means; throws when there is none. */
function resolve(fields: SearchFields, identifier: Identifier): { entity: string; key: string } {
  const { entity, key } = identifier
  const kind = entity === null ? 'attributes' : own(fields.entities, entity)
  if (kind !== undefined && own(fields.keyed, kind)) return { entity: kind, key }
  const related = kind === undefined ? undefined : own(fields.related ?? {}, kind)
  if (kind !== 'attributes' && !related) {
    const known = [...Object.keys(fields.keyed), ...Object.keys(fields.related ?? {}), 'attributes'].join(', ')
    throw fault(`Invalid entity type '${String(entity).slice(0, 60)}'; valid ones are ${known}`)
  }
  const names = related ? related.texts : fields.attributes
  const name = related ? key : (own(fields.aliases, key) ?? key)
  if (own<unknown>(names, name) === undefined) {
    const valid = Object.keys(names).join(', ')
    throw fault(`Invalid attribute key '${key.slice(0, 60)}' specified. Valid keys are: ${valid}`)
  }
  return { entity: kind!, key: name }
}

function own<Value>(record: Record<string, Value>, key: string): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
