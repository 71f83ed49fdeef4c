import type { Instant } from '../../base/instant.ts'
import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import type { Principal } from '../../identity/principal.ts'

/** A move that waits, or waited, for another pair of eyes. */
export type PromotionRequest = {
  id: number
  name: string
  /** Null: the alias is to be taken away. */
  version: number | null
  kind: 'stage' | 'alias' | 'canary'
  /** The stage, the alias, or the share of a canary. */
  target: string
  archiveExisting: boolean
  /** Who answered there when it was asked for. */
  champion: number | null
  askedBy: string
  askedToken: string | null
  reason: string | null
  askedAt: Instant
  expiresAt: Instant
  state: 'waiting' | 'accepted' | 'declined' | 'withdrawn' | 'expired' | 'void'
  decidedBy: string | null
  decidedReason: string | null
  decidedAt: Instant | null
}

const COLUMNS = `
  id, name, version, kind, target, archive_existing as "archiveExisting", champion, asked_by as "askedBy",
  asked_token as "askedToken", reason, asked_at as "askedAt", expires_at as "expiresAt",
  case when state = 'waiting' and expires_at <= $1 then 'expired' else state end as state,
  decided_by as "decidedBy", decided_reason as "decidedReason", decided_at as "decidedAt"`

/** Whoever asked: by name, or by the same token under another. */
export function isOwnWish(
  { askedBy, askedToken }: Pick<PromotionRequest, 'askedBy' | 'askedToken'>,
  { name, token }: Pick<Principal, 'name' | 'token'>,
): boolean {
  return askedBy === name || (token !== null && askedToken === token)
}

type Wanted = Pick<PromotionRequest, 'name' | 'version' | 'kind' | 'target' | 'archiveExisting' | 'champion'> & {
  askedBy: string
  askedToken: string | null
  reason: string | null
  askedAt: Instant
  expiresAt: Instant
}

export async function insertRequest(sql: Sql, wanted: Wanted): Promise<PromotionRequest> {
  const { name, version, kind, target, archiveExisting, champion, askedBy, askedToken, reason } = wanted
  const [row] = await preparedShape<PromotionRequest>(
    sql,
    `insert into registry.promotion_request
       (asked_at, name, version, kind, target, archive_existing, champion, asked_by, asked_token, reason, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning ${COLUMNS}`,
    [
      wanted.askedAt,
      name,
      version,
      kind,
      target,
      archiveExisting,
      champion,
      askedBy,
      askedToken,
      reason,
      wanted.expiresAt,
    ],
  )
  return row!
}

/** The same wish of the same principal that waits already. */
export async function findWaiting(
  sql: Sql,
  now: Instant,
  wish: Pick<Wanted, 'name' | 'version' | 'kind' | 'target' | 'archiveExisting' | 'askedBy'>,
): Promise<PromotionRequest | undefined> {
  const [row] = await preparedShape<PromotionRequest>(
    sql,
    `select ${COLUMNS} from registry.promotion_request
     where name = $2 and version is not distinct from $3::integer and kind = $4 and target = $5 and asked_by = $6
       and archive_existing = $7 and state = 'waiting' and expires_at > $1 order by id limit 1`,
    [now, wish.name, wish.version, wish.kind, wish.target, wish.askedBy, wish.archiveExisting],
  )
  return row
}

export async function findRequest(sql: Sql, now: Instant, id: number): Promise<PromotionRequest | undefined> {
  return (await preparedShape<PromotionRequest>(sql, ONE, [now, id]))[0]
}

const ONE = `select ${COLUMNS} from registry.promotion_request where id = $2`

/** Held until the transaction ends: of two who decide at once the second sees what the first did. */
export async function lockRequest(sql: Sql, now: Instant, id: number): Promise<PromotionRequest | undefined> {
  return (await preparedShape<PromotionRequest>(sql, `${ONE} for update`, [now, id]))[0]
}

export async function decideRequest(
  sql: Sql,
  id: number,
  decided: {
    state: 'accepted' | 'declined' | 'withdrawn'
    by: string
    token: string | null
    reason: string | null
    at: Instant
  },
): Promise<void> {
  await preparedShape(
    sql,
    `update registry.promotion_request
     set state = $2, decided_by = $3, decided_token = $4, decided_reason = $5, decided_at = $6 where id = $1`,
    [id, decided.state, decided.by, decided.token, decided.reason, decided.at],
  )
}

/** What waits for a model or a version that is gone waits for nothing: one of the same name inherits no wish. */
export async function voidRequests(sql: Sql, name: string, version: number | null, at: Instant): Promise<void> {
  await preparedShape(
    sql,
    `update registry.promotion_request set state = 'void', decided_at = $3
     where name = $1 and ($2::integer is null or version = $2) and state = 'waiting'`,
    [name, version, at],
  )
}

/** Newest first; one more than asked for. */
export function selectRequests(
  sql: Sql,
  now: Instant,
  asked: { name: string | null; open: boolean; limit: number; before: number | null },
): Promise<PromotionRequest[]> {
  return preparedShape<PromotionRequest>(
    sql,
    `select ${COLUMNS} from registry.promotion_request
     where ($2::text is null or name = $2) and (not $3 or (state = 'waiting' and expires_at > $1))
       and ($4::bigint is null or id < $4)
     order by id desc limit $5::integer`,
    [now, asked.name, asked.open, asked.before, asked.limit + 1],
  )
}
