/**
 * Which predictions are worked on now, which wait for a turn, and which are told to come later.
 *
 * Invariants:
 * - No more is worked on at once than keeps the machine busy; what waits is bounded by what is done in WAIT_MS, as measured.
 * - A burst waits; an overload that lasts is refused until little waits, so that what is admitted is answered as if there were
 *   no overload. So few connections as may be worked on at once are never refused.
 * - Whoever waits or is worked on longer than the deadline is refused.
 * - A batch counts by its rows.
 * - A model, or a caller, that asks for much takes no turn from another that asks for little.
 */
import { createFairQueue, type Waiting } from './fair-queue.ts'

export type Ask = {
  model: string
  /** Who asks, as far as is known. */
  caller: string
  rows: number
  deadlineMs: number
  /** The connection, or whatever stands for it. */
  from: object
}

/** `full`: more than can be done soon. `late`: it took longer than the deadline. */
export type Refusal = 'full' | 'late'

export type Ticket = Waiting & {
  readonly askedMs: number
  readonly endsMs: number
  state: 'waiting' | 'working' | 'over'
  /** Called once: its turn has come, or it is refused. */
  told: (refusal?: Refusal) => void
  /** Called when the deadline passes while it is worked on. */
  late: (() => void) | undefined
}

export type AdmissionEvents = {
  refused?(model: string, why: Refusal): void
  /** How long it waited for its turn. */
  waited?(model: string, ms: number): void
  /** Told when an overload begins and when it is over. */
  overloaded?(now: boolean): void
}

export type AdmissionState = { working: number; waiting: number; overloaded: boolean; perSecond: number | null }

/** As much at once as a usual load has connections: shared reads of features gain nothing more. */
export const AT_ONCE = 64
/** During an overload: what is done in that time, so that little waits. */
const BRIEF_MS = 5
const BRIEF_MIN = 8
const BRIEF_MAX = 32
/** What waits otherwise. */
const WAIT_MS = 25
const WAITING_MAX = 1_024
/** A row of a batch costs about this share of a request of its own. */
const ROWS_A_WEIGHT = 8

export const LOOK_MS = 50
/** Looks over which an overload is judged. */
const LOOKS = 10
/** Newer looks count for so much in the measured capacity. */
const NEWER = 0.2

export type Admission = ReturnType<typeof createAdmission>

export function createAdmission(nowMs: () => number = () => performance.now(), events: AdmissionEvents = {}) {
  const queue = createFairQueue<Ticket>()
  const working = new Set<Ticket>()
  let workingWeight = 0
  let overloaded = false
  /** Weight a millisecond, while there was always somebody waiting; undefined before that was so. */
  let capacity: number | undefined
  const seen = { done: 0, refused: false, refusedBefore: false, looks: 0, refusals: 0, busy: false, atMs: nowMs() }
  let askers = new Set<object>()

  const during = (ms: number, least: number, most: number) =>
    Math.min(Math.max(Math.ceil((capacity ?? 0) * ms), least), most)
  const atOnce = () => (overloaded ? during(BRIEF_MS, BRIEF_MIN, BRIEF_MAX) : AT_ONCE)
  const waitingMax = () => (overloaded ? atOnce() : during(WAIT_MS, AT_ONCE, WAITING_MAX))

  /** Asks for a turn. `told` may be called before this returns. */
  function ask({ model, caller, rows, deadlineMs, from }: Ask, told: Ticket['told']): Ticket {
    const askedMs = nowMs()
    const weight = weightOf(rows)
    const ticket: Ticket = {
      ...{ model, caller, weight, askedMs, endsMs: askedMs + deadlineMs },
      ...{ state: 'waiting', told, late: undefined },
    }
    if (overloaded) askers.add(from)
    if (queue.count === 0 && workingWeight < atOnce()) begin(ticket)
    else if (hasPlace(weight)) queue.push(ticket)
    else {
      const evicted = queue.evictFor(ticket)
      if (evicted) {
        queue.push(ticket)
        refuse(evicted, 'full')
      } else refuse(ticket, 'full')
    }
    return ticket
  }

  function hasPlace(weight: number): boolean {
    if (!overloaded && working.size + queue.count < AT_ONCE) return true
    return queue.weight + weight <= waitingMax()
  }

  function begin(ticket: Ticket): void {
    ticket.state = 'working'
    working.add(ticket)
    workingWeight += ticket.weight
    events.waited?.(ticket.model, nowMs() - ticket.askedMs)
    ticket.told()
  }

  function refuse(ticket: Ticket, why: Refusal): void {
    ticket.state = 'over'
    seen.refused = true
    seen.refusals++
    events.refused?.(ticket.model, why)
    ticket.told(why)
  }

  function beginNext(): void {
    while (queue.count > 0 && workingWeight < atOnce()) begin(queue.shift()!)
  }

  /** It was answered, or its caller is gone. */
  function leave(ticket: Ticket): void {
    if (ticket.state === 'waiting') queue.remove(ticket)
    if (ticket.state === 'working') {
      working.delete(ticket)
      workingWeight -= ticket.weight
      seen.done += ticket.weight
    }
    ticket.state = 'over'
    beginNext()
  }

  /** How many rows it has is known once its body was read. */
  function weigh(ticket: Ticket, rows: number): void {
    const weight = weightOf(rows)
    if (ticket.state === 'working') workingWeight += weight - ticket.weight
    if (ticket.state !== 'waiting') ticket.weight = weight
  }

  /** Ends those that are late, measures, and judges whether this is an overload. */
  function look(): void {
    const now = nowMs()
    for (const ticket of queue.all()) {
      if (ticket.endsMs > now) continue
      queue.remove(ticket)
      refuse(ticket, 'late')
    }
    for (const ticket of working) {
      if (ticket.endsMs > now || ticket.late === undefined) continue
      const { late } = ticket
      ticket.late = undefined
      seen.refusals++
      events.refused?.(ticket.model, 'late')
      late()
    }
    measure(now)
    judge()
    beginNext()
  }

  function measure(now: number): void {
    const [passed, isBusy] = [now - seen.atMs, queue.count > 0]
    if (seen.busy && isBusy && passed > 0) {
      const found = seen.done / passed
      capacity = capacity === undefined ? found : capacity + NEWER * (found - capacity)
    }
    Object.assign(seen, { busy: isBusy, atMs: now, done: 0 })
  }

  function judge(): void {
    if (!overloaded && seen.refused && seen.refusedBefore) turn(true)
    else if (overloaded && ++seen.looks >= LOOKS) {
      // So few can all be worked on at once.
      if (askers.size <= AT_ONCE || seen.refusals === 0) turn(false)
      Object.assign(seen, { looks: 0, refusals: 0 })
      askers = new Set()
    }
    seen.refusedBefore = seen.refused
    seen.refused = false
  }

  function turn(to: boolean): void {
    overloaded = to
    Object.assign(seen, { looks: 0, refusals: 0 })
    askers = new Set()
    events.overloaded?.(to)
  }

  return {
    ask,
    leave,
    weigh,
    look,
    state: (): AdmissionState => ({
      ...{ working: working.size, waiting: queue.count, overloaded },
      perSecond: capacity === undefined ? null : capacity * 1000,
    }),
  }
}

export function weightOf(rows: number): number {
  return 1 + Math.max(0, rows - 1) / ROWS_A_WEIGHT
}
