import { preparedShape, statement } from '../../db/prepared-shapes.ts'
import type { Sql, Statement } from '../../db/sql.ts'
import type { Stage } from '../names.ts'

export type VersionRow = {
  name: string
  version: number
  stage: Stage
  /** As it was given. */
  source: string
  /** Where its files lie (source.ts). */
  location: string
  runId: string | null
  runLink: string | null
  description: string
  status: string
  statusMessage: string | null
  creationMs: number
  lastUpdateMs: number
  tags: Record<string, string>
  aliases: string[]
}

export type NewVersion = Pick<VersionRow, 'name' | 'source' | 'location' | 'runId' | 'runLink' | 'description' | 'tags'>

/** A server from before 0019 writes none: there the source is the address. */
const LOCATION = 'coalesce(v.location, v.source)'

const COLUMNS = `
  v.name, v.version, v.stage, v.source, ${LOCATION} as location, v.run_id as "runId", v.run_link as "runLink", v.description, v.status,
  v.status_message as "statusMessage", v.creation_ms as "creationMs", v.last_update_ms as "lastUpdateMs",
  coalesce((select json_object_agg(t.key, t.value order by t.key) from registry.version_tag t
            where t.name = v.name and t.version = v.version), '{}') as tags,
  coalesce((select json_agg(a.alias order by a.alias) from registry.alias a
            where a.name = v.name and a.version = v.version), '[]') as aliases`

/**
 * Takes the model's next number under its lock, writes the version with its tags and tells of it; no row when there is no
 * such model. A number is given once, also when its version is deleted later. `newestOf` behind it gives the version.
 */
export function insertVersion(version: NewVersion, { nowMs, channel }: { nowMs: number; channel: string }): Statement {
  const { name, source, location, runId, runLink, description, tags } = version
  return statement(
    `with taken as (
       update registry.model set last_version = last_version + 1, last_update_ms = $6 where name = $1
       returning last_version as version
     ),
     made as (
       insert into registry.version (name, version, source, run_id, run_link, description, creation_ms, last_update_ms, location)
       select $1, version, $2, $3, $4, $5, $6, $6, $10 from taken
     ),
     tagged as (
       insert into registry.version_tag (name, version, key, value)
       select $1, taken.version, g.key, g.value from taken, unnest($7::text[], $8::text[]) as g (key, value)
     )
     select version, pg_notify($9, $1) from taken`,
    [name, source, runId, runLink, description, nowMs, Object.keys(tags), Object.values(tags), channel, location],
  )
}

/** The version with the greatest number that the model ever gave: in the transaction that took it, its own. */
export function newestOf(name: string): Statement {
  return statement(
    `select ${COLUMNS} from registry.model m join registry.version v on v.name = m.name and v.version = m.last_version
     where m.name = $1`,
    [name],
  )
}

/** The stage of one version. */
export async function selectStage(sql: Sql, name: string, version: number): Promise<Stage | undefined> {
  const text = 'select stage from registry.version where name = $1 and version = $2'
  return (await preparedShape<{ stage: Stage }>(sql, text, [name, version]))[0]?.stage
}

/** The aliases of one version, by name. */
export async function selectAliases(sql: Sql, name: string, version: number): Promise<string[]> {
  const text = 'select alias from registry.alias where name = $1 and version = $2 order by alias'
  return (await preparedShape<{ alias: string }>(sql, text, [name, version])).map((row) => row.alias)
}

/** The versions of a model that are in a stage or have an alias. */
export function selectStanding(
  sql: Sql,
  name: string,
): Promise<{ version: number; stage: Stage; aliases: string[] }[]> {
  return preparedShape(
    sql,
    `select version, stage, coalesce((select json_agg(a.alias order by a.alias) from registry.alias a
       where a.name = v.name and a.version = v.version), '[]') as aliases
     from registry.version v
     where name = $1 and (stage <> 'None' or exists (select 1 from registry.alias a where a.name = v.name and a.version = v.version))
     order by version`,
    [name],
  )
}

/** Which version an alias points to. */
export async function selectAliased(sql: Sql, name: string, alias: string): Promise<number | null> {
  const text = 'select version from registry.alias where name = $1 and alias = $2'
  return (await preparedShape<{ version: number }>(sql, text, [name, alias]))[0]?.version ?? null
}

export async function selectVersion(sql: Sql, name: string, version: number): Promise<VersionRow | undefined> {
  return (await preparedShape<VersionRow>(sql, VERSION, [name, version]))[0]
}

const VERSION = `select ${COLUMNS} from registry.version v where v.name = $1 and v.version = $2`

export async function selectVersionByRun(sql: Sql, name: string, runId: string): Promise<VersionRow | undefined> {
  const rows = await preparedShape<VersionRow>(
    sql,
    `select ${COLUMNS} from registry.version v where v.name = $1 and v.run_id = $2 order by v.version desc limit 1`,
    [name, runId],
  )
  return rows[0]
}

export async function selectVersionByAlias(sql: Sql, name: string, alias: string): Promise<VersionRow | undefined> {
  const rows = await preparedShape<VersionRow>(
    sql,
    `select ${COLUMNS} from registry.alias a join registry.version v using (name, version)
     where a.name = $1 and a.alias = $2`,
    [name, alias],
  )
  return rows[0]
}

/** Versions that were made of a run, or whose files lie below one of these artifact URIs. */
export function selectVersionsUsing(
  sql: Sql,
  runs: readonly { runId: string; artifactUri: string }[],
): Promise<{ name: string; version: number; runId: string }[]> {
  return preparedShape<{ name: string; version: number; runId: string }>(
    sql,
    `select v.name, v.version, g.run_id as "runId"
     from unnest($1::text[], $2::text[]) as g (run_id, uri)
     join registry.version v on v.run_id = g.run_id or ${LOCATION} = g.uri or starts_with(${LOCATION}, g.uri || '/')
     order by v.name, v.version`,
    [runs.map((run) => run.runId), runs.map((run) => run.artifactUri)],
  )
}

/** Versions whose files lie at or below one of these addresses, whatever run they are of. */
export function selectVersionsAt(
  sql: Sql,
  uris: readonly string[],
): Promise<{ name: string; version: number; uri: string }[]> {
  return preparedShape<{ name: string; version: number; uri: string }>(
    sql,
    `select v.name, v.version, g.uri from unnest($1::text[]) as g (uri)
     join registry.version v on ${LOCATION} = g.uri or starts_with(${LOCATION}, g.uri || '/')
     order by v.name, v.version`,
    [uris],
  )
}

/** The greatest version of each stage, of the given models. */
export function selectLatest(sql: Sql, names: readonly string[], stages: readonly Stage[]): Promise<VersionRow[]> {
  return preparedShape<VersionRow>(
    sql,
    `with latest as (
       select distinct on (name, stage) name, version from registry.version
       where name = any($1) and stage = any($2) order by name, stage, version desc
     )
     select ${COLUMNS} from latest join registry.version v using (name, version) order by v.name, v.version`,
    [names, stages],
  )
}

export type VersionKey = { name: string; version: number }

/** In the order of the keys. */
export function selectVersions(sql: Sql, keys: readonly VersionKey[]): Promise<VersionRow[]> {
  return preparedShape<VersionRow>(
    sql,
    `select ${COLUMNS} from unnest($1::text[], $2::integer[]) with ordinality as g (name, version, place)
     join registry.version v using (name, version) order by g.place`,
    [keys.map((key) => key.name), keys.map((key) => key.version)],
  )
}

/** `where` and `orderBy` come from the search translator, with their values from $2 on. */
export function searchVersions(
  sql: Sql,
  search: { limit: number; offset: number; where: string; orderBy: string; values: unknown[] },
): Promise<VersionKey[]> {
  return sql.query<VersionKey>(
    `select v.name, v.version from registry.version v where ${search.where}
     order by ${search.orderBy} limit $1::integer offset ${Number(search.offset)}`,
    [search.limit, ...search.values],
  )
}

export async function updateVersion(
  sql: Sql,
  name: string,
  version: number,
  change: { description: string; nowMs: number },
): Promise<void> {
  await preparedShape(
    sql,
    `update registry.version set description = $3, last_update_ms = $4
     where name = $1 and version = $2`,
    [name, version, change.description, change.nowMs],
  )
}

/** Gives the address of its files. */
export async function deleteVersion(sql: Sql, name: string, version: number): Promise<string[]> {
  const text = `delete from registry.version v where name = $1 and version = $2 returning ${LOCATION} as location`
  return (await preparedShape<{ location: string }>(sql, text, [name, version])).map((row) => row.location)
}

/** Those among these addresses that no version has. */
export async function selectUnused(sql: Sql, locations: readonly string[]): Promise<string[]> {
  const rows = await preparedShape<{ location: string }>(
    sql,
    `select g.location from unnest($1::text[]) as g (location)
     where not exists (select 1 from registry.version v where ${LOCATION} = g.location)`,
    [locations],
  )
  return rows.map((row) => row.location)
}

export async function upsertVersionTags(
  sql: Sql,
  name: string,
  version: number,
  tags: Record<string, string>,
): Promise<void> {
  await preparedShape(
    sql,
    `insert into registry.version_tag (name, version, key, value)
     select $1, $2, key, value from unnest($3::text[], $4::text[]) as g (key, value) order by key
     on conflict (name, version, key) do update set value = excluded.value`,
    [name, version, Object.keys(tags), Object.values(tags)],
  )
}

export async function deleteVersionTag(sql: Sql, name: string, version: number, key: string): Promise<void> {
  await preparedShape(sql, 'delete from registry.version_tag where name = $1 and version = $2 and key = $3', [
    name,
    version,
    key,
  ])
}
