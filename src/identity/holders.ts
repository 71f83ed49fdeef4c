import { LRUCache } from 'lru-cache'
import { messageOf } from '../base/errors.ts'
import { sha256Hex } from '../base/hash.ts'
import { msOfInstant } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import type { Database } from '../db/sql.ts'
import type { Held } from './caller.ts'
import { IDENTITY_CHANNEL, selectHeld } from './queries.ts'

/** Which tokens there are, in the memory of a server: a request asks no database. */
export type Holders = {
  /** Whether a token was ever made: from then on callers need one. */
  ever(): boolean
  /** Whoever holds this token, also when it has expired. */
  ofToken(token: string): Held | undefined
  /** The same by the digest of the token. */
  ofDigest(digest: string): Held | undefined
  isExpired(held: Held): boolean
  /** By the database's clock, which is one for all servers: an own clock that is set back revives nothing. */
  nowMs(): number
  /** Reads the tokens, and again whenever one changes; `onRead` after each time. Ends with the returned function. */
  follow(onRead: () => void): Promise<() => Promise<void>>
  read(): Promise<void>
}

/** What a lost notification did not tell is seen within that time. */
const LOOK_MS = 5_000
/** Hashing costs more than looking up: tokens that were good once are known by themselves. */
const KNOWN_MAX = 1_000

export function createHolders({ sql, log, setting }: { sql: Database; log: Log; setting: string | null }): Holders {
  /** WEIR_TOKEN, as one among the others: an admin that no table has. */
  const fixed = setting === null ? undefined : heldOfSetting(setting)
  const digests = new LRUCache<string, string>({ max: KNOWN_MAX })
  let byDigest = new Map<string, Held>()
  let ever = false
  let read = { nowMs: 0, at: performance.now() }
  let reading: Promise<void> | undefined
  let again = false

  const ofDigest = (digest: string) => (digest === fixed?.digest ? fixed : byDigest.get(digest))
  const nowMs = () => read.nowMs + (performance.now() - read.at)

  async function readOnce(): Promise<void> {
    const at = performance.now()
    const { held, ...now } = await selectHeld(sql)
    byDigest = new Map(held.map((one) => [one.digest, one]))
    ever = now.ever
    read = { nowMs: now.nowMs, at }
  }

  /** A change that comes while the tokens are read is seen by one more pass. */
  function readAll(): Promise<void> {
    if (reading) {
      again = true
      return reading
    }
    reading = (async () => {
      try {
        do {
          again = false
          await readOnce()
        } while (again)
      } finally {
        reading = undefined
      }
    })()
    return reading
  }

  return {
    ever: () => ever,
    ofToken(token) {
      const known = digests.get(token)
      const digest = known ?? sha256Hex(token)
      const held = ofDigest(digest)
      // What nobody holds is not remembered: guesses push no token out.
      if (held !== undefined && known === undefined) digests.set(token, digest)
      return held
    },
    ofDigest,
    isExpired: ({ expiresAt }) => expiresAt !== null && msOfInstant(expiresAt) <= nowMs(),
    nowMs,
    async follow(onRead) {
      const look = () =>
        void readAll()
          .then(onRead)
          .catch((error: unknown) => log.debug(`identity: cannot read the tokens: ${messageOf(error)}`))
      const unlisten = await sql.listen(IDENTITY_CHANNEL, look, look)
      const timer = setInterval(look, LOOK_MS)
      timer.unref()
      await readAll()
      return async () => {
        clearInterval(timer)
        await unlisten()
      }
    },
    read: readAll,
  }
}

/** As what WEIR_TOKEN stands in the trail. */
export const SETTING_NAME = 'WEIR_TOKEN'

export function heldOfSetting(token: string): Held {
  const digest = sha256Hex(token)
  return { id: SETTING_NAME, name: SETTING_NAME, digest, role: 'admin', model: null, expiresAt: null }
}
