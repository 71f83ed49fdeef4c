import type { Instant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'

type Query = Pick<Sql, 'query'>

export type RunRow = {
  id: string
  flow: string
  state: 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled'
  submittedAt: Instant
  startedAt: Instant | null
  finishedAt: Instant | null
  error: string | null
}

const SUMMARY = `id, flow, state, submitted_at as "submittedAt", started_at as "startedAt",
  finished_at as "finishedAt", error::text as error`

/** Newest first. */
export async function selectRuns(sql: Query, filter: { flow?: string; limit: number }): Promise<RunRow[]> {
  return sql.query<RunRow>(
    `select ${SUMMARY} from flows.run where $1::text is null or flow = $1 order by submitted_at desc, id limit $2`,
    [filter.flow ?? null, filter.limit],
  )
}

export async function selectRun(
  sql: Query,
  runId: string,
): Promise<(RunRow & { input: string | null; output: string | null }) | undefined> {
  const rows = await sql.query<RunRow & { input: string | null; output: string | null }>(
    `select ${SUMMARY}, input::text as input, output::text as output from flows.run where id = $1`,
    [runId],
  )
  return rows[0]
}

export type StepRow = {
  number: number
  name: string
  output: string | null
  error: string | null
  startedAt: Instant
  finishedAt: Instant
  ms: number
}

/** The recorded steps in their order, but for the first `from`. */
export async function selectSteps(sql: Query, runId: string, from = 0): Promise<StepRow[]> {
  return sql.query<StepRow>(
    `select number, name, output::text as output, error::text as error, started_at as "startedAt",
       finished_at as "finishedAt", (extract(epoch from finished_at - started_at) * 1000)::float8 as ms
     from flows.step where run_id = $1 order by number offset $2`,
    [runId, from],
  )
}

export async function selectUnfinishedTexts(sql: Query, flow?: string): Promise<string[]> {
  const rows = await sql.query<{ text: string }>(
    `with unfinished as (
       select id, input from flows.run where state in ('waiting', 'running') and ($1::text is null or flow = $1))
     select input::text as text from unfinished where input is not null
     union all
     select step.output::text from flows.step join unfinished on unfinished.id = step.run_id where step.output is not null`,
    [flow ?? null],
  )
  return rows.map((row) => row.text)
}
