import { instantOfMs } from '../../base/instant.ts'
import type { AlertRule } from '../../config/alerts.ts'
import type { Sql } from '../../db/sql.ts'
import type { MeasuredOn } from '../measures.ts'

/** One figure that a rule looks at, with what it was before. */
export type Reading = {
  on: MeasuredOn
  part: string | null
  arm: string | null
  version: number | null
  value: number | null
  earlier: readonly number[]
}

/** Asks what is not recorded: of models, sources, views and the project as they are now; `sinceMs`: what counts. */
export type Probe = (sinceMs: number) => Promise<readonly { on: MeasuredOn; value: number | null }[]>

/** Each series of the metric of a rule: the newest figure within the window, as it is known now, and those before it. */
export async function recordedReadings(sql: Pick<Sql, 'query'>, rule: AlertRule, nowMs: number): Promise<Reading[]> {
  const { metric, of, part, arm, condition, windowMs } = rule
  const periods = condition.kind === 'history' ? condition.periods : 0
  return sql.query<Reading>(
    `with known as (
       select distinct on (on_kind, on_name, part, arm, at) on_kind, on_name, part, arm, version, at, value, recorded_at
       from monitoring.measure
       where metric = $1 and ($2::text is null or (on_kind = $2 and on_name = $3)) and ($4::text is null or part = $4)
         and ($5::text is null or arm = $5)
       order by on_kind, on_name, part, arm, at desc, id desc
     ), numbered as (
       select *, row_number() over (partition by on_kind, on_name, part, arm order by at desc) as nth from known
     )
     select json_build_object('kind', on_kind, 'name', on_name) as on, part, arm,
       max(version) filter (where nth = 1) as version, max(value) filter (where nth = 1) as value,
       coalesce(json_agg(value order by nth) filter (where nth > 1 and nth <= $6 + 1 and value is not null), '[]') as earlier
     from numbered group by on_kind, on_name, part, arm
     having max(recorded_at) filter (where nth = 1) > $7::timestamptz
     order by on_kind, on_name, part, arm limit ${SERIES_MAX}`,
    [metric, of?.kind ?? null, of?.name ?? null, part, arm, periods, instantOfMs(nowMs - windowMs)],
  )
}

/** The same of what is asked now. */
export async function probedReadings(probe: Probe, { of, windowMs }: AlertRule, nowMs: number): Promise<Reading[]> {
  const found = await probe(nowMs - windowMs)
  return found
    .filter(({ on }) => of === null || (on.kind === of.kind && on.name === of.name))
    .map(({ on, value }) => ({ on, part: null, arm: null, version: null, value, earlier: [] }))
}

/** Series that one rule looks at. */
const SERIES_MAX = 10_000

export function seriesOf({ on, part, arm }: Pick<Reading, 'on' | 'part' | 'arm'>): string {
  return JSON.stringify([on.kind, on.name, part, arm])
}
