import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import { REGISTRY_CHANNEL } from '../changed.ts'

export type ModelRow = {
  name: string
  description: string
  creationMs: number
  lastUpdateMs: number
  tags: Record<string, string>
  aliases: { alias: string; version: number }[]
}

const COLUMNS = `
  m.name, m.description, m.creation_ms as "creationMs", m.last_update_ms as "lastUpdateMs",
  coalesce((select json_object_agg(t.key, t.value order by t.key) from registry.model_tag t where t.name = m.name), '{}') as tags,
  coalesce((select json_agg(json_build_object('alias', a.alias, 'version', a.version) order by a.alias)
            from registry.alias a where a.name = m.name), '[]') as aliases`

/** False when the name is taken. */
export async function insertModel(
  sql: Sql,
  model: { name: string; description: string; nowMs: number },
): Promise<boolean> {
  const rows = await preparedShape(
    sql,
    `insert into registry.model (name, description, creation_ms, last_update_ms) values ($1, $2, $3, $3)
     on conflict (name) do nothing returning name`,
    [model.name, model.description, model.nowMs],
  )
  return rows.length > 0
}

export async function selectModel(sql: Sql, name: string): Promise<ModelRow | undefined> {
  const rows = await preparedShape<ModelRow>(sql, `select ${COLUMNS} from registry.model m where m.name = $1`, [name])
  return rows[0]
}

/** Holds off every other change of the model until the transaction ends, and tells of it all then. */
export async function lockModel(sql: Sql, name: string): Promise<boolean> {
  const text = 'select pg_notify($2, name) from registry.model where name = $1 for update'
  return (await preparedShape(sql, text, [name, REGISTRY_CHANNEL])).length > 0
}

/** `where` and `orderBy` come from the search translator, with their values from $2 on. */
export function searchModels(
  sql: Sql,
  search: { limit: number; offset: number; where: string; orderBy: string; values: unknown[] },
): Promise<ModelRow[]> {
  return sql.query<ModelRow>(
    `select ${COLUMNS} from registry.model m where ${search.where}
     order by ${search.orderBy} limit $1::integer offset ${Number(search.offset)}`,
    [search.limit, ...search.values],
  )
}

export async function updateModel(
  sql: Sql,
  name: string,
  change: { newName?: string; description?: string; nowMs: number },
): Promise<void> {
  await preparedShape(
    sql,
    `update registry.model set name = coalesce($2, name), description = coalesce($3, description), last_update_ms = $4
     where name = $1`,
    [name, change.newName ?? null, change.description ?? null, change.nowMs],
  )
}

/** The history is kept under the name that the model has now. */
export async function renameHistory(sql: Sql, name: string, newName: string): Promise<void> {
  await preparedShape(sql, 'update registry.transition set name = $2 where name = $1', [name, newName])
}

export async function deleteModel(sql: Sql, name: string): Promise<void> {
  await preparedShape(sql, 'delete from registry.model where name = $1', [name])
}

export async function upsertModelTag(sql: Sql, name: string, key: string, value: string): Promise<void> {
  await preparedShape(
    sql,
    `insert into registry.model_tag (name, key, value) values ($1, $2, $3)
     on conflict (name, key) do update set value = excluded.value`,
    [name, key, value],
  )
}

export async function deleteModelTag(sql: Sql, name: string, key: string): Promise<void> {
  await preparedShape(sql, 'delete from registry.model_tag where name = $1 and key = $2', [name, key])
}

/** Told to all servers when the transaction commits. */
export async function notifyChanged(sql: Sql, name: string): Promise<void> {
  await preparedShape(sql, 'select pg_notify($1, $2)', [REGISTRY_CHANNEL, name])
}
