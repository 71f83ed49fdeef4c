import { dueBetween } from '../../base/due-times.ts'
import { COUNTED_MAX, ON_TIME_MS, type Rule } from './rule.ts'

/** What becomes of the due times of a stretch of time. */
export type Decided = {
  /** To be begun, in their order. */
  begin: number[]
  /** Whether they wait for each other, because some of them are late. */
  queued: boolean
  passed: Passed | null
}

/** Due times in a row that are left out. `more`: there were even more of them before. */
export type Passed = { firstMs: number; lastMs: number; count: number; more: boolean }

/**
 * Of the due times with decidedTo < due <= now: those on time are begun; of those that are late, with the ones on time, the newest
 * that the policy says. The rest is passed over, and is told as one.
 */
export function decideTimes(rule: Rule, decidedToMs: number, nowMs: number): Decided {
  if (rule.timing === null) return { begin: [], queued: false, passed: null }
  const due = dueBetween(rule.timing, decidedToMs, nowMs, COUNTED_MAX + 1)
  const more = due.length > COUNTED_MAX
  const onTime = due.filter((at) => at >= nowMs - ON_TIME_MS).length
  const kept = Math.max(rule.catchUpMost, onTime)
  const begin = kept === 0 ? [] : due.slice(-kept)
  return { begin, queued: begin.length > onTime, passed: passedOf(due.slice(0, due.length - begin.length), more) }
}

/** All due times of a stretch, left out for another reason. */
export function passedBetween(rule: Rule, afterMs: number, untilMs: number): Passed | null {
  if (rule.timing === null) return null
  const due = dueBetween(rule.timing, afterMs, untilMs, COUNTED_MAX + 1)
  return passedOf(due, due.length > COUNTED_MAX)
}

function passedOf(due: readonly number[], more: boolean): Passed | null {
  const [first] = due
  return first === undefined ? null : { firstMs: first, lastMs: due.at(-1)!, count: due.length, more }
}

/** The pause before the next attempt: twice as long each time, made shorter by up to a half at random. */
export function pauseMs({ firstMs, longestMs }: Rule['retries'], attempts: number, random: number): number {
  return Math.round(Math.min(longestMs, firstMs * 2 ** (attempts - 1)) * (1 - random / 2))
}
