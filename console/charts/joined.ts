import type { CurveAnswer } from '../../src/wire/series.ts'

export type Joined = { x: number[]; lines: { name: string; values: (number | null | undefined)[] }[] }

/** How many points each of so many lines may have: a chart of 100 lines has no room for more. */
export function pointsFor(lines: number): number {
  return lines <= 10 ? 500 : lines <= 30 ? 250 : 100
}

/**
 * Curves over one axis, as the drawing of lines wants them. A line runs on over an x that is only another line's (undefined),
 * and is broken where a value is no number, or none that a logarithm has (null). Smoothing is the exponential mean.
 */
export function joined(
  curves: readonly CurveAnswer[],
  {
    nameOf,
    time,
    log,
    smooth,
  }: { nameOf: (curve: CurveAnswer) => string; time: boolean; log: boolean; smooth: number },
): Joined {
  const at = (x: number) => (time ? x / 1000 : x)
  const all = new Set<number>()
  for (const { x } of curves) for (const one of x) all.add(at(one))
  const x = [...all].sort((a, b) => a - b)
  const places = new Map(x.map((one, i) => [one, i]))
  const lines = curves.map((curve) => {
    const values: (number | null | undefined)[] = new Array(x.length).fill(undefined)
    smoothed(curve.values, smooth).forEach((value, i) => {
      values[places.get(at(curve.x[i]!))!] = value !== null && log && value <= 0 ? null : value
    })
    return { name: nameOf(curve), values }
  })
  return { x, lines }
}

/** Exponential mean, of which the beginning does not pull to zero; what is no number is left out of it and stays a gap. */
export function smoothed(values: readonly (number | string)[], share: number): (number | null)[] {
  let [mean, weight] = [0, 0]
  return values.map((value) => {
    if (typeof value !== 'number') return null
    if (share === 0) return value
    mean = share * mean + (1 - share) * value
    weight = share * weight + (1 - share)
    return mean / weight
  })
}
