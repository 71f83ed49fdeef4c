import { PlatformError } from '../base/errors.ts'
import { textOfError } from './errors.ts'
import type { End, Taken } from './queries/runs.ts'

/**
 * The longest that a run, and a step, may take. What is under way is asked to end by its signal, as by a cancel: a body that
 * does not hear it is waited for. The time of a run counts from its first step on, over all of its turns.
 */
export function limitTime({ flow, leftMs, timeoutMs }: Taken, cancel: AbortController) {
  let error: PlatformError | undefined
  const over = () => {
    if (cancel.signal.aborted) return
    error = tookTooLong(`this run of '${flow}'`, timeoutMs ?? 0)
    cancel.abort(error)
  }
  const timer = leftMs === null ? undefined : setTimeout(over, Math.min(Math.max(0, leftMs), TIMER_MS_MAX)).unref()
  return {
    over: () => error !== undefined,
    end: (): End | undefined => error && { state: 'failed', error: textOfError(error) },
    clear: () => clearTimeout(timer),
  }
}

export function stepLimit(name: string, timeoutMs: number | null): { signal: AbortSignal; clear(): void } {
  const limit = new AbortController()
  if (timeoutMs === null) return { signal: limit.signal, clear() {} }
  const over = () => limit.abort(tookTooLong(`step '${name}'`, timeoutMs))
  const timer = setTimeout(over, Math.min(timeoutMs, TIMER_MS_MAX)).unref()
  return { signal: limit.signal, clear: () => clearTimeout(timer) }
}

/** A longer one would ring at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

function tookTooLong(what: string, ms: number): PlatformError {
  const took = ms < 60_000 ? `${ms / 1_000} s` : `${Math.round(ms / 6_000) / 10} minutes`
  return new PlatformError('unavailable', `${what} took longer than ${took}, the timeout of its schedule; it was ended`)
}
