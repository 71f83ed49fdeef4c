import type { MetricPoint } from './queries/runs.ts'

export type RunPoint = MetricPoint & { runId: string }

/** The points of one metric of one run: the latest of them, and the least and greatest value; NaN where all are. */
export type Series = { runId: string; key: string; latest: RunPoint; least: number; greatest: number }

/** The series of some points, and for each point the place of its own, from 1 on. */
export function seriesOf(points: readonly RunPoint[]): { series: Series[]; places: number[] } {
  const runs = new Map<string, Map<string, number>>()
  const series: Series[] = []
  const places = points.map((point) => {
    const { runId, key, value } = point
    const keys = runs.get(runId) ?? new Map<string, number>()
    if (keys.size === 0) runs.set(runId, keys)
    const place = keys.get(key)
    if (place === undefined) {
      keys.set(key, series.push({ runId, key, latest: point, least: value, greatest: value }))
      return series.length
    }
    const known = series[place - 1]!
    if (isLater(point, known.latest)) known.latest = point
    if (value < known.least || Number.isNaN(known.least)) known.least = value
    if (value > known.greatest || Number.isNaN(known.greatest)) known.greatest = value
    return place
  })
  return { series, places }
}

/** By (step, timestamp, value), where NaN is greater than every number, as PostgreSQL compares them too. */
function isLater(a: RunPoint, b: RunPoint): boolean {
  if (a.step !== b.step) return a.step > b.step
  if (a.timestampMs !== b.timestampMs) return a.timestampMs > b.timestampMs
  return a.value > b.value || (Number.isNaN(a.value) && !Number.isNaN(b.value))
}
