import { PlatformError } from '../base/errors.ts'
import { displayInstant } from '../base/instant.ts'
import type { Snapshot } from '../lake/snapshot.ts'
import type { Column, ViewDefinition } from './definitions.ts'
import { ident, literal } from './quote.ts'
import { duckType } from './value-types.ts'

/**
 * The rows of a view in one snapshot file, at most one a key, in declared types: what the training set joins and what
 * the online tables are filled with, so that both hold the same values. Of rows with one key the last of the file
 * wins; a null key names nothing and is left out.
 */
export function viewRowsSql(view: ViewDefinition, path: string): string {
  const keys = view.keys.map((key) => `${cast(key.name, key)} AS ${ident(key.name)}`)
  const features = view.features.map((f) => `${ident(f.name)} := ${cast(f.column, f)}`)
  return `SELECT ${view.keys.map((k) => ident(k.name)).join(', ')}, unnest(arg_max(features, position))
  FROM (
    SELECT ${keys.join(', ')}, struct_pack(${features.join(', ')}) AS features, file_row_number AS position
    FROM read_parquet(${literal(path)}, file_row_number = true)
    WHERE ${view.keys.map((k) => `${ident(k.name)} IS NOT NULL`).join(' AND ')}
  )
  GROUP BY ${view.keys.map((k) => ident(k.name)).join(', ')}`
}

/** The columns of the source that a view reads. */
export function viewColumns(view: ViewDefinition): string[] {
  return [...view.keys.map((key) => key.name), ...view.features.map((feature) => feature.column)]
}

/** Refuses a snapshot that was taken before the source had a column that the definition now asks for. */
export function requireColumns(snapshot: Snapshot, columns: string[]): void {
  const held = new Set(snapshot.columns.map((c) => c.name))
  const absent = columns.filter((column) => !held.has(column))
  if (absent.length === 0) return
  throw new PlatformError(
    'conflict',
    `snapshot ${snapshot.id} has no column ${absent.map((c) => `'${c}'`).join(', ')}, which the project now asks for; ` +
      `ingest ${displayInstant(snapshot.validAt)} again with it`,
    { details: { snapshot: snapshot.id, columns: absent } },
  )
}

function cast(column: string, { type }: Pick<Column, 'type'>): string {
  return `CAST(${ident(column)} AS ${duckType(type)})`
}
