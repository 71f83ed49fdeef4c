import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import type { Held } from './caller.ts'
import type { Role } from './roles.ts'

type Query = Pick<Sql, 'query'>

/** What every server listens to: tokens or sessions changed. */
export const IDENTITY_CHANNEL = 'weir_identity'

export async function notifyIdentity(sql: Query): Promise<void> {
  await sql.query(`select pg_notify('${IDENTITY_CHANNEL}', '')`)
}

const HELD = `id, name, digest, role, model, expires_at as "expiresAt"`
const USABLE = `revoked_at is null and (expires_at is null or expires_at > now())`

/** All that is not revoked, and the database's time: one clock for all servers. `ever`: whether a token was ever made. */
export async function selectHeld(sql: Query): Promise<{ held: Held[]; nowMs: number; ever: boolean }> {
  const [held, now] = await Promise.all([
    sql.query<Held>(`select ${HELD} from identity.token where revoked_at is null`),
    sql.query<{ nowMs: number; ever: boolean }>(
      `select (extract(epoch from clock_timestamp()) * 1000)::float8 as "nowMs", exists (select from identity.token) as ever`,
    ),
  ])
  return { held, nowMs: now[0]!.nowMs, ever: now[0]!.ever }
}

export type TokenRow = {
  id: string
  name: string
  role: Role
  model: string | null
  createdAt: Instant
  createdBy: string
  expiresAt: Instant | null
  revokedAt: Instant | null
  revokedBy: string | null
  lastUsedAt: Instant | null
  lastUsedFrom: string | null
  state: 'usable' | 'expired' | 'revoked'
}

const ROW = `id, name, role, model, created_at as "createdAt", created_by as "createdBy", expires_at as "expiresAt",
  revoked_at as "revokedAt", revoked_by as "revokedBy", last_used_at as "lastUsedAt", last_used_from as "lastUsedFrom",
  case when revoked_at is not null then 'revoked' when expires_at <= now() then 'expired' else 'usable' end as state`

export async function selectTokens(sql: Query, limit: number): Promise<TokenRow[]> {
  return sql.query<TokenRow>(
    `select ${ROW} from identity.token order by revoked_at is not null, created_at desc, id limit $1`,
    [limit],
  )
}

/** By id, else by the name that is not revoked. */
export async function findToken(sql: Query, idOrName: string): Promise<TokenRow | undefined> {
  const rows = await sql.query<TokenRow>(
    `select ${ROW} from identity.token where id = $1 or (name = $1 and revoked_at is null) order by (id = $1) desc limit 1`,
    [idOrName],
  )
  return rows[0]
}

/** The one token that has this name now, also when it has expired. */
export async function findNamed(sql: Query, name: string): Promise<TokenRow | undefined> {
  return (
    await sql.query<TokenRow>(`select ${ROW} from identity.token where name = $1 and revoked_at is null`, [name])
  )[0]
}

/** One change of tokens at a time: what is counted stays so until it is committed. */
export async function lockTokens(sql: Query): Promise<void> {
  await sql.query('lock table identity.token in share row exclusive mode')
}

type Counts = { ever: number; kept: number; admins: number }

export async function countTokens(sql: Query): Promise<Counts> {
  const rows = await sql.query<Counts>(
    `select count(*)::int as ever, count(*) filter (where revoked_at is null)::int as kept,
       count(*) filter (where ${USABLE} and role = 'admin' and model is null)::int as admins
     from identity.token`,
  )
  return rows[0]!
}

export type NewToken = {
  id: string
  name: string
  digest: string
  role: Role
  model: string | null
  createdBy: string
  /** Counted by the database's clock. */
  lastsMs: number | null
}

export async function insertToken(sql: Query, token: NewToken): Promise<TokenRow> {
  const { id, name, digest, role, model, createdBy, lastsMs } = token
  const rows = await sql.query<TokenRow>(
    `insert into identity.token (id, name, digest, role, model, created_by, expires_at)
     values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 millisecond') returning ${ROW}`,
    [id, name, digest, role, model, createdBy, lastsMs],
  )
  return rows[0]!
}

export async function revokeToken(sql: Query, id: string, by: string): Promise<TokenRow> {
  const rows = await sql.query<TokenRow>(
    `with gone as (delete from identity.session where token_digest in (select digest from identity.token where id = $1))
     update identity.token set revoked_at = now(), revoked_by = $2 where id = $1 returning ${ROW}`,
    [id, by],
  )
  return rows[0]!
}

/** A name whose token has expired may be given again; and what expired a month ago makes room. */
export async function revokeExpired(sql: Query, name: string, by: string): Promise<void> {
  await sql.query(
    `update identity.token set revoked_at = now(), revoked_by = $2
     where revoked_at is null and (name = $1 and expires_at <= now() or expires_at <= now() - interval '30 days')`,
    [name, by],
  )
}

/** Takes revoked ones away, the oldest first, as far as there are more than `keep`. */
export async function deleteOldRevoked(sql: Query, keep: number): Promise<void> {
  await sql.query(
    `delete from identity.token where id in (
       select id from identity.token where revoked_at is not null order by revoked_at desc, id offset $1)`,
    [keep],
  )
}

export async function deleteAllTokens(sql: Query): Promise<TokenRow[]> {
  await sql.query('delete from identity.session')
  return sql.query<TokenRow>(`delete from identity.token returning ${ROW}`)
}

export type Use = { id: string; atMs: number; from: string | null }

export async function recordUses(sql: Query, uses: readonly Use[]): Promise<void> {
  await sql.query(
    `update identity.token t set last_used_at = u.at, last_used_from = u.place
     from (select id, to_timestamp(ms / 1000) as at, place from unnest($1::text[], $2::float8[], $3::text[]) as x (id, ms, place)) u
     where t.id = u.id and (t.last_used_at is null or t.last_used_at < u.at)`,
    [uses.map((use) => use.id), uses.map((use) => use.atMs), uses.map((use) => use.from)],
  )
}

export type SessionRow = { digest: string; tokenDigest: string; expiresAt: Instant }

const SESSION = `digest, token_digest as "tokenDigest", expires_at as "expiresAt"`

/** Begins one; of each token only the newest `most` are kept, and what has expired goes. */
export async function insertSession(
  sql: Query,
  session: { digest: string; tokenDigest: string; lastsMs: number; notAfter: Instant | null },
  most: number,
): Promise<SessionRow> {
  const { digest, tokenDigest, lastsMs, notAfter } = session
  await sql.query(
    `delete from identity.session where expires_at <= now() or digest in (
       select digest from identity.session where token_digest = $1 order by began_at desc, digest offset $2)`,
    [tokenDigest, most - 1],
  )
  const rows = await sql.query<SessionRow>(
    `insert into identity.session (digest, token_digest, expires_at)
     values ($1, $2, least(now() + $3 * interval '1 millisecond', $4::timestamptz)) returning ${SESSION}`,
    [digest, tokenDigest, lastsMs, notAfter],
  )
  return rows[0]!
}

export async function findSession(sql: Query, digest: string): Promise<SessionRow | undefined> {
  const rows = await sql.query<SessionRow>(
    `select ${SESSION} from identity.session where digest = $1 and expires_at > now()`,
    [digest],
  )
  return rows[0]
}

export async function deleteSession(sql: Query, digest: string): Promise<boolean> {
  const rows = await sql.query('delete from identity.session where digest = $1 returning 1', [digest])
  return rows.length > 0
}
