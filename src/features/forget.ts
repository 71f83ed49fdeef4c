import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import type { Entity, Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Duck } from '../lake/duck.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { RedactRequest } from '../lake/redact.ts'
import { tableDigest, type ViewDefinition } from './definitions.ts'
import { type EntityKey, type KeyInput, parseKey } from './keys.ts'
import type { OnlineStore } from './online-store.ts'
import { selectOnlineTable } from './queries.ts'
import { ident, literal } from './quote.ts'

/** Where the rows of one entity are, in the words of the lake. */
export type Whereabouts = Pick<RedactRequest, 'entity' | 'keyDigest' | 'rows'> & { key: EntityKey }

/**
 * Every source that names the entity: by the columns that a view maps its join keys to, by those of a role, or by the
 * names of the keys themselves.
 */
export function whereabouts(project: Project, entityName: string, input: KeyInput): Whereabouts {
  const entity = project.entities.find((e) => e.name === entityName)
  if (!entity) {
    const names = project.entities.map((e) => e.name).join(', ')
    throw new PlatformError('not_found', `there is no entity '${entityName}'; the project has ${names}`)
  }
  const key = parseKey(entity.joinKeys, input)
  const names = entity.joinKeys.map((k) => k.name)
  const rows = project.sources.flatMap((source) => {
    const held = new Set(source.columns.map((c) => c.name))
    const ways = [names, ...mappedColumns(project, entity)].filter((columns) => columns.every((c) => held.has(c)))
    const once = new Map(ways.map((columns) => [columns.join('\0'), columns]))
    return [...once.values()].map((columns) => ({ source: source.name, columns, values: key }))
  })
  return { entity: entityName, key, keyDigest: digestOf([entityName, key]), rows }
}

function mappedColumns(project: Project, entity: Entity): string[][] {
  const views = project.featureViews.filter((view) => view.entity === entity.name)
  const roles = project.featureServices.flatMap((s) => s.features).filter((f) => views.some((v) => v.name === f.view))
  return [
    ...views.map((view) => view.keys.map((k) => k.column)),
    ...roles.flatMap(({ role }) => (role ? [entity.joinKeys.map((k) => role.keys[k.name] ?? k.name)] : [])),
  ]
}

type Deps = { sql: Database; online: OnlineStore; objects: ObjectStore; duck: Duck; project: Project }

/** Takes the key out of every online table of the entity's views; gives the views that had it. */
export async function eraseOnline(deps: Deps, views: readonly ViewDefinition[], at: Whereabouts): Promise<string[]> {
  const { sql, online, project } = deps
  const erased: string[] = []
  for (const view of views) {
    const entity = project.featureViews.find((v) => v.name === view.name)?.entity
    if (entity !== at.entity) continue
    const count = await sql.tx(async (tx) => {
      const held = await selectOnlineTable(tx, { view: view.name, definition: tableDigest(view), store: online.name })
      return held ? online.erase(tx, view, [at.key]) : 0
    })
    if (count > 0) erased.push(view.name)
  }
  return erased
}

/** Removes kept training sets that hold the key. They can be built again, without it. */
export async function dropDatasets({ objects, duck }: Deps, at: Whereabouts): Promise<string[]> {
  const dropped: string[] = []
  const ways = new Map(at.rows.map(({ columns }) => [columns.join('\0'), columns]))
  for (const { key } of await objects.list('datasets/')) {
    if (!key.endsWith('.parquet')) continue
    const from = `read_parquet(${literal(await objects.local(key))})`
    const columns = await duck.rows<{ column_name: string }>(`DESCRIBE SELECT * FROM ${from}`)
    const held = new Set(columns.map((c) => c.column_name))
    const conditions = [...ways.values()]
      .filter((way) => way.every((column) => held.has(column)))
      .map((way) => way.map((c, i) => `CAST(${ident(c)} AS VARCHAR) = ${literal(at.key[i] ?? '')}`).join(' AND '))
    if (conditions.length === 0) continue
    const [found] = await duck.rows<{ here: boolean }>(
      `SELECT EXISTS (FROM ${from} WHERE (${conditions.join(') OR (')})) AS here`,
    )
    if (!found?.here) continue
    await objects.delete(key)
    dropped.push(key)
  }
  return dropped
}
