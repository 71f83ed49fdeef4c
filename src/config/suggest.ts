import leven from 'leven'

/** `; did you mean 'x'?` when a known name is close to the misspelt one, else the known names, else nothing. */
export function suggestion(misspelt: string, known: readonly string[]): string {
  const [best] = known
    .map((name) => ({ name, distance: leven(misspelt.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  if (best && best.distance <= Math.max(2, Math.floor(misspelt.length / 3))) return `; did you mean '${best.name}'?`
  if (known.length === 0) return ''
  return `; there ${known.length === 1 ? 'is' : 'are'} ${known.slice(0, 12).join(', ')}`
}
