import type { Sql } from '../../db/sql.ts'

export type Transition = {
  version: number
  kind: 'stage' | 'alias'
  from: string | null
  to: string | null
  actor: string
  comment: string | null
  atMs: number
}

export async function insertTransition(sql: Sql, name: string, transition: Transition): Promise<void> {
  const { version, kind, from, to, actor, comment, atMs } = transition
  await sql.query(
    `insert into registry.transition (name, version, kind, from_value, to_value, actor, comment, at_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [name, version, kind, from, to, actor, comment, atMs],
  )
}

/** Gives a version its stage and keeps that it did; the same stage again is no transition. */
export async function moveVersion(sql: Sql, name: string, transition: Transition): Promise<void> {
  const { version, kind, from, to, actor, comment, atMs } = transition
  await sql.query(
    `with kept as (
       insert into registry.transition (name, version, kind, from_value, to_value, actor, comment, at_ms)
       select $1, $2, $3, $4::text, $5::text, $6, $7, $8 where $4::text is distinct from $5::text
     )
     update registry.version set stage = $5, last_update_ms = $8 where name = $1 and version = $2`,
    [name, version, kind, from, to, actor, comment, atMs],
  )
}

/** Oldest first. */
export function selectTransitions(sql: Sql, name: string, version: number | null): Promise<Transition[]> {
  return sql.query<Transition>(
    `select version, kind, from_value as "from", to_value as "to", actor, comment, at_ms as "atMs"
     from registry.transition where name = $1 and ($2::integer is null or version = $2) order by transition_id`,
    [name, version],
  )
}

/** Points the alias to the version and gives the one that it pointed to before. */
export async function moveAlias(sql: Sql, name: string, alias: string, version: number): Promise<number | null> {
  const rows = await sql.query<{ before: number | null }>(
    `with old as (select version from registry.alias where name = $1 and alias = $2),
     moved as (
       insert into registry.alias (name, alias, version) values ($1, $2, $3)
       on conflict (name, alias) do update set version = excluded.version
     )
     select (select version from old) as before`,
    [name, alias, version],
  )
  return rows[0]?.before ?? null
}

/** The version that the alias pointed to, or nothing. */
export async function dropAlias(sql: Sql, name: string, alias: string): Promise<number | undefined> {
  const rows = await sql.query<{ version: number }>(
    'delete from registry.alias where name = $1 and alias = $2 returning version',
    [name, alias],
  )
  return rows[0]?.version
}
