import { PlatformError } from './errors.ts'

/**
 * The answer of another process, or `unavailable` once it has had `ms`: nothing that we ask may keep us for ever.
 * `what` is the subject of the sentence: "the database", "Redis at HOST:PORT". `call` is given a signal that aborts at
 * the limit and when the caller's own signal does; its late answer or error is dropped.
 */
export async function withinMs<T>(
  what: string,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
  caller?: AbortSignal,
): Promise<T> {
  caller?.throwIfAborted()
  const giveUp = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let onAbort: (() => void) | undefined
  const ended = new Promise<never>((_, reject) => {
    const end = (why: unknown) => {
      reject(why)
      giveUp.abort(why)
    }
    timer = setTimeout(() => end(silent(what, ms)), ms)
    onAbort = () => end(caller?.reason)
    caller?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([call(giveUp.signal), ended])
  } finally {
    clearTimeout(timer)
    if (onAbort) caller?.removeEventListener('abort', onAbort)
  }
}

/** The same for an answer that is on its way and cannot be called off: where every call counts, for it makes no signal. */
export function answerWithinMs<T>(what: string, ms: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(silent(what, ms)), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

function silent(what: string, ms: number): PlatformError {
  const long = ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
  return new PlatformError('unavailable', `${what} did not answer within ${long}`, { details: { afterMs: ms } })
}
