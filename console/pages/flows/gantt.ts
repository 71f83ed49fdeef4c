import type { FlowStep } from '../../../src/wire/flows.ts'

/** Where a bar stands, in shares of the whole. */
export type Bar = { left: number; width: number; state: string }

export type GanttRow = { step: FlowStep; bars: Bar[]; ms: number | null }

export type Gantt = { fromMs: number; toMs: number; rows: GanttRow[] }

/** A bar that is too short to be seen has this share. */
const SHARE_MIN = 0.004

/**
 * Steps as bars over the time of a run; an attempt that came to nothing is a bar of its own. Steps that were taken over lie
 * before the run and have none. `nowMs` ends what is under way.
 */
export function ganttOf(
  run: { submitted_at: string; started_at: string | null; finished_at: string | null; steps: readonly FlowStep[] },
  nowMs: number,
): Gantt {
  const own = run.steps.filter(({ taken_from: from }) => from === null)
  const begins = [run.started_at ?? run.submitted_at, ...own.map(({ started_at: at }) => at)].map(Date.parse)
  const ends = own.flatMap(({ finished_at: at }) => (at === null ? [] : [Date.parse(at)]))
  const fromMs = Math.min(...begins)
  const toMs = Math.max(run.finished_at ? Date.parse(run.finished_at) : nowMs, ...ends, fromMs + 1)
  const whole = toMs - fromMs
  const bar = (from: string, to: string | null, state: string): Bar => {
    const left = Math.min(Math.max(0, (Date.parse(from) - fromMs) / whole), 1 - SHARE_MIN)
    const end = to === null ? 1 : (Date.parse(to) - fromMs) / whole
    return { left, width: Math.min(Math.max(SHARE_MIN, end - left), 1 - left), state }
  }
  const rows = run.steps.map((step): GanttRow => {
    const { state, started_at: from, finished_at: to, taken_from: taken, attempts } = step
    const ms =
      step.ms ??
      (to === null ? (state === 'running' ? nowMs - Date.parse(from) : null) : Date.parse(to) - Date.parse(from))
    if (taken !== null) return { step, bars: [], ms }
    const last = attempts.length - 1
    const bars = attempts.map((attempt, at) => {
      // One that died with its process has no end of its own: the next began after it.
      const end = attempt.finished_at ?? attempts[at + 1]?.started_at ?? (state === 'running' ? null : run.finished_at)
      return bar(attempt.started_at, end, at === last ? state : 'failed')
    })
    return { step, bars: bars.length > 0 ? bars : [bar(from, to, state)], ms }
  })
  return { fromMs, toMs, rows }
}
