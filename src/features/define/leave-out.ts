import { keyColumns } from '../../config/key-places.ts'
import type { Project, Source } from '../../config/project.ts'
import type { ActiveSuppressions } from '../../lake/suppression.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { ViewDefinition } from './definitions.ts'

/** Rows that are about to be written: their columns, and which of these name an entity. */
export type NamedRows = {
  columns: ReadonlyMap<string, readonly FeatureValue[]>
  ways: readonly { entity: string; columns: readonly string[] }[]
}

/** Rows of a source name every entity whose key it holds. */
export function namedRowsOfSource(project: Project, source: Source, columns: NamedRows['columns']): NamedRows {
  const held = source.columns.map((c) => c.name)
  const ways = project.entities.flatMap(({ name: entity }) =>
    keyColumns(project, entity, source.name, held).map((way) => ({ entity, columns: way })),
  )
  return { columns, ways }
}

/** Rows of a view name every entity whose join keys are among its own. */
export function namedRowsOfView(project: Project, view: ViewDefinition, columns: NamedRows['columns']): NamedRows {
  const keys = new Set(view.keys.map((key) => key.name))
  const ways = project.entities
    .map(({ name: entity, joinKeys }) => ({ entity, columns: joinKeys.map((key) => key.name) }))
    .filter((way) => way.columns.length > 0 && way.columns.every((column) => keys.has(column)))
  return { columns, ways }
}

/** The places of the rows that may be written: those of nobody who was erased. */
export function keptPlaces(
  { columns, ways }: NamedRows,
  count: number,
  project: Project,
  suppressed: ActiveSuppressions,
): number[] {
  const named = ways.filter((way) => suppressed.entities.has(way.entity))
  const places = Array.from({ length: count }, (_, i) => i)
  return places.filter((i) => !named.some((way) => suppressed.holdsBack(way.entity, keyOf(project, way, columns, i))))
}

/** As a caller would name it: an Int64 key that came as the text 0012 is 12. */
function keyOf(project: Project, way: NamedRows['ways'][number], columns: NamedRows['columns'], row: number): string[] {
  const joinKeys = project.entities.find((e) => e.name === way.entity)?.joinKeys ?? []
  return way.columns.map((column, i) => {
    const text = String(columns.get(column)?.[row] ?? '')
    const whole = joinKeys[i]?.type.startsWith('Int') && /^[+-]?\d+$/.test(text)
    return whole ? BigInt(text).toString() : text
  })
}
