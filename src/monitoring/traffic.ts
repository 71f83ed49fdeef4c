/**
 * What each model was asked for in the last minute by this server: requests, refusals, and the time that 99 of 100 took at
 * most. A ring of seconds with counts by width of time; nothing is kept longer, and nothing grows.
 */
export type Traffic = {
  /** `refused`: it was no answer; `broken`: for a reason of ours. */
  note(model: string, ms: number, refused: boolean, broken?: boolean): void
  /** Over the whole seconds of the last minute; `p99Ms` null where nobody asked. */
  of(model: string): { perSecond: number; failedPerSecond: number; brokenPerSecond: number; p99Ms: number | null }
}

const SECONDS = 60
/** Widths of time: each a quarter more than the one before, from 0.1 ms to about 200 s. */
const GROWTH = 1.25
const LEAST_MS = 0.1
const WIDTHS = 66

type Ring = { second: Float64Array; failed: Uint32Array; broken: Uint32Array; counts: Uint32Array }

export function createTraffic(nowMs: () => number): Traffic {
  const rings = new Map<string, Ring>()
  return {
    note(model, ms, failed, broken = false) {
      const now = Math.floor(nowMs() / 1000)
      const ring = rings.get(model) ?? newRing()
      rings.set(model, ring)
      const at = now % (SECONDS + 1)
      if (ring.second[at] !== now) {
        ring.second[at] = now
        ring.failed[at] = 0
        ring.broken[at] = 0
        ring.counts.fill(0, at * WIDTHS, (at + 1) * WIDTHS)
      }
      const place = at * WIDTHS + widthOf(ms)
      ring.counts[place] = ring.counts[place]! + 1
      if (failed) ring.failed[at] = ring.failed[at]! + 1
      if (broken) ring.broken[at] = ring.broken[at]! + 1
    },
    of(model) {
      const ring = rings.get(model)
      if (ring === undefined) return { perSecond: 0, failedPerSecond: 0, brokenPerSecond: 0, p99Ms: null }
      const now = Math.floor(nowMs() / 1000)
      const sums = new Float64Array(WIDTHS)
      let [all, failed, broken] = [0, 0, 0]
      for (let at = 0; at <= SECONDS; at++) {
        // The second that runs is not whole yet.
        const age = now - ring.second[at]!
        if (age < 1 || age > SECONDS) continue
        failed += ring.failed[at]!
        broken += ring.broken[at]!
        for (let width = 0; width < WIDTHS; width++) {
          const count = ring.counts[at * WIDTHS + width]!
          sums[width] = sums[width]! + count
          all += count
        }
      }
      const p99Ms = quantile(sums, all, 0.99)
      return { perSecond: all / SECONDS, failedPerSecond: failed / SECONDS, brokenPerSecond: broken / SECONDS, p99Ms }
    },
  }
}

function newRing(): Ring {
  return {
    second: new Float64Array(SECONDS + 1).fill(-1),
    failed: new Uint32Array(SECONDS + 1),
    broken: new Uint32Array(SECONDS + 1),
    counts: new Uint32Array((SECONDS + 1) * WIDTHS),
  }
}

function widthOf(ms: number): number {
  const width = Math.ceil(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / Math.log(GROWTH))
  return Math.min(width, WIDTHS - 1)
}

/** The upper end of the width in which the quantile lies: never less than the true one, a quarter more at most. */
function quantile(sums: Float64Array, all: number, share: number): number | null {
  if (all === 0) return null
  let seen = 0
  for (let width = 0; width < WIDTHS; width++) {
    seen += sums[width]!
    if (seen >= share * all) return LEAST_MS * GROWTH ** width
  }
  return LEAST_MS * GROWTH ** (WIDTHS - 1)
}
