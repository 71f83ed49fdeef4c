/**
 * Thins a curve of any length to so many points, and keeps what an eye would miss: of each stretch of x its first and last
 * point, its least and its greatest value, and one that is no number (the M4 aggregation of Jugel et al. 2014, and NaN).
 *
 * Points come in any order and in any number of parts; each is looked at once. A stretch is as wide as a power of two and
 * begins at a multiple of it, so a growing curve keeps its points, stretches of several curves lie on top of each other, and
 * what was thinned can be thinned again to the same points as the whole would give.
 */

import { assert } from '../../base/assert.ts'

/** Columns of points: x as int64, little endian, and its values. */
export type Columns = { x: BigInt64Array; values: Float64Array }

export type Thinner = {
  /** How many points there were. */
  count(): number
  add(columns: Columns): void
  /** In the order of x, then of values; all of them where there are no more than `most`. */
  points(): Columns
}

/** First, last, least, greatest, and one that is no number. */
const ROLES = 5
const [FIRST, LAST, LEAST, GREATEST, NO_NUMBER] = [0, 1, 2, 3, 4]
export const POINTS_MIN = ROLES * 2

export function createThinner(most: number): Thinner {
  // With one stretch alone, points on both sides of 0 would never come together.
  assert(most >= POINTS_MIN, `a curve is thinned to ${POINTS_MIN} points or more`)
  const slots = Math.floor(most / ROLES)
  let kept = createSlots(slots)
  let width = 1
  /** The stretches between which all points lie, by their number: floor(x / width). */
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let seen = 0
  let head: Columns | undefined = { x: new BigInt64Array(most), values: new Float64Array(most) }

  function widen(): void {
    width *= 2
    const before = kept
    kept = createSlots(slots)
    low = Math.floor(low / 2)
    high = Math.floor(high / 2)
    for (let at = 0; at < before.values.length; at++) {
      if (before.there[at] !== 0) keep(before.halves[2 * at + 1]!, before.halves[2 * at]!, before.values[at]!)
    }
  }

  /** Of the stretch that x lies in; the stretches that are kept at a time follow each other, so no two share a slot. */
  function keep(upper: number, lower: number, value: number): void {
    const index = Math.floor((upper * 2 ** 32 + (lower >>> 0)) / width)
    offer(kept, (((index % slots) + slots) % slots) * ROLES, upper, lower, value)
  }

  return {
    count: () => seen,
    add({ x, values }) {
      const halves = new Int32Array(x.buffer, x.byteOffset, 2 * x.length)
      if (head && seen + x.length <= most) {
        head.x.set(x, seen)
        head.values.set(values, seen)
      } else head = undefined
      seen += x.length
      for (let i = 0; i < x.length; i++) {
        const [lower, upper] = [halves[2 * i]!, halves[2 * i + 1]!]
        const index = Math.floor((upper * 2 ** 32 + (lower >>> 0)) / width)
        if (index < low || index > high) {
          low = Math.min(low, index)
          high = Math.max(high, index)
          while (high - low >= slots) widen()
        }
        keep(upper, lower, values[i]!)
      }
    },
    points() {
      if (seen === 0) return { x: new BigInt64Array(0), values: new Float64Array(0) }
      return head ? sorted({ x: head.x.slice(0, seen), values: head.values.slice(0, seen) }) : gathered(kept)
    },
  }
}

/** Of each stretch the five places; `halves` has the lower half of x, then the upper one, as they lie in an int64. */
type Slots = { halves: Int32Array; values: Float64Array; there: Uint8Array }

function createSlots(slots: number): Slots {
  const places = slots * ROLES
  return { halves: new Int32Array(2 * places), values: new Float64Array(places), there: new Uint8Array(places) }
}

function offer(slots: Slots, at: number, upper: number, lower: number, value: number): void {
  const { there } = slots
  if (there[at + FIRST] === 0 || order(upper, lower, value, slots, at + FIRST) < 0)
    put(slots, at + FIRST, upper, lower, value)
  if (there[at + LAST] === 0 || order(upper, lower, value, slots, at + LAST) > 0)
    put(slots, at + LAST, upper, lower, value)
  // biome-ignore lint/suspicious/noSelfCompare: only NaN is not itself, and this is the innermost loop.
  if (value !== value) {
    if (there[at + NO_NUMBER] === 0 || order(upper, lower, value, slots, at + NO_NUMBER) < 0)
      put(slots, at + NO_NUMBER, upper, lower, value)
    return
  }
  if (there[at + LEAST] === 0 || isBefore(value, upper, lower, slots, at + LEAST, -1))
    put(slots, at + LEAST, upper, lower, value)
  if (there[at + GREATEST] === 0 || isBefore(value, upper, lower, slots, at + GREATEST, 1))
    put(slots, at + GREATEST, upper, lower, value)
}

function put({ halves, values, there }: Slots, at: number, upper: number, lower: number, value: number): void {
  halves[2 * at] = lower
  halves[2 * at + 1] = upper
  values[at] = value
  there[at] = 1
}

/** Whether a value is beyond the one that is there, or equal and at a smaller x. */
function isBefore(value: number, upper: number, lower: number, slots: Slots, at: number, sign: 1 | -1): boolean {
  const known = slots.values[at]!
  if (value !== known) return sign === 1 ? value > known : value < known
  return orderOfX(upper, lower, slots, at) < 0
}

/** By x, then by value, where NaN is greater than every number. */
function order(upper: number, lower: number, value: number, slots: Slots, at: number): number {
  return orderOfX(upper, lower, slots, at) || orderOfValues(value, slots.values[at]!)
}

function orderOfX(upper: number, lower: number, { halves }: Slots, at: number): number {
  return upper - halves[2 * at + 1]! || (lower >>> 0) - (halves[2 * at]! >>> 0)
}

function orderOfValues(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

/** What the stretches hold, each point once. */
function gathered({ halves, values, there }: Slots): Columns {
  const xs = new BigInt64Array(halves.buffer)
  const places = Array.from({ length: there.length }, (_, at) => at).filter((at) => there[at] !== 0)
  const all = sorted({
    x: BigInt64Array.from(places, (at) => xs[at]!),
    values: Float64Array.from(places, (at) => values[at]!),
  })
  const isNew = (i: number) => i === 0 || all.x[i] !== all.x[i - 1] || !Object.is(all.values[i], all.values[i - 1])
  const once = Array.from(all.x.keys()).filter(isNew)
  return { x: BigInt64Array.from(once, (i) => all.x[i]!), values: Float64Array.from(once, (i) => all.values[i]!) }
}

function sorted({ x, values }: Columns): Columns {
  const places = Array.from(x.keys()).sort((a, b) => {
    const [left, right] = [x[a]!, x[b]!]
    return left < right ? -1 : left > right ? 1 : orderOfValues(values[a]!, values[b]!)
  })
  return { x: BigInt64Array.from(places, (i) => x[i]!), values: Float64Array.from(places, (i) => values[i]!) }
}
