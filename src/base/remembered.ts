/**
 * A function of a text that remembers what it gave, for a text that comes again and again: up to `most`, then it begins anew.
 * Only for what depends on nothing else.
 */
export function remembered<T>(of: (text: string) => T, most = 1_024): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const made = of(text)
    if (known.size >= most) known.clear()
    known.set(text, made)
    return made
  }
}
