import type { Instant } from '../../base/instant.ts'
import type { Line } from '../../base/lines.ts'
import type { Sql } from '../../db/sql.ts'

type Query = Pick<Sql, 'query'>

/** Of one run, the first and the last so many are kept. */
export const FIRST_KEPT = 1_000
export const LAST_KEPT = 4_000
/** Lines are removed when there are so many more. */
const SLACK = 500

export type SaidLine = Line & { at: Instant; step: number | null }

/**
 * Writes lines behind those that are there, in their order; gives the number of the last, or undefined where the run is not
 * there, or no longer of that turn (`turn` left out: whoever's it is).
 */
export async function appendLines(
  sql: Query,
  runId: string,
  lines: readonly SaidLine[],
  turn?: number,
): Promise<number | undefined> {
  const rows = await sql.query<{ last: number }>(
    // The counter's row is locked by its update: two writers never give the same number, and a later one is seen later.
    `with counted as (
       update flows.run set lines = lines + $3 where id = $1 and ($4::int is null or turn = $4) returning id, lines
     ), made as (
       insert into flows.line (run_id, number, at, step, level, text)
       select counted.id, counted.lines - $3 + said.place, said.at, said.step, said.level, said.text
       from counted, unnest($2::timestamptz[], $5::int[], $6::text[], $7::text[])
         with ordinality as said(at, step, level, text, place)
     ) select lines as last from counted`,
    [
      runId,
      lines.map((line) => line.at),
      lines.length,
      turn ?? null,
      lines.map((line) => line.step),
      lines.map((line) => line.level),
      lines.map((line) => line.text),
    ],
  )
  const last = rows[0]?.last
  const most = FIRST_KEPT + LAST_KEPT
  if (last !== undefined && last > most && Math.floor(last / SLACK) > Math.floor((last - lines.length) / SLACK)) {
    await sql.query('delete from flows.line where run_id = $1 and number > $2 and number <= $3', [
      runId,
      FIRST_KEPT,
      last - LAST_KEPT,
    ])
  }
  return last
}

export type LineRow = { number: number; at: Instant; step: number | null; level: Line['level']; text: string }

const COLUMNS = 'number, at, step, level, text'

export async function selectLines(
  sql: Query,
  runId: string,
  { after, limit }: { after: number; limit: number },
): Promise<LineRow[]> {
  return sql.query<LineRow>(
    `select ${COLUMNS} from flows.line where run_id = $1 and number > $2 order by number limit $3`,
    [runId, after, limit],
  )
}

export async function selectLastLines(sql: Query, runId: string, limit: number): Promise<LineRow[]> {
  const rows = await sql.query<LineRow>(
    `select ${COLUMNS} from flows.line where run_id = $1 order by number desc limit $2`,
    [runId, limit],
  )
  return rows.reverse()
}
