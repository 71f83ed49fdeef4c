import { Cron } from 'croner'

/**
 * When something is due: by a rule of five parts in a time zone, or at every multiple of a length of time since 1970.
 *
 * Where clocks are put forward, a rule with fixed hours is due at the first moment after the hour that is left out; where they
 * are put back, at the first of the two equal times alone. A rule for every hour is due at both. Lengths of time know no
 * clocks: `every: '1d'` is 24 hours.
 */
export type Timing = { cron: string; zone: string } | { everyMs: number }

/** The first due time after a moment; undefined where there is none any more. */
export function nextDue(timing: Timing, afterMs: number): number | undefined {
  if ('everyMs' in timing) return (Math.floor(afterMs / timing.everyMs) + 1) * timing.everyMs
  const rule = ruleOf(timing)
  const { known } = rule
  if (known && known.afterMs <= afterMs && (known.next === undefined || afterMs < known.next)) return known.next
  const next = rule.cron.nextRun(new Date(afterMs))?.getTime()
  rule.known = { afterMs, next }
  return next
}

/** The first `most` due times after a moment, in their order. */
export function dueAfter(timing: Timing, afterMs: number, most: number): number[] {
  const found: number[] = []
  for (let at = nextDue(timing, afterMs); at !== undefined && found.length < most; at = nextDue(timing, at)) {
    found.push(at)
  }
  return found
}

/** The last `most` due times with `afterMs` < due <= `untilMs`, in their order. Takes no longer than those that it finds. */
export function dueBetween(timing: Timing, afterMs: number, untilMs: number, most: number): number[] {
  const first = nextDue(timing, afterMs)
  if (first === undefined || first > untilMs) return []
  const found: number[] = []
  for (let at = lastBefore(timing, untilMs + 1); at !== undefined && at > afterMs; at = lastBefore(timing, at)) {
    if (found.length === most) break
    found.push(at)
  }
  return found.reverse()
}

function lastBefore(timing: Timing, beforeMs: number): number | undefined {
  if ('everyMs' in timing) return (Math.ceil(beforeMs / timing.everyMs) - 1) * timing.everyMs
  // It looks at whole seconds.
  return ruleOf(timing)
    .cron.previousRuns(1, new Date(Math.ceil(beforeMs / 1000) * 1000))[0]
    ?.getTime()
}

/** What is wrong with a rule, in words; undefined where it is one and is due some day. */
export function faultOfCron(cron: string, zone: string): string | undefined {
  try {
    if (new Cron(cron, { ...OPTIONS, timezone: zone }).nextRun(new Date(0)) !== null) return undefined
    return 'it is never due: there is no such day'
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error)
    return `${says.replace(/^Cron[A-Za-z]*: /, '')}; write minute, hour, day, month and weekday, like '0 6 2 * *'`
  }
}

/** Nothing is begun by it: it only counts. */
const OPTIONS = { paused: true, mode: '5-part' } as const

type Kept = { cron: Cron; known?: { afterMs: number; next: number | undefined } }
const rules = new Map<string, Kept>()

/** To read a rule takes longer than to ask it, and to ask it (0.2 ms, more where it is due once a year) than to remember. */
function ruleOf({ cron, zone }: { cron: string; zone: string }): Kept {
  const key = `${zone} ${cron}`
  let rule = rules.get(key)
  if (!rule) {
    if (rules.size >= RULES_KEPT) rules.clear()
    rule = { cron: new Cron(cron, { ...OPTIONS, timezone: zone }) }
    rules.set(key, rule)
  }
  return rule
}

const RULES_KEPT = 10_000
