import type { Happening } from './events.ts'

/** A training may log a thousand times a second: whoever looks hears of it once in this time. */
const GATHER_MS = 1_000
/** With more of them a notification would be too long; then all that is shown is read anew. */
const RUNS_MAX = 150

/** Gathers changes of runs, and tells of them together. */
export function gatherRuns(tell: (event: Happening) => void): (change: { runId: string; made?: string }) => void {
  const runs = new Set<string>()
  const made = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    timer = undefined
    const isMany = runs.size > RUNS_MAX || made.size > RUNS_MAX
    tell({ type: 'tracked', runs: isMany ? null : [...runs], experiments: isMany ? null : [...made] })
    runs.clear()
    made.clear()
  }
  return ({ runId, made: experiment }) => {
    runs.add(runId)
    if (experiment !== undefined) made.add(experiment)
    if (timer === undefined) timer = setTimeout(flush, GATHER_MS).unref()
  }
}
