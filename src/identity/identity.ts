/**
 * identity: who does something, and whether they may. Tables `identity.token` and `identity.session`; the trail beside them is
 * audit.ts, with its own.
 *
 * - Everything is done by somebody: a request, a command and a flow each have a principal, which whatever they call can ask for.
 * - A token is shown once and kept as its digest; so is what the cookie of a browser holds.
 * - What is revoked lets nobody in from then on, at any server: at once by a notification, within 5 s where that is lost. Streams
 *   and sessions of it end.
 * - From the first token on each caller needs one, also when all have been revoked or have expired: nothing opens by itself.
 * - A request asks no database who called, but for the sessions of browsers.
 *
 * Doors: access.ts, audit-erase.ts, audit-routes.ts, audit.ts, can.ts, caller.ts, principal.ts, refusals.ts, roles.ts, tokens.ts,
 * trail.ts.
 */
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Database } from '../db/sql.ts'
import { type Access, principalOfHeld } from './access.ts'
import type { Caller } from './caller.ts'
import { createHolders, SETTING_NAME } from './holders.ts'
import { createLastUse } from './last-use.ts'
import { recordUses } from './queries.ts'
import { expiredToken, unknownToken } from './refusals.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { createTokens, type Tokens } from './tokens.ts'

export type Identity = {
  tokens: Tokens
  sessions: Sessions
  access: Access
  /** Whether WEIR_TOKEN is set: an admin that no table has. */
  hasSetting: boolean
  /** Reads the tokens, and hears of each change; ends with the returned function. A server does so before it listens. */
  follow(): Promise<() => Promise<void>>
}

export type IdentityOptions = { sql: Database; log: Log; token: string | null; defaultModel: string | null }

const WRITE_USES_MS = 30_000

export function createIdentity({ sql, log, token: setting, defaultModel }: IdentityOptions): Identity {
  const holders = createHolders({ sql, log, setting })
  const sessions = createSessions(sql, holders)
  const lastUse = createLastUse((uses) => recordUses(sql, uses))
  const watched = new Map<object, { caller: Caller; end: () => void }>()

  async function isGood({ token, session }: Caller): Promise<boolean> {
    if (session !== null) return sessions.goesOn(session)
    if (token === null) return !access.closed()
    const held = holders.ofDigest(token.digest)
    return held !== undefined && !holders.isExpired(held)
  }
  async function endWhatIsOver(): Promise<void> {
    for (const [watch, { caller, end }] of [...watched]) {
      if ((await isGood(caller)) || !watched.delete(watch)) continue
      end()
    }
  }

  const access: Access = {
    closed: () => setting !== null || holders.ever(),
    ofToken(token) {
      const held = holders.ofToken(token)
      if (held === undefined) throw unknownToken()
      if (held.expiresAt !== null && holders.isExpired(held)) throw expiredToken(held.name, held.expiresAt)
      return held
    },
    ofSession: (cookie) => sessions.of(cookie),
    principalOf: principalOfHeld,
    used({ id }, from) {
      if (id !== SETTING_NAME) lastUse.note({ id, atMs: holders.nowMs(), from })
    },
    whileGood(caller, end) {
      const watch = {}
      watched.set(watch, { caller, end })
      return () => void watched.delete(watch)
    },
    defaultModel,
  }

  return {
    tokens: createTokens(sql, holders.read),
    sessions,
    access,
    hasSetting: setting !== null,
    async follow() {
      const quietly = (what: string) => (error: unknown) => log.debug(`identity: cannot ${what}: ${messageOf(error)}`)
      const unfollow = await holders.follow(() => {
        sessions.forget()
        void endWhatIsOver().catch(quietly('end what is over'))
      })
      const writing = setInterval(() => void lastUse.write().catch(quietly('write the last uses')), WRITE_USES_MS)
      writing.unref()
      return async () => {
        clearInterval(writing)
        await unfollow()
        await lastUse.write().catch(quietly('write the last uses'))
      }
    },
  }
}
