import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { sha256Hex } from '../base/hash.ts'
import { type Instant, msOfInstant } from '../base/instant.ts'
import type { Database } from '../db/sql.ts'
import { limitOf } from '../wire/limits.ts'
import { recordChange } from './audit.ts'
import type { Held } from './caller.ts'
import type { Holders } from './holders.ts'
import { deleteSession, findSession, insertSession, notifyIdentity, type SessionRow } from './queries.ts'
import { endedSession } from './refusals.ts'

export type Sessions = {
  /** Begins one for whoever holds this token; what is given goes into the cookie and is kept nowhere. */
  begin(held: Held): Promise<{ cookie: string; expiresAt: Instant; lastsMs: number }>
  /** Whose it is. Throws `unauthenticated` where it is over, or its token. */
  of(cookie: string): Promise<{ held: Held; session: string }>
  /** Whether it goes on, as far as this server has heard. */
  goesOn(session: string): Promise<boolean>
  end(session: string): Promise<void>
  /** Something changed: what is remembered of sessions is asked again. */
  forget(): void
}

const COOKIE_BYTES = 32
const KNOWN_MAX = 10_000
/** For the case that a notification is lost. */
const KNOWN_MS = 5_000

export function createSessions(sql: Database, holders: Holders): Sessions {
  const known = new LRUCache<string, SessionRow>({ max: KNOWN_MAX, ttl: KNOWN_MS })

  async function find(digest: string): Promise<SessionRow | undefined> {
    const row = known.get(digest) ?? (await findSession(sql, digest))
    if (row === undefined || msOfInstant(row.expiresAt) <= holders.nowMs()) return undefined
    known.set(digest, row)
    return row
  }
  async function of(digest: string): Promise<Held | undefined> {
    const row = await find(digest)
    const held = row && holders.ofDigest(row.tokenDigest)
    return held === undefined || holders.isExpired(held) ? undefined : held
  }

  return {
    async begin(held) {
      const cookie = randomBytes(COOKIE_BYTES).toString('base64url')
      const digest = sha256Hex(cookie)
      const lastsMs = limitOf('sessionMs')
      const { expiresAt } = await sql.tx(async (tx) => {
        const wish = { digest, tokenDigest: held.digest, lastsMs, notAfter: held.expiresAt }
        const row = await insertSession(tx, wish, limitOf('sessionsOfToken'))
        const on = { kind: 'session', name: digest.slice(0, SHOWN) }
        await recordChange(tx, { action: 'session.began', on, from: null, to: { token: held.id } })
        return row
      })
      return { cookie, expiresAt, lastsMs: Math.max(0, msOfInstant(expiresAt) - holders.nowMs()) }
    },
    async of(cookie) {
      const session = sha256Hex(cookie)
      const held = await of(session)
      if (held === undefined) throw endedSession()
      return { held, session }
    },
    goesOn: async (session) => (await of(session)) !== undefined,
    async end(session) {
      known.delete(session)
      await sql.tx(async (tx) => {
        if (!(await deleteSession(tx, session))) return
        const on = { kind: 'session', name: session.slice(0, SHOWN) }
        await recordChange(tx, { action: 'session.ended', on, from: {}, to: null })
        await notifyIdentity(tx)
      })
    },
    forget: () => known.clear(),
  }
}

/** So much of a digest tells two sessions apart, and opens nothing. */
const SHOWN = 12
