import type { Instant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import { LIVE } from './executors.ts'

type Query = Pick<Sql, 'query'>

const RUN_STATES = ['waiting', 'running', 'succeeded', 'failed', 'cancelled'] as const

export type RunRow = {
  id: string
  flow: string
  state: (typeof RUN_STATES)[number]
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

/** What a list tells of a run beside its times. */
export type ListedRow = RunRow & {
  submittedBy: { name: string } | null
  cancelBy: string | null
  cancelWhy: string | null
  retryOf: string | null
  deaths: number
  /** What it was given: the members that are short. */
  about: Record<string, unknown> | null
  /** The step under way. */
  step: string | null
  stepStartedAt: Instant | null
}

export type RunsQuery = {
  flow?: string | undefined
  state?: RunRow['state'] | undefined
  /** Only what comes behind this one. */
  before?: { submittedAt: Instant; id: string } | undefined
  limit: number
}

/** What an input's member may have for a list to show it. */
const SHORT = 200

const ABOUT = `(
  select json_object_agg(key, value) from json_each(case when json_typeof(input) = 'object' then input else '{}' end)
  where json_typeof(value) not in ('object', 'null') and length(value::text) <= ${SHORT}) as about`

/** Newest first. The conditions are written as they are asked for, so that each kind of list has its index. */
export async function selectListed(sql: Query, { flow, state, before, limit }: RunsQuery): Promise<ListedRow[]> {
  const values: unknown[] = [limit]
  const bound = (value: unknown) => `$${values.push(value)}`
  const where = [
    ...(flow === undefined ? [] : [`flow = ${bound(flow)}`]),
    ...(state === undefined ? [] : [`state = ${bound(state)}`]),
    ...(before === undefined
      ? []
      : [`(submitted_at, id) < (${bound(before.submittedAt)}::timestamptz, ${bound(before.id)})`]),
  ]
  return sql.query<ListedRow>(
    `with page as materialized (
       select * from flows.run ${where.length === 0 ? '' : `where ${where.join(' and ')}`}
       order by submitted_at desc, id desc limit $1)
     select ${SUMMARY}, ${CONTROLLED}, ${ABOUT}, step, step_started_at as "stepStartedAt"
     from page run ${UNDER_WAY} order by submitted_at desc, id desc`,
    values,
  )
}

const CONTROLLED = `submitted_by as "submittedBy", cancel_by as "cancelBy", cancel_why as "cancelWhy",
  retry_of as "retryOf", deaths`

const UNDER_WAY = `left join lateral (
    select name as step, started_at as step_started_at from flows.attempt
    where run_id = run.id and run.state = 'running' and turn = run.turn and finished_at is null
    order by number desc limit 1
  ) under_way on true`

export type RunDetailsRow = Omit<ListedRow, 'about' | 'step' | 'stepStartedAt'> & {
  input: string | null
  output: string | null
  turn: number
  build: string | null
  cancelAskedAt: Instant | null
  retryFrom: number | null
  lines: number
  /** Of the process that works on it: its place, its number, and whether it is there. */
  place: string | null
  pid: number | null
  alive: boolean | null
}

export async function selectDetails(sql: Query, runId: string): Promise<RunDetailsRow | undefined> {
  const rows = await sql.query<RunDetailsRow>(
    `select run.id, ${SUMMARY.replace('id, ', '')}, ${CONTROLLED}, input::text as input, output::text as output, turn,
       run.build, cancel_asked_at as "cancelAskedAt", retry_from as "retryFrom", lines, place, pid,
       case when holder is not null then exists (select from ${LIVE} live where live.id = holder) end as alive
     from flows.run left join flows.executor on executor.id = run.holder where run.id = $1`,
    [runId],
  )
  return rows[0]
}

/** The runs that took over steps of this one. */
export async function selectRetries(sql: Query, runId: string): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    'select id from flows.run where retry_of = $1 order by submitted_at limit 100',
    [runId],
  )
  return rows.map((row) => row.id)
}

/** By day and flow, of the days since `from`: how many came to what, and what those that are over took together. */
export type DayRow = {
  day: string
  flow: string
  state: RunRow['state']
  runs: number
  ms: number | null
  msMax: number | null
}

export async function selectDays(sql: Query, from: Instant): Promise<DayRow[]> {
  return sql.query<DayRow>(
    `select to_char(submitted_at, 'YYYY-MM-DD') as day, flow, state, count(*)::int as runs,
       sum(extract(epoch from finished_at - started_at) * 1000)::float8 as ms,
       max(extract(epoch from finished_at - started_at) * 1000)::float8 as "msMax"
     from flows.run where submitted_at >= $1 group by 1, 2, 3 order by 1, 2, 3`,
    [from],
  )
}

export type StepRow = {
  number: number
  name: string
  output: string | null
  error: string | null
  startedAt: Instant
  finishedAt: Instant
  ms: number
  /** The run that did it, where this one took it over. */
  takenFrom: string | null
}

/** The recorded steps in their order, but for the first `from`. */
export async function selectSteps(sql: Query, runId: string, from = 0): Promise<StepRow[]> {
  return sql.query<StepRow>(
    `select number, name, output::text as output, error::text as error, started_at as "startedAt",
       finished_at as "finishedAt", (extract(epoch from finished_at - started_at) * 1000)::float8 as ms, taken_from as "takenFrom"
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

export async function countFailed(sql: Query, from: Instant): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*) as count from flows.run where state = 'failed' and finished_at >= $1`,
    [from],
  )
  return row?.count ?? 0
}
