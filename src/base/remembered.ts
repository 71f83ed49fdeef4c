/** A caller may choose the text. */
const CHARS_MAX = 256

/**
 * A function of a text that remembers what it gave, for a text that comes again and again: up to `most`, then it begins anew,
 * and none that is long. Only for what depends on nothing else.
 */
export function remembered<T>(of: (text: string) => T, most = 1_024): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    const made = of(text)
    if (text.length > CHARS_MAX) return made
    if (known.size >= most) known.clear()
    known.set(text, made)
    return made
  }
}
