import type { Sql } from './sql.ts'

/** A connection keeps each prepared statement for as long as it lives: so many shapes and no more. */
const SHAPES_MAX = 200

const names = new Map<string, string>()

/**
 * A statement whose text depends on what is asked for (its values are bound as ever), prepared by its text: planning
 * takes half of a short search. Beyond the first 200 texts of a process they are planned each time.
 */
export function preparedShape<Row>(sql: Sql, text: string, values: readonly unknown[]): Promise<Row[]> {
  let name = names.get(text)
  if (name === undefined && names.size < SHAPES_MAX) {
    name = `shape_${names.size}`
    names.set(text, name)
  }
  return name === undefined ? sql.query<Row>(text, values) : sql.prepared<Row>(name, text, values)
}
