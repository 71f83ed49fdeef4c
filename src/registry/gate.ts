import type { GateRule } from '../config/project.ts'

export type RuleVerdict = {
  metric: string
  passed: boolean
  /** Of the version, and of the champion; null where its run has none. */
  value: number | null
  champion: number | null
  /** One sentence. */
  says: string
}

export type MetricDifference = { metric: string; value: number | null; champion: number | null }

type Measured = ReadonlyMap<string, number>

/** What each rule says. A metric that is not there passes nothing; a champion that is not there holds nobody up. */
export function judge(rules: readonly GateRule[], version: Measured, champion: Measured | null): RuleVerdict[] {
  return rules.map((rule) => {
    const { metric } = rule
    const value = version.get(metric) ?? null
    const theirs = champion?.get(metric) ?? null
    const wrong = value === null || Number.isNaN(value) ? [`its run has no ${metric}`] : faultsOf(rule, value, theirs)
    const says = wrong.length > 0 ? wrong.join('; ') : `${metric} is ${value}${asksFor(rule)}`
    return { metric, passed: wrong.length === 0, value, champion: theirs, says }
  })
}

function faultsOf(rule: GateRule, value: number, champion: number | null): string[] {
  const { metric, atLeast, atMost, worseBy, better } = rule
  const faults: string[] = []
  if (atLeast !== null && !(value >= atLeast)) faults.push(`${metric} is ${value}, and ${atLeast} is the least`)
  if (atMost !== null && !(value <= atMost)) faults.push(`${metric} is ${value}, and ${atMost} is the most`)
  if (worseBy === null || champion === null || Number.isNaN(champion)) return faults
  const worse = better === 'more' ? champion - value : value - champion
  // What two sums of decimals differ by in their last digits is no difference.
  if (worse > worseBy + 1e-12) {
    faults.push(`${metric} is ${value}, the champion has ${champion}, and it may be worse by ${worseBy} at most`)
  }
  return faults
}

function asksFor({ atLeast, atMost, worseBy }: GateRule): string {
  const asked = [
    atLeast === null ? [] : [`at least ${atLeast}`],
    atMost === null ? [] : [`at most ${atMost}`],
    worseBy === null ? [] : [`no more than ${worseBy} worse than the champion`],
  ].flat()
  return ` (asked for: ${asked.join(', ')})`
}

/** All metrics that either of the two has, by name. */
export function differencesOf(version: Measured, champion: Measured | null): MetricDifference[] {
  const names = [...new Set([...version.keys(), ...(champion?.keys() ?? [])])].sort()
  return names.map((metric) => ({
    metric,
    value: version.get(metric) ?? null,
    champion: champion?.get(metric) ?? null,
  }))
}
