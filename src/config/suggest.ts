import leven from 'leven'

/** `; did you mean 'x'?` when a known name is close to the misspelt one, else the known names, else nothing. */
export function suggestion(misspelt: string, known: readonly string[]): string {
  const best = closest(misspelt, known)
  if (best !== undefined) return `; did you mean '${best}'?`
  if (known.length === 0) return ''
  return `; there ${known.length === 1 ? 'is' : 'are'} ${known.slice(0, 12).join(', ')}`
}

/** The known name that is meant by a misspelt one, where one is close enough. */
export function closest(misspelt: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((name) => ({ name, distance: leven(misspelt.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  return best && best.distance <= Math.max(2, Math.floor(misspelt.length / 3)) ? best.name : undefined
}
