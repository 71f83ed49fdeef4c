import { preparedShape } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'

/** What a curve is drawn over. */
export type By = 'step' | 'time'

/** A curve that was asked for; `packed` where it was thinned before, and nothing came since. */
export type Found = {
  seriesId: number
  runId: string
  key: string
  revision: number
  points: number | null
  packed: Buffer | null
}

/** The curves that there are, with the revision of their runs: what is read after it is of that revision or a later one. */
export function selectCurves(
  sql: Sql,
  { runIds, keys, by }: { runIds: readonly string[]; keys: readonly string[]; by: By },
): Promise<Found[]> {
  return preparedShape<Found>(
    sql,
    `with asked as (
       select r.run_id, r.revision + coalesce((select sum(w.writes) from tracking.run_writes w where w.run_id = r.run_id), 0)::bigint
         as revision
       from tracking.run r where r.run_id = any($1::text[])
     )
     select s.series_id as "seriesId", s.run_id as "runId", s.key, a.revision, t.points, t.packed
     from asked a join tracking.series s using (run_id)
     left join tracking.thinned t on t.series_id = s.series_id and t.by_time = $3 and t.revision = a.revision
     where s.key = any($2::text[])`,
    [runIds, keys, by === 'time'],
  )
}

export function countPoints(sql: Sql, seriesIds: readonly number[]): Promise<{ seriesId: number; points: number }[]> {
  return preparedShape(
    sql,
    `select series_id as "seriesId", count(*) as points from tracking.point where series_id = any($1::bigint[]) group by series_id`,
    [seriesIds],
  )
}

export type Read = { seriesId: number; x: Buffer; values: Buffer }

const COLUMN = { step: 'step', time: 'timestamp_ms' } as const

/** All points of a few curves, in any order: those of one run lie beside each other, so they are read together. */
export function selectPoints(sql: Sql, seriesIds: readonly number[], by: By): Promise<Read[]> {
  return preparedShape<Read>(
    sql,
    `select series_id as "seriesId", string_agg(int8send(${COLUMN[by]}), '') as x, string_agg(float8send(value), '') as values
     from tracking.point where series_id = any($1::bigint[]) group by series_id`,
    [seriesIds],
  )
}

export type Place = { timestampMs: number; step: number | bigint; value: number }

/** So many points of one curve behind a place in the order of the index, and the place where they end. */
export async function selectPointsAfter(
  sql: Sql,
  { seriesId, by, after, limit }: { seriesId: number; by: By; after: Place | undefined; limit: number },
): Promise<(Omit<Read, 'seriesId'> & { end: Place | null }) | undefined> {
  const behind = after ? 'and (timestamp_ms, step, value) > ($3::bigint, $4::bigint, $5::double precision)' : ''
  const rows = await preparedShape<Omit<Read, 'seriesId'> & Place & { points: number }>(
    sql,
    `with part as materialized (
       select timestamp_ms, step, value from tracking.point where series_id = $1 ${behind}
       order by timestamp_ms, step, value limit $2::bigint
     ), last as (select * from part order by timestamp_ms desc, step desc, value desc limit 1)
     select p.*, last.timestamp_ms as "timestampMs", last.step, last.value from last, (
       select count(*) as points, string_agg(int8send(${COLUMN[by]}), '') as x, string_agg(float8send(value), '') as values from part
     ) p`,
    [seriesId, limit, ...(after ? [after.timestampMs, after.step, after.value] : [])],
  )
  const [row] = rows
  if (!row) return undefined
  const { x, values, points, timestampMs, step, value } = row
  return { x, values, end: points < limit ? null : { timestampMs, step, value } }
}

/** Takes what another server wrote meanwhile of a later revision; a curve that is gone is left out. */
export async function upsertThinned(
  sql: Sql,
  by: By,
  rows: readonly { seriesId: number; revision: number; points: number; packed: Buffer }[],
): Promise<void> {
  await preparedShape(
    sql,
    `insert into tracking.thinned as t (series_id, by_time, revision, points, packed)
     select s.series_id, $1, g.revision, g.points, g.packed
     from unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[]) as g (series_id, revision, points, packed)
     join tracking.series s using (series_id) order by s.series_id for key share of s
     on conflict (series_id, by_time) do update
     set revision = excluded.revision, points = excluded.points, packed = excluded.packed
     where excluded.revision >= t.revision`,
    [
      by === 'time',
      ...(['seriesId', 'revision', 'points', 'packed'] as const).map((name) => rows.map((row) => row[name])),
    ],
  )
}
