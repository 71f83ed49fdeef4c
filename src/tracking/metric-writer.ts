import { createBatcher } from '../base/batcher.ts'
import type { Sql } from '../db/sql.ts'
import { insertFreshMetrics } from './queries/metrics.ts'
import { requireStage, type Stage } from './runs.ts'
import type { RunPoint } from './series.ts'

/** More points a statement gain nothing, and hold up those who wait. */
const POINTS_MAX = 2_000
const IN_FLIGHT_MAX = 2
/** So a few callers in turn do not each get a statement, and a commit, of their own: a tenth to a fifth more calls a second. */
const BESIDE_MIN = 4
/** A statement has a limit of its own, which is shorter by default; this is for one that is lost in between. */
const WRITE_MS_MAX = 120_000

/**
 * Writes metrics that come alone, without params or tags: callers that wait share a statement, and so its commit. Each
 * caller hears after that commit, and of its own run only: the points of a call, at least one, are of one run.
 */
export function createMetricWriter(sql: Sql): (points: readonly RunPoint[]) => Promise<void> {
  const write = createBatcher<RunPoint, Stage | undefined>(
    async (points) => {
      const stages = new Map((await insertFreshMetrics(sql, points)).map((run) => [run.runId, run.lifecycleStage]))
      return points.map((point) => stages.get(point.runId))
    },
    {
      maxKeys: POINTS_MAX,
      maxInFlight: IN_FLIGHT_MAX,
      besideMin: BESIDE_MIN,
      what: 'the database',
      limitMs: WRITE_MS_MAX,
    },
  )
  return async (points) => {
    const [stage] = await write(points)
    requireStage(points[0]!.runId, stage)
  }
}
