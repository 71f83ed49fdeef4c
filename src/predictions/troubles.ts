import { messageOf, PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { isAway } from '../base/world.ts'

/** Why the log does not have an answer. */
export type LostWhy = 'full' | 'unwritable' | 'stopped'

const SAYS: Record<LostWhy, string> = {
  full: 'more came than the database took, or it is away; what waits in memory is written when it is back',
  unwritable: 'the table does not take them, which should not be; the others were written',
  stopped: 'this process ends, and the database did not take them in time',
}

const TELL_EVERY_MS = 10_000

/** Says what goes wrong, now and then. The words of the database may name a value: its code alone is told. */
export function createTroubles(log: Log) {
  let lost = 0
  let toldMs = Number.NEGATIVE_INFINITY
  let toldCode: string | undefined
  return {
    lost(rows: number, why: LostWhy): void {
      lost += rows
      if (why !== 'stopped' && performance.now() - toldMs < TELL_EVERY_MS) return
      log.warn({ rows: lost, why }, `prediction log: ${lost} answers were not kept: ${SAYS[why]}`)
      lost = 0
      toldMs = performance.now()
    },
    /** Once, until it is over. That it is away the database tells itself. */
    trouble(error: unknown): void {
      const code = codeOf(error)
      if (isAway(error) || code === toldCode) return
      toldCode = code
      log.warn({ code }, 'prediction log: answers cannot be written; they wait in memory, and it is tried again')
    },
    over(): void {
      toldCode = undefined
    },
  }
}

/** Whether the rows themselves cannot be written; anything else may be over the next time. */
export function isOfRows(error: unknown): boolean {
  if (isAway(error)) return false
  const code = codeOf(error)
  return code === 'none' || /^(22|23|54)/.test(code)
}

/** For a caller whose answer had to be recorded first. */
export function unrecorded(error: unknown): PlatformError {
  const says =
    'the prediction was made and could not be recorded, so it is not given (the log of this model is durable)'
  const toCallers = `${says}; ask again`
  return new PlatformError('unavailable', `${says}: ${messageOf(error)}`, { toCallers, cause: error })
}

/** The code of PostgreSQL, wherever in the chain it is. */
function codeOf(error: unknown): string {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code
  }
  return 'none'
}
