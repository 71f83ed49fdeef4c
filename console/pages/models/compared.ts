/** One measure of the comparison that a training wrote (champion_comparison.json). */
export type Compared = {
  metric: string
  value: number | null
  champion: number | null
  difference: number | null
}

/** It is a file of a run, so anything may stand in it: what is no number is left out. */
export function comparedRows(comparison: unknown): Compared[] {
  const { differences } = (comparison ?? {}) as { differences?: unknown }
  if (typeof differences !== 'object' || differences === null) return []
  return Object.entries(differences).map(([metric, found]) => {
    const said = (found ?? {}) as Record<string, unknown>
    const number = (name: string) => (typeof said[name] === 'number' ? said[name] : null)
    return { metric, value: number('candidate'), champion: number('champion'), difference: number('difference') }
  })
}
