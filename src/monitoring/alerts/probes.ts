import type { Clock } from '../../base/clock.ts'
import { type Instant, instantOfMs, msOfInstant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { MeasuredOn } from '../measures.ts'
import type { Probe } from './readings.ts'

/** A server that told nothing for so long is not counted: three of its words, and some. */
const TOLD_MS = 40_000

export type ProbeDeps = {
  sql: Pick<Sql, 'query'>
  models: readonly string[]
  clock: Clock
  /** The views with what their live values describe. */
  views: () => Promise<readonly { view: string; materialized: boolean; validAt: Instant | null }[]>
  /** The sources with when they were last delivered. */
  sources: () => Promise<readonly { source: string; recordedAt: Instant | null }[]>
  /** Servers at which the promoted version of a model does not answer. */
  notLoaded: (model: string) => Promise<number>
  failedFlows: (since: Instant) => Promise<number>
  refusedDeliveries: (since: Instant) => Promise<number>
}

type Traffic = { model: string; all: number; refused: number; failed: number; p99: number | null }

/** What is made of the traffic that servers tell. */
export const TRAFFIC: Readonly<Record<string, (row: Traffic) => number | null>> = {
  'serving.error_share': ({ all, failed }) => (all > 0 ? failed / all : null),
  'serving.refused_share': ({ all, refused }) => (all > 0 ? refused / all : null),
  'serving.p99_ms': ({ p99 }) => p99,
  'serving.per_second': ({ all }) => all,
}

/** What is asked at each look, by metric. */
export function createProbes(deps: ProbeDeps): Record<string, Probe> {
  const { clock, models } = deps
  const ofTraffic = Object.entries(TRAFFIC).map(([metric, figure]): [string, Probe] => [
    metric,
    async () => (await trafficOf(deps)).map((row) => ({ on: { kind: 'model', name: row.model }, value: figure(row) })),
  ])
  const hoursSince = (moment: Instant) => (clock.nowMs() - msOfInstant(moment)) / 3_600_000
  const project = (value: number): { on: MeasuredOn; value: number }[] => [
    { on: { kind: 'project', name: 'project' }, value },
  ]
  return {
    ...Object.fromEntries(ofTraffic),
    'serving.not_loaded': async () =>
      Promise.all(models.map(async (name) => ({ on: { kind: 'model', name }, value: await deps.notLoaded(name) }))),
    'view.age_hours': async () =>
      (await deps.views())
        .filter(({ materialized, validAt }) => materialized && validAt !== null)
        .map(({ view, validAt }) => ({ on: { kind: 'view', name: view }, value: hoursSince(validAt!) })),
    'source.age_hours': async () =>
      (await deps.sources())
        .filter(({ recordedAt }) => recordedAt !== null)
        .map(({ source, recordedAt }) => ({ on: { kind: 'source', name: source }, value: hoursSince(recordedAt!) })),
    'flows.failed': async (sinceMs) => project(await deps.failedFlows(instantOfMs(sinceMs))),
    'deliveries.refused': async (sinceMs) => project(await deps.refusedDeliveries(instantOfMs(sinceMs))),
  }
}

/** All servers together; of a time, the slowest of them. A model that no server tells of has no row. */
function trafficOf({ sql, clock, models }: ProbeDeps): Promise<Traffic[]> {
  return sql.query<Traffic>(
    `select model, sum(per_second) as all, sum(refused_per_second) as refused, sum(failed_per_second) as failed, max(p99_ms) as p99
     from monitoring.traffic where at > $1 and model = any ($2::text[]) group by model order by model`,
    [instantOfMs(clock.nowMs() - TOLD_MS), models],
  )
}
