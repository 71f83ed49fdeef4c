import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import { namesParent } from './parent.ts'

export type Extremes = { key: string; points: number; least: number | null; greatest: number | null }

/** Of each metric of a run: how many values it has, and the ends of those that are numbers. */
export function selectExtremes(sql: Sql, runId: string): Promise<Extremes[]> {
  return preparedShape<Extremes>(
    sql,
    `select s.key, count(*) as points, min(nullif(p.value, 'NaN')) as least, max(nullif(p.value, 'NaN')) as greatest
     from tracking.series s join tracking.point p using (series_id) where s.run_id = $1 group by s.key`,
    [runId],
  )
}

export type OtherRun = { id: string; name: string; status: string; startMs: number }

const OTHER = 'r.run_id as id, r.name, r.status, r.start_ms as "startMs"'

/** The newest runs that say that this one is their parent, and how many there are. */
export async function selectChildren(
  sql: Sql,
  { runId, experimentId, limit }: { runId: string; experimentId: string; limit: number },
): Promise<{ children: OtherRun[]; inAll: number }> {
  const rows = await preparedShape<OtherRun & { inAll: number }>(
    sql,
    `select ${OTHER}, count(*) over () as "inAll" from tracking.tag t join tracking.run r using (run_id)
     where ${namesParent('$1')} and r.experiment_id = $2::bigint and r.lifecycle_stage = 'active'
     order by r.start_ms desc, r.run_id limit $3::bigint`,
    [runId, experimentId, limit],
  )
  return { children: rows.map(({ inAll: _, ...run }) => run), inAll: rows[0]?.inAll ?? 0 }
}

export async function selectOther(sql: Sql, runId: string): Promise<OtherRun | undefined> {
  const rows = await preparedShape<OtherRun>(sql, `select ${OTHER} from tracking.run r where r.run_id = $1`, [runId])
  return rows[0]
}

export function selectModelNames(
  sql: Sql,
  modelIds: readonly string[],
): Promise<{ id: string; name: string; status: string }[]> {
  return preparedShape(
    sql,
    'select model_id as id, name, status from tracking.logged_model where model_id = any($1::text[]) order by name, model_id',
    [modelIds],
  )
}
