import type { Caller, Held } from './caller.ts'
import { heldOfSetting } from './holders.ts'
import type { Principal } from './principal.ts'
import { unknownToken } from './refusals.ts'

/** What the server asks about a caller. */
export type Access = {
  /** Whether callers say who they are; else whoever reaches the port is the local user. */
  closed(): boolean
  /** Whoever holds this token. Throws `unauthenticated` where it is not known or has expired, and says which. */
  ofToken(token: string): Held
  /** The same for the session of a browser, by what its cookie holds. */
  ofSession(cookie: string): Promise<{ held: Held; session: string }>
  /** Whom such a token stands for. */
  principalOf(held: Held, from: string): Principal
  /** Told with each request; costs next to nothing. */
  used(held: Held, from: string): void
  /** Calls `end` when the caller's token or session ends before the answer does. Gives what stops the watch. */
  whileGood(caller: Caller, end: () => void): () => void
  /** The model that is meant where a request names none. */
  defaultModel: string | null
}

/** One token and nothing else, or none: for a server that is nobody's but its maker's. */
export function oneToken(token: string | null, principal?: Principal): Access {
  const fixed = token === null ? null : heldOfSetting(token)
  const ofToken = (given: string): Held => {
    if (fixed !== null && heldOfSetting(given).digest === fixed.digest) return fixed
    throw unknownToken()
  }
  return {
    closed: () => fixed !== null,
    ofToken,
    ofSession: () => Promise.reject(unknownToken()),
    principalOf: (held, from) => principal ?? principalOfHeld(held, from),
    used: () => {},
    whileGood: () => () => {},
    defaultModel: null,
  }
}

export function principalOfHeld({ id, name }: Held, from: string): Principal {
  return { name, kind: 'token', token: id, from }
}
