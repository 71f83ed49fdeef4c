export type Reason = { name: string; value: number }

export const SHOWN = 14

/** The strongest first, both ways; the rest are one. */
export function strongest(contributions: Readonly<Record<string, number>>, others: (n: number) => string): Reason[] {
  const all = Object.entries(contributions)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || (a.name < b.name ? -1 : 1))
  if (all.length <= SHOWN) return all
  const rest = all.slice(SHOWN - 1)
  const value = rest.reduce((sum, one) => sum + one.value, 0)
  return [...all.slice(0, SHOWN - 1), { name: others(rest.length), value }]
}
