import { statement } from '../../db/prepared-shapes.ts'
import type { Statement } from '../../db/sql.ts'
import { REGISTRY_CHANNEL } from '../channel.ts'
import type { Stage } from '../names.ts'

type Kept = { name: string; version: number; actor: string; comment: string | null; atMs: number }

/**
 * Gives a version its stage, archives the others of that stage where asked, keeps both in the history in that order, and
 * tells of it; it is an update of the model, as MLflow has it. Gives what it found, the version itself last; no row when there
 * is no such version. The same stage again is no transition. Behind the model's lock: what
 * others moved before is seen.
 */
export function moveVersion(move: Kept & { stage: Stage; archiveExisting: boolean }): Statement {
  const { name, version, actor, comment, atMs, stage, archiveExisting } = move
  return statement(
    `with found as materialized (
       select version, stage as from_value, case when version = $2 then $3 else 'Archived' end as to_value
       from registry.version where name = $1 and (version = $2 or ($4::boolean and stage = $3))
     ),
     target as (select version from found where version = $2),
     kept as (
       insert into registry.transition (name, version, kind, from_value, to_value, actor, comment, at_ms)
       select $1, version, 'stage', from_value, to_value, $5::text, $6::text, $7::bigint from found
       where from_value <> to_value and exists (select 1 from target) order by version = $2, version
     ),
     moved as (
       update registry.version v set stage = found.to_value, last_update_ms = $7
       from found where v.name = $1 and v.version = found.version and exists (select 1 from target)
     ),
     updated as (
       update registry.model set last_update_ms = greatest(last_update_ms, $7)
       where name = $1 and exists (select 1 from target)
     )
     select version, from_value as "from", to_value as "to", pg_notify($8, $1) from found
     where exists (select 1 from target) order by version = $2, version`,
    [name, version, stage, archiveExisting, actor, comment, atMs, REGISTRY_CHANNEL],
  )
}

/** Points an alias to a version and keeps from where to where, and tells of it; gives where it pointed before; no row when there is no such version. */
export function moveAlias({ name, version, actor, comment, atMs, alias }: Kept & { alias: string }): Statement {
  return statement(
    `with target as (select version from registry.version where name = $1 and version = $2),
     old as materialized (select version from registry.alias where name = $1 and alias = $3),
     moved as (
       insert into registry.alias (name, alias, version) select $1, $3, version from target
       on conflict (name, alias) do update set version = excluded.version
     ),
     kept as (
       insert into registry.transition (name, version, kind, from_value, to_value, actor, comment, at_ms)
       select $1, line.version, 'alias', line.from_value, line.to_value, $4::text, $5::text, $6::bigint
       from target, lateral (
         select old.version, $3::text as from_value, null::text as to_value, 1 as place from old where old.version <> target.version
         union all
         select target.version, null, $3, 2 where not exists (select 1 from old where old.version = target.version)
       ) as line order by line.place
     )
     select version, (select version from old) as was, pg_notify($7, $1) from target`,
    [name, version, alias, actor, comment, atMs, REGISTRY_CHANNEL],
  )
}
