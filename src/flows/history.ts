import type { WorkflowStatusString } from '@dbos-inc/dbos-sdk'
import { must } from '../base/assert.ts'
import { type ErrorCode, messageOf, PlatformError } from '../base/errors.ts'
import { type Instant, instantOfMs } from '../base/instant.ts'
import type { FlowClient } from './client.ts'
import { reviveError } from './errors.ts'

/** What the records say of runs and their steps, in the words of the house. */
export type FlowState = 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled'

export type FlowSummary = {
  id: string
  flow: string
  state: FlowState
  submittedAt: Instant
  startedAt: Instant | null
  finishedAt: Instant | null
  error: FlowError | null
}

export type FlowError = { code: ErrorCode | null; message: string }

export type StepSummary = {
  name: string
  state: 'succeeded' | 'failed'
  startedAt: Instant
  finishedAt: Instant
  ms: number
  error: FlowError | null
}

export type FlowDetails = FlowSummary & { input: unknown; output: unknown; steps: StepSummary[] }

const STATES: Record<WorkflowStatusString, FlowState> = {
  ENQUEUED: 'waiting',
  DELAYED: 'waiting',
  PENDING: 'running',
  SUCCESS: 'succeeded',
  ERROR: 'failed',
  MAX_RECOVERY_ATTEMPTS_EXCEEDED: 'failed',
  CANCELLED: 'cancelled',
}

export const stateOf = (status: string): FlowState => must(STATES[status as WorkflowStatusString], status)

/** Newest first. */
export async function list(client: FlowClient, filter: { flow?: string; limit?: number }): Promise<FlowSummary[]> {
  const runs = await client.records.listWorkflows({
    workflowName: filter.flow,
    limit: filter.limit ?? 100,
    sortDesc: true,
    loadInput: false,
  })
  return runs.map(summaryOf)
}

export async function get(client: FlowClient, runId: string): Promise<FlowDetails> {
  const run = await client.records.getWorkflow(runId)
  if (!run) throw new PlatformError('not_found', `there is no run '${runId}' of a flow`)
  return {
    ...summaryOf(run),
    input: run.input?.[0] ?? null,
    output: run.output ?? null,
    steps: await stepsOf(client, runId, 0),
  }
}

/** The recorded steps from number `from` on, in their order. */
export async function stepsOf(client: FlowClient, runId: string, from: number): Promise<StepSummary[]> {
  const steps = (await client.records.listWorkflowSteps(runId, { offset: from })) ?? []
  return steps.map((step) => {
    const [startedMs, finishedMs] = [step.startedAtEpochMs ?? 0, step.completedAtEpochMs ?? 0]
    return {
      name: step.name,
      state: step.error ? 'failed' : 'succeeded',
      startedAt: instantOfMs(startedMs),
      finishedAt: instantOfMs(finishedMs),
      ms: finishedMs - startedMs,
      error: errorOf(step.error),
    }
  })
}

function summaryOf(run: NonNullable<Awaited<ReturnType<FlowClient['records']['getWorkflow']>>>): FlowSummary {
  const at = (ms: number | undefined) => (ms === undefined ? null : instantOfMs(ms))
  return {
    id: run.workflowID,
    flow: run.workflowName,
    state: stateOf(run.status),
    submittedAt: instantOfMs(run.createdAt),
    startedAt: at(run.dequeuedAt),
    finishedAt: at(run.completedAt),
    error: errorOf(run.error),
  }
}

function errorOf(thrown: unknown): FlowError | null {
  if (thrown === null || thrown === undefined) return null
  const error = reviveError(thrown)
  return { code: error instanceof PlatformError ? error.code : null, message: messageOf(error) }
}
