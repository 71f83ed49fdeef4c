import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import { bounded } from './bounded.ts'
import { noSuchRun } from './control.ts'
import { errorOf, type FlowError, isOver } from './history.ts'
import { type AttemptRow, selectAttempts } from './queries/attempts.ts'
import { type RunDetailsRow, type StepRow, selectDetails, selectRetries, selectSteps } from './queries/history.ts'

/** A run from beginning to end, for whoever reads it: what it was given, its steps with their attempts, how it ended. */
export type FlowStory = Omit<RunDetailsRow, 'error' | 'input' | 'output' | 'place' | 'pid' | 'alive' | 'turn'> & {
  error: FlowError | null
  input: Shown
  output: Shown
  steps: StepStory[]
  /** The process that works on it; `alive` is false when it died and nobody has taken the run up yet. */
  process: { place: string; pid: number; alive: boolean } | null
  /** The runs that took over what this one recorded. */
  retries: string[]
  /** For each thing that can be done to it, why it cannot be done now; null where it can. */
  may: { cancel: string | null; resume: string | null; retry: string | null }
}

export type Shown = { value: unknown; cut: boolean }

/** `died`: its process ended in it, and nobody has begun it again. */
export type StepState = 'succeeded' | 'failed' | 'running' | 'cancelled' | 'died'

export type StepStory = {
  /** From 1. */
  number: number
  name: string
  state: StepState
  startedAt: Instant
  finishedAt: Instant | null
  ms: number | null
  error: FlowError | null
  output: Shown
  takenFrom: string | null
  attempts: { startedAt: Instant; finishedAt: Instant | null; ms: number | null; error: FlowError | null }[]
}

/** The newest attempts of a step are told. */
const ATTEMPTS_SHOWN = 20
const OUTPUT = { chars: 200, items: 12, depth: 3, values: 60 }

export async function storyOf(sql: Sql, runId: string): Promise<FlowStory> {
  const run = await selectDetails(sql, runId)
  if (!run) throw noSuchRun(runId)
  const [recorded, tried, retries] = await Promise.all([
    selectSteps(sql, runId),
    selectAttempts(sql, runId),
    selectRetries(sql, runId),
  ])
  const { input, output, error, place, pid, alive, turn, ...rest } = run
  return {
    ...rest,
    error: errorOf(error),
    input: shown(input),
    output: shown(output),
    steps: stepsOf({ ...run, turn }, recorded, tried),
    process: place !== null && pid !== null ? { place, pid, alive: alive === true } : null,
    retries,
    may: mayOf(run),
  }
}

function shown(text: string | null): Shown {
  return bounded(text === null ? null : JSON.parse(text))
}

function mayOf({ state, alive, cancelBy }: RunDetailsRow): FlowStory['may'] {
  const over = isOver(state)
  return {
    cancel: over ? `it is over: ${state}` : cancelBy !== null ? `${cancelBy} has asked for its end` : null,
    resume: over ? `it is over: ${state}` : state === 'running' && alive ? 'it is under way' : null,
    retry: over ? null : 'it is not over yet',
  }
}

function stepsOf(run: RunDetailsRow, recorded: readonly StepRow[], tried: readonly AttemptRow[]): StepStory[] {
  const attemptsOf = grouped(tried)
  const numbers = [...new Set([...recorded, ...tried].map(({ number }) => number))].sort((a, b) => a - b)
  const known = new Map(recorded.map((step) => [step.number, step]))
  return numbers.map((number) => {
    const attempts = attemptsOf.get(number) ?? []
    const step = known.get(number)
    const [first, last] = [attempts[0], attempts.at(-1)]
    const told = attempts.slice(-ATTEMPTS_SHOWN).map(({ startedAt, finishedAt, ms, error }) => {
      return { startedAt, finishedAt, ms, error: errorOf(error) }
    })
    if (step) {
      const { name, startedAt, finishedAt, ms, error, output, takenFrom } = step
      const state = error === null ? 'succeeded' : 'failed'
      const said = { startedAt, finishedAt, ms, error: errorOf(error) }
      const output_ = bounded(output === null ? null : JSON.parse(output), OUTPUT)
      // A process of the release before records no attempts.
      const attempts = told.length > 0 || takenFrom !== null ? told : [said]
      return { number: number + 1, name, state, ...said, output: output_, takenFrom, attempts }
    }
    const { name, finishedAt, error } = last!
    return {
      number: number + 1,
      name,
      state: stateOf(run, last!),
      startedAt: first!.startedAt,
      finishedAt,
      ms: null,
      error: errorOf(error),
      output: { value: null, cut: false },
      takenFrom: null,
      attempts: told,
    }
  })
}

/** Of a step that is not recorded. */
function stateOf(run: RunDetailsRow, { turn, finishedAt }: AttemptRow): StepState {
  if (run.state === 'running' && turn === run.turn && run.alive) return 'running'
  return finishedAt === null ? 'died' : 'cancelled'
}

/** Node 20 has no Map.groupBy. */
function grouped(tried: readonly AttemptRow[]): Map<number, AttemptRow[]> {
  const groups = new Map<number, AttemptRow[]>()
  for (const attempt of tried) {
    const group = groups.get(attempt.number)
    if (group) group.push(attempt)
    else groups.set(attempt.number, [attempt])
  }
  return groups
}
