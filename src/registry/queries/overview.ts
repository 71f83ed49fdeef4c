import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import type { VersionKey } from './versions.ts'

/** How many versions each of these models has, and how many of its promotions wait. */
export async function selectCounts(
  sql: Sql,
  names: readonly string[],
  now: string,
): Promise<Map<string, { versions: number; waiting: number }>> {
  const rows = await preparedShape<{ name: string; versions: number; waiting: number }>(
    sql,
    `select g.name, (select count(*) from registry.version v where v.name = g.name) as versions,
       (select count(*) from registry.promotion_request r
        where r.name = g.name and r.state = 'waiting' and r.expires_at > $2) as waiting
     from unnest($1::text[]) as g (name)`,
    [names, now],
  )
  return new Map(rows.map(({ name, versions, waiting }) => [name, { versions, waiting }]))
}

const DELETED_MAX = 500

/** Each name once, by the last model of it that was deleted; newest first. */
export function selectDeletedModels(sql: Sql): Promise<{ name: string; atMs: number; actor: string }[]> {
  return preparedShape(
    sql,
    `select name, "atMs", actor from (
       select distinct on (name) name, ended_ms as "atMs", actor from registry.transition
       where ended_ms is not null order by name, ended_ms desc, transition_id desc
     ) d order by "atMs" desc, name limit ${DELETED_MAX}`,
    [],
  )
}

/** The version that was in Production before the one that is now, and is still there. */
export async function selectPrevious(sql: Sql, name: string): Promise<number | null> {
  const [row] = await preparedShape<{ version: number }>(
    sql,
    `select t.version from registry.transition t join registry.version v on v.name = t.name and v.version = t.version
     where t.name = $1 and t.kind = 'stage' and t.to_value = 'Production' and t.ended_ms is null
       and v.stage <> 'Production'
     order by t.transition_id desc limit 1`,
    [name],
  )
  return row?.version ?? null
}

/** Newest first, one more than asked for. */
export function selectVersionsPage(
  sql: Sql,
  name: string,
  { limit, before }: { limit: number; before: number | null },
): Promise<VersionKey[]> {
  return preparedShape(
    sql,
    `select name, version from registry.version where name = $1 and ($2::integer is null or version < $2)
     order by version desc limit $3::integer`,
    [name, before, limit + 1],
  )
}
