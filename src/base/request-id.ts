import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** What a caller may call a request: nothing that could be another header, another line, or a whole text. */
const WELL_FORMED = /^[\w.:@/+=-]{1,128}$/

/** A name of this process and a number: no two requests have the same, whichever server they come to. */
const process8 = randomBytes(6).toString('base64url')
let count = 0

/** The id of a request: the caller's own where it is well formed, else a new one. */
export function requestIdOf(given: string | string[] | undefined): string {
  if (typeof given === 'string' && WELL_FORMED.test(given)) return given
  return `${process8}-${(++count).toString(36)}`
}

const asked = new AsyncLocalStorage<string>()

/** Whatever `body` does, and calls, is for the request of this id. */
export function withRequestId<T>(id: string, body: () => T): T {
  return asked.run(id, body)
}

/** The request that is being answered; null outside of one. */
export function requestIdNow(): string | null {
  return asked.getStore() ?? null
}
