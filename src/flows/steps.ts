import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { PlatformError } from '../base/errors.ts'
import { atWork } from '../db/pulse.ts'
import { isTransient, reviveError, textOfError } from './errors.ts'
import type { FlowRun } from './flow.ts'
import type { Lease } from './lease.ts'
import type { StepRow } from './queries/history.ts'
import type { StepRecord } from './queries/runs.ts'

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 200

export type StepsOptions = {
  lease: Lease
  /** What was recorded of the run before. */
  recorded: readonly StepRow[]
  /** Asked before each step; throws where this process may not do it. */
  before: () => Promise<void>
  /** False when the run was given to somebody else. */
  record: (step: StepRecord) => Promise<boolean>
  underWay: Set<Promise<unknown>>
  /** The run is no longer ours: nothing of its body goes on. */
  lose: () => void
}

/** The `step` of one turn of a run: recalls a step, or waits for the lease, does it and records what came of it. */
export function createStep({ lease, recorded, before, record, underWay, lose }: StepsOptions): FlowRun['step'] {
  const generation = lease.generation()
  const known = new Map(recorded.map((step) => [step.number, step]))
  let asked = 0

  const never = (): Promise<never> => {
    lose()
    return new Promise<never>(() => {})
  }

  const doStep = async (number: number, name: string, body: () => Promise<unknown>): Promise<unknown> => {
    const began = performance.now()
    const done = await attempt(async () => {
      await before()
      return body()
    })
    const ms = performance.now() - began
    if (!(await record({ number, name, ...done, ms }))) return never()
    return resultOf(done)
  }

  return async <T>(name: string, body: () => Promise<T>): Promise<T> => {
    const number = asked++
    const before = known.get(number)
    if (before) {
      requireSameName(before, name)
      return resultOf(before) as T
    }
    if (!(await lease.waitForTurn(generation))) return never()
    const doing = doStep(number, name, body)
    underWay.add(doing)
    try {
      return (await doing) as T
    } finally {
      underWay.delete(doing)
    }
  }
}

type Done = { output: string | null; error: string | null }

/** What a step came to, as text: whoever recalls it is given the same as whoever did it. */
async function attempt(body: () => Promise<unknown>): Promise<Done> {
  try {
    return { output: textOf(await withRetries(() => atWork(body))), error: null }
  } catch (error) {
    return { output: null, error: textOfError(error) }
  }
}

function resultOf({ output, error }: Done): unknown {
  if (error !== null) throw reviveError(error)
  return output === null ? undefined : JSON.parse(output)
}

export function textOf(value: unknown): string | null {
  return JSON.stringify(value) ?? null
}

function requireSameName({ number, name: was }: StepRow, name: string): void {
  if (was === name) return
  throw new PlatformError(
    'conflict',
    `step ${number + 1} of this run is recorded as '${was}', and this weir calls it '${name}': the flow has other steps now. ` +
      'Nothing more is done; give the command again, and it starts from the beginning',
  )
}

/** Tries again after 0.2 and 0.4 s where that can help. */
async function withRetries<T>(body: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await body()
    } catch (error) {
      if (attempt === ATTEMPTS || !isTransient(error)) throw error
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1))
    }
  }
}
