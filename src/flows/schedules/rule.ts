import type { Timing } from '../../base/due-times.ts'

/** One schedule, as the project says it: what begins, when, and what becomes of it where that cannot be. */
export type Rule = {
  name: string
  flow: string
  /** Texts in it may have terms (base/terms.ts). */
  input: Record<string, unknown>
  zone: string
  timing: Timing | null
  on: Waits
  /** What a new one does while the one before is under way. */
  overlap: 'skip' | 'queue' | 'cancel'
  /** How many of the due times that passed while nobody was there are done, the newest. */
  catchUpMost: number
  retries: { times: number; firstMs: number; longestMs: number }
  timeoutMs: number | null
  stepTimeoutMs: number | null
  concurrency: { name: string; most: number } | null
}

/** The triggers that it waits for: any of them. `delivered`: all of these sources, of one moment. */
export type Waits = {
  delivered: readonly string[] | null
  withdrawn: readonly string[] | null
  labels: string | null
  drift: string | null
}

/** Due times that passed for longer than this were missed; a change of the leader takes less. */
export const ON_TIME_MS = 60_000
/** More than so many missed due times are not counted. */
export const COUNTED_MAX = 1_000
/** So many ticks of one schedule wait at most. */
export const QUEUE_MAX = 100
export const BACKFILL_MAX = 1_000
