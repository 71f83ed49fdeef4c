import { ERROR_CODES, type ErrorCode, PlatformError } from '../base/errors.ts'
import { isAway } from '../base/world.ts'

/** A recorded error comes back as a plain Error with our fields: makes it the PlatformError that was thrown. */
export function reviveError(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof PlatformError || thrown.name !== 'PlatformError') return thrown
  const { code, details, cause } = thrown as Error & { code?: string; details?: Record<string, unknown> }
  if (code === undefined || !(code in ERROR_CODES)) return thrown
  const revived = new PlatformError(code as ErrorCode, thrown.message, { details: { ...details }, cause })
  if (thrown.stack) revived.stack = thrown.stack
  return revived
}

/** Whether trying again can help: a broken connection or something not there yet, never a caller's fault or a bug. */
export function isTransient(thrown: unknown): boolean {
  return isAway(thrown)
}
