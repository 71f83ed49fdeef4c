import type { Sql, Statement } from './sql.ts'

/** A connection keeps each prepared statement for as long as it lives: so many that callers shape, and no more. */
const SHAPES_MAX = 50
/** A plan takes memory by the length of its text: 205 long ones made a connection of 28 MB one of 120. */
const SHAPE_CHARS_MAX = 2_000

const names = new Map<string, string>()
const shapes = new Map<string, string>()

/** A statement of ours whose text never changes, prepared by its text: planning takes half of a short statement. */
export function preparedShape<Row>(sql: Sql, text: string, values: readonly unknown[]): Promise<Row[]> {
  return sql.prepared<Row>(nameOf(text), text, values)
}

/** The same as one of several that are sent together. */
export function statement(text: string, values: readonly unknown[]): Statement {
  return { name: nameOf(text), text, values }
}

function nameOf(text: string): string {
  const name = names.get(text) ?? `text_${names.size}`
  names.set(text, name)
  return name
}

/**
 * The same for a statement whose text depends on what is asked for (its values are bound as ever). Only the first 50 short
 * texts of a process are prepared; the others are planned each time.
 */
export function searchShape<Row>(sql: Sql, text: string, values: readonly unknown[]): Promise<Row[]> {
  let name = shapes.get(text)
  if (name === undefined && shapes.size < SHAPES_MAX && text.length <= SHAPE_CHARS_MAX) {
    name = `shape_${shapes.size}`
    shapes.set(text, name)
  }
  return name === undefined ? sql.query<Row>(text, values) : sql.prepared<Row>(name, text, values)
}
