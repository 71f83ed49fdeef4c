import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { withCancel } from '../base/cancel.ts'
import { PlatformError } from '../base/errors.ts'
import { withLines } from '../base/lines.ts'
import { atWork } from '../db/pulse.ts'
import { isTransient, reviveError, sayable, textOfError } from './errors.ts'
import type { FlowRun } from './flow.ts'
import type { Journal } from './journal.ts'
import type { Lease } from './lease.ts'
import type { AttemptKey } from './queries/attempts.ts'
import type { StepRow } from './queries/history.ts'
import type { StepRecord } from './queries/runs.ts'
import { stepLimit } from './time-limit.ts'

const ATTEMPTS = 3
const FIRST_PAUSE_MS = 200

export type StepsOptions = {
  lease: Lease
  /** What was recorded of the run before. */
  recorded: readonly StepRow[]
  /** Asked before each step; throws where this process may not do it. */
  before: () => Promise<void>
  /** Records that an attempt begins. `cancelled`: it may not, somebody wants the end; `lost`: the run is somebody else's. */
  begin: (attempt: AttemptKey & { name: string; always: boolean }) => Promise<'begun' | 'cancelled' | 'lost'>
  /** Records that an attempt came to nothing. */
  failed: (attempt: AttemptKey, error: string) => Promise<void>
  /** False when the run was given to somebody else. */
  record: (step: StepRecord) => Promise<boolean>
  /** Aborts when the run is to end before its time; its reason is how that is told. */
  cancel: AbortSignal
  /** How long a step may take; null for as long as it takes. */
  timeoutMs: number | null
  journal: Journal
  underWay: Set<Promise<unknown>>
  /** The run is no longer ours: nothing of its body goes on. */
  lose: () => void
}

/** The `step` of one turn of a run: recalls a step, or waits for the lease, does it and records what came of it. */
export function createStep(options: StepsOptions): FlowRun['step'] {
  const { lease, recorded, before, begin, failed, record, cancel, timeoutMs, journal, underWay, lose } = options
  const generation = lease.generation()
  const known = new Map(recorded.map((step) => [step.number, step]))
  let asked = 0

  const never = (): Promise<never> => {
    lose()
    return new Promise<never>(() => {})
  }

  /** Tries again after 0.2 and 0.4 s where that can help. */
  const doStep = async (number: number, name: string, body: Body, always: boolean): Promise<unknown> => {
    const limit = stepLimit(name, always ? null : timeoutMs)
    try {
      return await doWithin(number, name, body, { always, limit: limit.signal })
    } finally {
      limit.clear()
    }
  }
  const doWithin = async (
    number: number,
    name: string,
    body: Body,
    { always, limit }: { always: boolean; limit: AbortSignal },
  ): Promise<unknown> => {
    const signal = always ? NEVER : AbortSignal.any([cancel, limit])
    const say = (text: string, level: 'info' | 'warn' | 'error' = 'info') => journal.say({ level, text }, number)
    const began = performance.now()
    for (let attempt = 1; ; attempt++) {
      const may = await begin({ number, attempt, name, always })
      if (may === 'lost') return never()
      if (may === 'cancelled') throw cancel.reason
      say(attempt === 1 ? `${name}: begins` : `${name}: begins again, attempt ${attempt} of ${ATTEMPTS}`)
      const { thrown, ...came } = await outcomeOf(async () => {
        await before()
        return withLines(
          (line) => journal.say(line, number),
          () => withCancel(signal, () => atWork(body)),
        )
      })
      const ms = performance.now() - began
      const late = came.error !== null && limit.aborted && !cancel.aborted
      const done = late ? { output: null, error: textOfError(limit.reason) } : came
      if (done.error !== null && signal.aborted && !late) {
        // What it did is as if it had not begun: a run that goes on from here does it.
        say(`${name}: ended by the cancel after ${shown(ms)}`, 'warn')
        await failed({ number, attempt }, done.error)
        throw cancel.reason
      }
      if (done.error !== null && !late && attempt < ATTEMPTS && isTransient(thrown)) {
        const pause = FIRST_PAUSE_MS * 2 ** (attempt - 1)
        say(`${name}: ${messageIn(done.error)}; it is tried again in ${pause / 1000} s`, 'warn')
        await failed({ number, attempt }, done.error)
        await sleep(pause, undefined, { signal }).catch(() => {})
        continue
      }
      if (done.error === null) say(`${name}: done after ${shown(ms)}`)
      else say(`${name}: ${messageIn(done.error)}`, 'error')
      await journal.flush()
      if (!(await record({ number, name, ...done, ms }))) return never()
      return resultOf(done)
    }
  }

  return async <T>(name: string, body: () => Promise<T>, { always = false } = {}): Promise<T> => {
    const number = asked++
    const before = known.get(number)
    if (before) {
      requireSameName(before, name)
      return resultOf(before) as T
    }
    if (!(await lease.waitForTurn(generation))) return never()
    const doing = doStep(number, name, body, always)
    underWay.add(doing)
    try {
      return (await doing) as T
    } finally {
      underWay.delete(doing)
    }
  }
}

type Body = () => Promise<unknown>

/** What cleans up is not cancelled. */
const NEVER = new AbortController().signal

type Done = { output: string | null; error: string | null }

/** What a step came to, as text: whoever recalls it is given the same as whoever did it. */
async function outcomeOf(body: () => Promise<unknown>): Promise<Done & { thrown?: unknown }> {
  try {
    return { output: textOf(await body()), error: null }
  } catch (thrown) {
    return { output: null, error: textOfError(thrown), thrown }
  }
}

function resultOf({ output, error }: Done): unknown {
  if (error !== null) throw reviveError(error)
  return output === null ? undefined : JSON.parse(output)
}

export function textOf(value: unknown): string | null {
  return JSON.stringify(value) ?? null
}

/** Lines are read over HTTP: without paths and addresses. */
function messageIn(error: string): string {
  return sayable(reviveError(error))
}

function shown(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function requireSameName({ number, name: was }: StepRow, name: string): void {
  if (was === name) return
  throw new PlatformError(
    'conflict',
    `step ${number + 1} of this run is recorded as '${was}', and this weir calls it '${name}': the flow has other steps now. ` +
      'Nothing more is done; give the command again, and it starts from the beginning',
  )
}
