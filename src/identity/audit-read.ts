import type { Instant } from '../base/instant.ts'
import { preparedShape } from '../db/prepared-shapes.ts'
import type { Sql } from '../db/sql.ts'
import type { Action } from './audit-actions.ts'

/** A row of the trail as it is told. */
export type Entry = {
  seq: number
  at: Instant
  actor: string
  /** history: taken over from what the registry kept before there was a trail. */
  actorKind: 'local' | 'token' | 'flow' | 'history'
  token: string | null
  origin: string | null
  action: string
  onKind: string
  onName: string
  model: string | null
  from: Record<string, unknown> | null
  to: Record<string, unknown> | null
  why: string | null
  /** The reason named a person, whose data was taken out since. */
  whyErased: boolean
  hash: string
}

const COLUMNS = `
  seq, at, actor, actor_kind as "actorKind", token, origin, action, on_kind as "onKind", on_name as "onName", model,
  from_value as "from", to_value as "to", why, why is null and why_digest is not null as "whyErased", hash`

export type EntryFilter = {
  model?: string | undefined
  actor?: string | undefined
  /** `model.stage`, or `model` for all that begins so. */
  action?: string | undefined
  /** What it was done to, by its name. */
  on?: string | undefined
  since?: Instant | undefined
  until?: Instant | undefined
  before: number | null
  limit: number
}

/** Newest first, one more than asked for. */
export function selectEntries(sql: Sql, filter: EntryFilter): Promise<Entry[]> {
  const { model, actor, action, on, since, until, before, limit } = filter
  return preparedShape<Entry>(
    sql,
    `select ${COLUMNS} from identity.audit
     where seq is not null and ($1::text is null or model = $1) and ($2::text is null or actor = $2)
       and ($3::text is null or action = $3 or starts_with(action, $3 || '.')) and ($4::text is null or on_name = $4)
       and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at <= $6)
       and ($7::bigint is null or seq < $7)
     order by seq desc limit $8::integer`,
    [model ?? null, actor ?? null, action ?? null, on ?? null, since ?? null, until ?? null, before, limit + 1],
  )
}

/** Whether this was ever done to the thing of this name. */
export async function hasEntry(sql: Sql, action: Action, on: string): Promise<boolean> {
  const text = 'select 1 from identity.audit where action = $1 and on_name = $2 and seq is not null limit 1'
  return (await preparedShape(sql, text, [action, on])).length > 0
}

/** What decides who answers, oldest first. */
const DECIDING = ['model.stage', 'model.alias', 'model.renamed', 'model.deleted', 'version.deleted']

export function selectDeciding(sql: Sql): Promise<Entry[]> {
  const text = `select ${COLUMNS} from identity.audit where action = any($1) and seq is not null order by seq`
  return preparedShape<Entry>(sql, text, [DECIDING])
}

/** Since when there is a trail; what it says of the time before was taken over. */
export async function selectBeginning(sql: Sql): Promise<Instant | null> {
  const text = "select min(at) as at from identity.audit where actor_kind <> 'history'"
  return (await preparedShape<{ at: Instant | null }>(sql, text, []))[0]?.at ?? null
}
