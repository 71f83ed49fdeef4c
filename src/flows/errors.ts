import { ERROR_CODES, type ErrorCode, messageOf, PlatformError } from '../base/errors.ts'
import { isAway } from '../base/world.ts'

/** An error as it is recorded: its own fields, and what it is called. */
export function textOfError(thrown: unknown): string {
  if (!(thrown instanceof Error)) return JSON.stringify({ name: 'Error', message: messageOf(thrown) })
  const { name, message, stack } = thrown
  const ours = thrown instanceof PlatformError ? { code: thrown.code, details: thrown.details } : {}
  const cause = thrown.cause === undefined ? {} : { cause: messageOf(thrown.cause) }
  const toCallers =
    thrown instanceof PlatformError && thrown.toCallers !== message ? { toCallers: thrown.toCallers } : {}
  const known = { name, message, ...ours, ...toCallers, ...cause, stack }
  try {
    return JSON.stringify(known)
  } catch {
    // Details that are no JSON are not worth the error that they belong to.
    return JSON.stringify({ ...known, details: undefined })
  }
}

/** A recorded error as it was thrown. */
export function reviveError(text: string): Error {
  const kept: unknown = JSON.parse(text)
  // An older weir kept some as plain text.
  if (typeof kept === 'string') return new Error(kept)
  const { name, message, code, details, toCallers, cause, stack } = kept as Record<string, unknown>
  const says = typeof message === 'string' ? message : text
  const revived =
    typeof code === 'string' && code in ERROR_CODES
      ? new PlatformError(code as ErrorCode, says, {
          details: { ...(details as Record<string, unknown>) },
          ...(typeof toCallers === 'string' ? { toCallers } : {}),
          cause,
        })
      : Object.assign(new Error(says), { name: typeof name === 'string' ? name : 'Error' })
  if (typeof stack === 'string') revived.stack = stack
  return revived
}

/** What may be told to whoever calls over HTTP. */
export function sayable(error: Error): string {
  return error instanceof PlatformError ? error.toCallers : error.message
}

/** Whether trying again can help: a broken connection or something not there yet, never a caller's fault or a bug. */
export function isTransient(thrown: unknown): boolean {
  return isAway(thrown)
}
