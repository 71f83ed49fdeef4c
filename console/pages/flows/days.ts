import type { DaysAnswer } from '../../../src/wire/flows.ts'

export type Day = {
  day: string
  runs: number
  failed: number
  other: number
  msMean: number | null
  msMax: number | null
}

const DAY_MS = 86_400_000

/** Each day from the first to today, also those without a run. */
export function daysOf({ from, days }: Pick<DaysAnswer, 'from' | 'days'>, count: number): Day[] {
  const first = Date.parse(from)
  return Array.from({ length: count }, (_, at) => {
    const day = new Date(first + at * DAY_MS).toISOString().slice(0, 10)
    const rows = days.filter((row) => row.day === day)
    const sum = (states: readonly string[]) =>
      rows.filter(({ state }) => states.includes(state)).reduce((all, { runs }) => all + runs, 0)
    const timed = rows.filter(({ ms }) => ms !== null)
    const ended = timed.reduce((all, { runs }) => all + runs, 0)
    return {
      day,
      runs: rows.reduce((all, row) => all + row.runs, 0),
      failed: sum(['failed']),
      other: sum(['waiting', 'running', 'cancelled']),
      msMean: ended === 0 ? null : timed.reduce((all, { ms }) => all + (ms ?? 0), 0) / ended,
      msMax: timed.length === 0 ? null : Math.max(...timed.map(({ ms_max: most }) => most ?? 0)),
    }
  })
}
