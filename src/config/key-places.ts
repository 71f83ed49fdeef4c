import type { Project } from './project.ts'

/** Columns of a source that together hold the key of an entity, in the order of its join keys. */
export type KeyPlace = { entity: string; source: string; columns: string[] }

/** Every place where the project says that keys of an entity stand. */
export function keyPlaces(project: Project): KeyPlace[] {
  return project.sources.flatMap((source) =>
    project.entities.flatMap(({ name: entity }) =>
      keyColumns(
        project,
        entity,
        source.name,
        source.columns.map((c) => c.name),
      ).map((columns) => ({ entity, source: source.name, columns })),
    ),
  )
}

/**
 * The ways in which a table of a source names an entity: by the columns that a view maps the join keys to, by those of
 * a role, or by the names of the join keys themselves, which mean the same wherever they stand. A column that a view of this
 * source takes for another join key is not taken for this one by its name.
 */
export function keyColumns(project: Project, entityName: string, source: string, held: readonly string[]): string[][] {
  const names = joinKeys(project, entityName)
  if (names.length === 0) return []
  const views = project.featureViews.filter((view) => view.source === source)
  const mapped = views.flatMap(({ keys }) => {
    const columns = names.map((name) => keys.find((key) => key.name === name)?.column)
    return columns.every((column) => column !== undefined) ? [columns as string[]] : []
  })
  const taken = (name: string) => {
    const meant = views.flatMap(({ keys }) => keys.filter((key) => key.column === name).map((key) => key.name))
    return meant.length > 0 && !meant.includes(name)
  }
  const byName = [names, ...roleColumns(project, names)].filter((columns) => !columns.some(taken))
  const ways = [...mapped, ...byName].filter((columns) => columns.every((column) => held.includes(column)))
  return [...new Map(ways.map((columns) => [JSON.stringify(columns), columns])).values()]
}

/** The ways in which rows of entities (those that a caller asks with) name an entity: by its join keys, or by those of a role. */
export function rowKeyWays(project: Project, entityName: string, held: readonly string[]): string[][] {
  const names = joinKeys(project, entityName)
  if (names.length === 0) return []
  const ways = [names, ...roleColumns(project, names)].filter((columns) => columns.every((name) => held.includes(name)))
  return [...new Map(ways.map((columns) => [JSON.stringify(columns), columns])).values()]
}

/** The columns of rows that a role reads these join keys from. */
function roleColumns(project: Project, names: readonly string[]): string[][] {
  return project.featureServices.flatMap(({ features }) =>
    features.flatMap(({ view, role }) => {
      const keys = project.featureViews.find((v) => v.name === view)?.keys ?? []
      const covers = names.every((name) => keys.some((key) => key.name === name))
      return role && covers ? [names.map((name) => role.keys[name] ?? name)] : []
    }),
  )
}

function joinKeys(project: Project, entityName: string): string[] {
  return project.entities.find((e) => e.name === entityName)?.joinKeys.map((key) => key.name) ?? []
}
