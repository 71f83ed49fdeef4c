import { FIRST_INSTANT, type Instant, LAST_INSTANT, nextInstant, previousInstant } from '../../base/instant.ts'

/**
 * What of a view of changes has been brought online. Deliveries come in an order (`seq`) and their rows have event
 * times, so the record is a function: for each event time the delivery up to which all rows of that time were brought.
 * It is kept as stretches of event time, in order and apart; between two of them nothing was brought. A call without
 * bounds leaves one stretch, so the list grows only with windows that leave something out.
 */
export type Coverage = readonly Stretch[]

/** Both ends belong to it. */
export type Window = { from: Instant; to: Instant }

export type Stretch = Window & { seq: number }

export const ALL_TIME: Window = { from: FIRST_INSTANT, to: LAST_INSTANT }

/** More are joined, by claiming less: what is brought again changes nothing, what is never brought would be lost. */
export const STRETCHES_MAX = 100

/** A window as stretches without a gap; where nothing was brought `seq` is 0. */
export function stretchesIn(coverage: Coverage, window: Window): Stretch[] {
  const found: Stretch[] = []
  let from = window.from
  for (const stretch of coverage) {
    if (stretch.to < from) continue
    if (stretch.from > window.to) break
    if (stretch.from > from) found.push({ from, to: previousInstant(stretch.from), seq: 0 })
    const piece = { from: later(from, stretch.from), to: earlier(window.to, stretch.to), seq: stretch.seq }
    found.push(piece)
    if (piece.to === window.to) return found
    from = nextInstant(piece.to)
  }
  found.push({ from, to: window.to, seq: 0 })
  return found
}

/** The delivery up to which everything in the window was brought: 0 where some of it never was. */
export function broughtUpTo(coverage: Coverage, window: Window): number {
  return Math.min(...stretchesIn(coverage, window).map((stretch) => stretch.seq))
}

/** Whether anything later than the window was brought. */
export function reachesBeyond(coverage: Coverage, window: Window): boolean {
  return (coverage.at(-1)?.to ?? window.to) > window.to
}

/** Afterwards all rows of the deliveries up to `seq` in the window count as brought. */
export function withBrought(coverage: Coverage, window: Window, seq: number): Coverage {
  const inside = stretchesIn(coverage, window).map((stretch) => ({ ...stretch, seq: Math.max(stretch.seq, seq) }))
  const before = stretchesIn(coverage, { from: FIRST_INSTANT, to: previousInstant(window.from) })
  const after = stretchesIn(coverage, { from: nextInstant(window.to), to: LAST_INSTANT })
  return bounded(
    joined([...(window.from === FIRST_INSTANT ? [] : before), ...inside, ...(window.to === LAST_INSTANT ? [] : after)]),
  )
}

/** Neighbours of one `seq` become one stretch; what was never brought is left out. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = []
  for (const stretch of stretches) {
    const last = found.at(-1)
    if (last && last.seq === stretch.seq && touch(last, stretch)) last.to = stretch.to
    else if (stretch.seq > 0) found.push({ ...stretch })
  }
  return found
}

/** The oldest two become one, with the lesser `seq`; where they lie apart the older is forgotten. */
function bounded(stretches: Stretch[]): Stretch[] {
  while (stretches.length > STRETCHES_MAX) {
    const [first, second] = stretches as [Stretch, Stretch]
    const one = touch(first, second) ? { ...second, from: first.from, seq: Math.min(first.seq, second.seq) } : second
    stretches.splice(0, 2, one)
  }
  return joined(stretches)
}

function touch(a: Stretch, b: Stretch): boolean {
  return nextInstant(a.to) === b.from
}

function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b
}

function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b
}
