import type { Comparison } from '../training/training.ts'

/** By which measure a candidate and the champion are compared, and which way is better. */
export type Main = {
  measure: string
  candidate: number
  champion: number
  difference: number
  low: number | null
  high: number | null
}

export type Ruling = { promote: boolean; why: string; main: Main | null }

/** More of it is better; of the others less. */
const MORE = new Set(['auc'])

/**
 * Whether a candidate takes the champion's place. It does where there is none; else when it is better by more than `delta` on rows that
 * neither has learned from, and the interval of the paired difference is all on its side. A candidate that was not measured
 * never does, and where the champion has seen the rows it must win all the same.
 */
export function shouldPromote(comparison: Comparison | null, champion: number | null, delta: number): Ruling {
  if (champion === null) return { promote: true, why: 'no version is in Production', main: null }
  if (comparison === null) return { promote: false, why: 'the two were not compared', main: null }
  if ('reason' in comparison)
    return { promote: false, why: `version ${champion} could not be compared: ${comparison.reason}`, main: null }
  const main = mainOf(comparison)
  if (main === null) return { promote: false, why: 'the candidate was not measured', main: null }
  const gain = gainOf(main)
  const seen = comparison.unseen
    ? ''
    : `; version ${champion} may have learned from these rows, which speaks for it, so this decides nothing`
  if (!(gain.value > delta))
    return { promote: false, why: `better by ${gain.value.toFixed(4)}, which is not more than ${delta}${seen}`, main }
  if (gain.low === null || !(gain.low > 0))
    return {
      promote: false,
      why: `better by ${gain.value.toFixed(4)}, but that may be chance (95 % from ${said(gain.low)})${seen}`,
      main,
    }
  return {
    promote: true,
    why: `better by ${gain.value.toFixed(4)} (95 % from ${said(gain.low)}), more than ${delta}`,
    main,
  }
}

export function mainOf(comparison: Extract<Comparison, { differences: unknown }>): Main | null {
  const [name] = ['auc', 'logloss', 'rmse'].filter((measure) => measure in comparison.differences)
  if (name === undefined) return null
  const { candidate, champion, difference, interval } = comparison.differences[name]!
  if (!Number.isFinite(candidate)) return null
  return { measure: name, candidate, champion, difference, low: interval?.low ?? null, high: interval?.high ?? null }
}

/** The difference as a gain of the candidate, with the end that is against it. */
function gainOf({ measure, difference, low, high }: Main): { value: number; low: number | null } {
  if (MORE.has(measure)) return { value: difference, low }
  return { value: -difference, low: high === null ? null : -high }
}

function said(low: number | null): string {
  return low === null ? 'an unknown end' : low.toFixed(4)
}
