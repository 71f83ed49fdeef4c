import { performance } from 'node:perf_hooks'
import { withAges } from '../../ml/model/age.ts'
import { predictOne } from '../../ml/model/model-file.ts'
import type { Answered } from '../answered.ts'
import { saidOf } from '../said.ts'
import { scoreOf } from '../tell-answered.ts'
import type { Route, Tried } from './route.ts'
import type { TrialCounts } from './trial-counts.ts'

/** Rows that wait for the shadows; what comes when so many wait is dropped, and counted. */
const WAITING_MAX = 4_096
/** Of a process that has no time to spare, so much is spent on shadows. */
const SHARE_WHEN_BUSY = 0.03
/** Up to this share of a second is used where nobody else needs it. */
const SHARE_WHEN_IDLE = 0.7
const TURN_MS = 10
const TURN_MS_MOST = 8

type Deps = {
  routeOf: (model: string) => Route | undefined
  counts: Pick<TrialCounts, 'compared'>
  /** Hears of what a shadow said. */
  answered: (rows: readonly Answered[]) => void | Promise<void>
  dropped?: (model: string, rows: number) => void
}

/**
 * Computes what shadows say of rows that were answered, off the path of the requests: in turns, in the time that the process has
 * to spare, and in 3 % of it where it has none. The queue is bounded; what it does not take is dropped and counted.
 */
export function createShadows({ routeOf, counts, answered, dropped }: Deps) {
  const waiting: { row: Answered; shadow: Tried }[] = []
  let at = 0
  let timer: NodeJS.Timeout | undefined
  let since = performance.eventLoopUtilization()
  let sinceMs = performance.now()
  let ownMs = 0
  let debtMs = 0
  let closed = false

  function offer(rows: readonly Answered[]): void {
    for (const row of rows) {
      if (row.arm === 'shadow' || row.said === null || !row.returned) continue
      for (const shadow of routeOf(row.model)?.shadows ?? []) {
        if (waiting.length - at < WAITING_MAX) waiting.push({ row, shadow })
        else {
          counts.compared(shadow.trial, row.model, null)
          dropped?.(row.model, 1)
        }
      }
    }
    if (at < waiting.length && timer === undefined && !closed) again()
  }

  function again(): void {
    timer = setTimeout(turn, TURN_MS)
    timer.unref()
  }

  function turn(): void {
    timer = undefined
    const began = performance.now()
    const elapsed = began - sinceMs
    const busy = performance.eventLoopUtilization(since).utilization - ownMs / Math.max(1, elapsed)
    const share = Math.max(SHARE_WHEN_BUSY, SHARE_WHEN_IDLE - busy)
    since = performance.eventLoopUtilization()
    sinceMs = began
    // What a row took too long is taken from the turns after it.
    debtMs = Math.max(-TURN_MS_MOST, debtMs - elapsed * share)
    while (at < waiting.length && debtMs < 0 && performance.now() - began < TURN_MS_MOST) {
      const from = performance.now()
      const { row, shadow } = waiting[at++]!
      compute(row, shadow)
      debtMs += performance.now() - from
    }
    ownMs = performance.now() - began
    if (at > 1_000 || at === waiting.length) {
      waiting.splice(0, at)
      at = 0
    }
    if (at < waiting.length && !closed) again()
  }

  function compute(row: Answered, { live, trial }: Tried): void {
    const from = performance.now()
    const shadow = { ...row, version: live.version, runId: live.runId, arm: 'shadow' as const, returned: false }
    try {
      const said = saidOf(live.model, predictOne(live.model, withAges(live.inputs, row.values, row.atMs)), 0)
      const ms = performance.now() - from
      const score = scoreOf(said)
      counts.compared(trial, row.model, {
        otherwise: said.prediction !== row.said?.prediction,
        by: Math.abs((score ?? 0) - (row.score ?? 0)),
      })
      void answered([{ ...shadow, said, score, latencyMs: ms, modelMs: ms }])
    } catch {
      void answered([{ ...shadow, said: null, score: null, latencyMs: performance.now() - from, error: 'internal' }])
    }
  }

  return {
    offer,
    close(): void {
      closed = true
      clearTimeout(timer)
    },
  }
}
