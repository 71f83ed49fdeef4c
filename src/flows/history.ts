import { type ErrorCode, PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { reviveError } from './errors.ts'
import { type RunRow, type StepRow, selectRun, selectRuns, selectSteps } from './queries/history.ts'

/** What the records say of runs and their steps. */
export type FlowState = RunRow['state']

export function isOver(state: FlowState): boolean {
  return state !== 'waiting' && state !== 'running'
}

export type FlowSummary = {
  id: string
  flow: string
  state: FlowState
  submittedAt: Instant
  startedAt: Instant | null
  finishedAt: Instant | null
  error: FlowError | null
}

/** `toCallers`: the same for whoever is told no path and no address. */
export type FlowError = { code: ErrorCode | null; message: string; toCallers?: string }

export type StepSummary = {
  name: string
  state: 'succeeded' | 'failed'
  startedAt: Instant
  finishedAt: Instant
  ms: number
  error: FlowError | null
}

export type FlowDetails = FlowSummary & { input: unknown; output: unknown; steps: StepSummary[] }

const LIST_DEFAULT = 100

/** Newest first. */
export async function list(sql: Sql, filter: { flow?: string; limit?: number }): Promise<FlowSummary[]> {
  const runs = await selectRuns(sql, { flow: filter.flow, limit: filter.limit ?? LIST_DEFAULT })
  return runs.map(summaryOf)
}

export async function get(sql: Sql, runId: string): Promise<FlowDetails> {
  const run = await selectRun(sql, runId)
  if (!run) throw new PlatformError('not_found', `there is no run '${runId}' of a flow`)
  return {
    ...summaryOf(run),
    input: parsed(run.input),
    output: parsed(run.output),
    steps: await stepsOf(sql, runId, 0),
  }
}

/** The recorded steps in their order, but for the first `from`. */
export async function stepsOf(sql: Sql, runId: string, from: number): Promise<StepSummary[]> {
  return (await selectSteps(sql, runId, from)).map(stepOf)
}

function stepOf({ name, startedAt, finishedAt, ms, error }: StepRow): StepSummary {
  return { name, state: error === null ? 'succeeded' : 'failed', startedAt, finishedAt, ms, error: errorOf(error) }
}

function summaryOf({ id, flow, state, submittedAt, startedAt, finishedAt, error }: RunRow): FlowSummary {
  return { id, flow, state, submittedAt, startedAt, finishedAt, error: errorOf(error) }
}

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text)
}

export function errorOf(text: string | null): FlowError | null {
  if (text === null) return null
  const error = reviveError(text)
  if (!(error instanceof PlatformError)) return { code: null, message: error.message }
  const { code, message, toCallers } = error
  return { code, message, ...(toCallers === message ? {} : { toCallers }) }
}
