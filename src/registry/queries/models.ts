import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import { REGISTRY_CHANNEL } from '../channel.ts'

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

/**
 * Holds off every other change of the model until the transaction ends, and tells of it all then. With a moment it is the
 * model's last update too, as MLflow has it for a stage change and a deletion but not for a tag or an alias.
 */
export async function lockModel(sql: Sql, name: string, updatedMs?: number): Promise<boolean> {
  const locked = 'select pg_notify($2, name) from registry.model where name = $1 for update'
  const updated = `update registry.model set last_update_ms = greatest(last_update_ms, $3) where name = $1
                   returning pg_notify($2, name)`
  const asked = [name, REGISTRY_CHANNEL]
  const rows =
    updatedMs === undefined ? preparedShape(sql, locked, asked) : preparedShape(sql, updated, [...asked, updatedMs])
  return (await rows).length > 0
}

/** The lock alone, for what tells of its change itself. */
export async function holdModel(sql: Sql, name: string): Promise<boolean> {
  const text = 'select 1 from registry.model where name = $1 for update'
  return (await preparedShape(sql, text, [name])).length > 0
}

/** In the order of the names. */
export function selectModels(sql: Sql, names: readonly string[]): Promise<ModelRow[]> {
  return preparedShape<ModelRow>(
    sql,
    `select ${COLUMNS} from unnest($1::text[]) with ordinality as g (name, place)
     join registry.model m using (name) order by g.place`,
    [names],
  )
}

/** `where` and `orderBy` come from the search translator, with their values from $2 on. */
export function searchModels(
  sql: Sql,
  search: { limit: number; offset: number; where: string; orderBy: string; values: unknown[] },
): Promise<{ name: string }[]> {
  return sql.query<{ name: string }>(
    `select m.name from registry.model m where ${search.where}
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
  const text = 'update registry.transition set name = $2 where name = $1 and ended_ms is null'
  await preparedShape(sql, text, [name, newName])
}

/** A last line for each version, and the mark that it is the history of a model that is gone. Before the deletion. */
export async function endHistory(
  sql: Sql,
  name: string,
  { actor, atMs }: { actor: string; atMs: number },
): Promise<void> {
  await preparedShape(
    sql,
    `with ended as (update registry.transition set ended_ms = $3 where name = $1 and ended_ms is null)
     insert into registry.transition (name, version, kind, from_value, to_value, actor, comment, at_ms, ended_ms)
     select name, version, 'stage', stage, null, $2, 'model deleted', $3, $3
     from registry.version where name = $1 order by version`,
    [name, actor, atMs],
  )
}

/** Gives the addresses of its versions' files. */
export async function deleteModel(sql: Sql, name: string): Promise<string[]> {
  const rows = await preparedShape<{ location: string }>(
    sql,
    `with gone as (delete from registry.model where name = $1 returning name)
     select distinct coalesce(v.location, v.source) as location from registry.version v join gone using (name)`,
    [name],
  )
  return rows.map((row) => row.location)
}

export async function upsertModelTags(sql: Sql, name: string, tags: Record<string, string>): Promise<void> {
  await preparedShape(
    sql,
    `insert into registry.model_tag (name, key, value)
     select $1, key, value from unnest($2::text[], $3::text[]) as g (key, value) order by key
     on conflict (name, key) do update set value = excluded.value`,
    [name, Object.keys(tags), Object.values(tags)],
  )
}

export async function deleteModelTag(sql: Sql, name: string, key: string): Promise<void> {
  await preparedShape(sql, 'delete from registry.model_tag where name = $1 and key = $2', [name, key])
}

/** Told to all servers when the transaction commits. */
export async function notifyChanged(sql: Sql, name: string): Promise<void> {
  await preparedShape(sql, 'select pg_notify($1, $2)', [REGISTRY_CHANNEL, name])
}
