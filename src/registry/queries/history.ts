import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

export type Transition = {
  version: number
  /** arm: it became a canary or a shadow, or is none any more. serving: a server could not serve it, or can again. */
  kind: 'stage' | 'alias' | 'arm' | 'serving'
  from: string | null
  to: string | null
  actor: string
  comment: string | null
  atMs: number
  /** The numbers behind a decision, where there were some. */
  details?: object | null
}

/** As it is kept: with the moment at which the model that it is of was deleted. */
export type KeptTransition = Transition & { details: object | null; endedMs: number | null }

/** Keeps them in their order. */
export async function insertTransitions(sql: Sql, name: string, transitions: readonly Transition[]): Promise<void> {
  await preparedShape(
    sql,
    `insert into registry.transition (name, version, kind, from_value, to_value, actor, comment, at_ms, details)
     select $1, g.* from ${GIVEN}`,
    [name, ...columnsOf(transitions)],
  )
}

/** Parameters $2 to $9 as rows. */
const GIVEN = `unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::json[])
  as g (version, kind, from_value, to_value, actor, comment, at_ms, details)`

function columnsOf(transitions: readonly Transition[]): unknown[] {
  const columns = ['version', 'kind', 'from', 'to', 'actor', 'comment', 'atMs'] as const
  const details = transitions.map(({ details = null }) => (details === null ? null : JSON.stringify(details)))
  return [...columns.map((column) => transitions.map((transition) => transition[column])), details]
}

/** Oldest first: of the model that has the name now, or of those that had it and were deleted. */
export function selectTransitions(
  sql: Sql,
  name: string,
  { version, deleted }: { version: number | null; deleted: boolean },
): Promise<KeptTransition[]> {
  return preparedShape<KeptTransition>(
    sql,
    `select version, kind, from_value as "from", to_value as "to", actor, comment, at_ms as "atMs",
       details, ended_ms as "endedMs"
     from registry.transition
     where name = $1 and ($2::integer is null or version = $2) and (ended_ms is not null) = $3 order by transition_id`,
    [name, version, deleted],
  )
}

/** Whether a version of the model, or this one, ever came to this stage. */
export async function selectWasInStage(
  sql: Sql,
  { name, version = null }: { name: string; version?: number | null },
  stage: string,
): Promise<boolean> {
  const [row] = await preparedShape<{ was: boolean }>(
    sql,
    `select exists (
       select 1 from registry.transition where name = $1 and kind = 'stage' and to_value = $2 and ended_ms is null
         and ($3::integer is null or version = $3)
     ) as was`,
    [name, stage, version],
  )
  return row?.was ?? false
}

/** The stage that a version had at a moment. */
export async function selectStageAt(
  sql: Sql,
  { name, version }: { name: string; version: number },
  atMs: number,
): Promise<string> {
  const rows = await preparedShape<{ stage: string }>(
    sql,
    `select to_value as stage from registry.transition
     where name = $1 and version = $2 and kind = 'stage' and ended_ms is null and at_ms <= $3
     order by transition_id desc limit 1`,
    [name, version, atMs],
  )
  return rows[0]?.stage ?? 'None'
}

/** The version that the alias pointed to, or nothing. */
export async function dropAlias(sql: Sql, name: string, alias: string): Promise<number | undefined> {
  const rows = await preparedShape<{ version: number }>(
    sql,
    'delete from registry.alias where name = $1 and alias = $2 returning version',
    [name, alias],
  )
  return rows[0]?.version
}

/** What was said last of whether a version can be served. */
export async function selectLastServing(
  sql: Sql,
  name: string,
  version: number,
): Promise<{ to: string; comment: string | null } | undefined> {
  const rows = await preparedShape<{ to: string; comment: string | null }>(
    sql,
    `select to_value as "to", comment from registry.transition
     where name = $1 and version = $2 and kind = 'serving' and ended_ms is null order by transition_id desc limit 1`,
    [name, version],
  )
  return rows[0]
}
