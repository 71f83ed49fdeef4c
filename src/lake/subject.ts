import { ident, literal } from './quote.ts'

/** Whose data it is: an entity of the project and its key, the text of each join key in order. */
export type Subject = {
  entity: string
  joinKeys: readonly { name: string; type: string }[]
  key: readonly string[]
}

/** The columns of a table that together hold the subject's key, in its order. A table may hold it in several ways. */
export type KeyWay = readonly string[]

/** The rows of the subject, as a DuckDB condition that is never null; undefined where the table cannot hold any. */
export function subjectCondition(subject: Subject, ways: readonly KeyWay[]): string | undefined {
  const all = ways.map((columns) => {
    const parts = columns.map((column, i) => {
      return `${keyText(ident(column), subject.joinKeys[i]?.type)} = ${literal(subject.key[i] ?? '')}`
    })
    return `(${parts.join(' AND ')})`
  })
  return all.length === 0 ? undefined : `coalesce(${all.join(' OR ')}, false)`
}

/** A key of a row as the text that a caller names it by: 0012 in a column of text is the Int64 key 12. */
export function keyText(expression: string, type = 'String'): string {
  if (type === 'Int32' || type === 'Int64') return `CAST(TRY_CAST(${expression} AS BIGINT) AS VARCHAR)`
  return `CAST(${expression} AS VARCHAR)`
}
