import { AsyncLocalStorage } from 'node:async_hooks'
import { userInfo } from 'node:os'

/** Who does something: a person at this machine, whoever holds a token, or a flow on behalf of one of them. */
export type Principal = {
  /** The user of the operating system, or the name of the token. */
  name: string
  kind: 'local' | 'token' | 'flow'
  /** The id of the token (never the token itself); null without one. */
  token: string | null
  /** From where: the address of a caller, or the command and its host; null where nobody knows. */
  from: string | null
}

const acting = new AsyncLocalStorage<Principal>()

/** Whoever does what is being done now. Outside of requests, commands and flows that is the user of this process. */
export function actorNow(): Principal {
  return acting.getStore() ?? localUser(null)
}

/** Whatever `body` does, and calls, is done by `principal`. */
export function withActor<T>(principal: Principal, body: () => T): T {
  return acting.run(principal, body)
}

/** The user of the operating system: whoever calls without a token, from this machine alone. */
export function localUser(from: string | null): Principal {
  localName ??= nameOfUser()
  return { name: localName, kind: 'local', token: null, from }
}

/** The same principal, whose flow does it now. */
export function asFlow({ name, token, from }: Principal): Principal {
  return { name, kind: 'flow', token, from }
}

let localName: string | undefined

/** A user may have a number and no name, in a container for instance. */
function nameOfUser(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
