const WORD = /[\p{L}\p{N}_]/u

/** Whether a text names a key as a word of its own: 12 is not named by 123. */
export function mentions(text: string, part: string): boolean {
  return part !== '' && nextMention(text, part, 0) >= 0
}

/** Where it does so next, at or after `from`; -1 for nowhere. */
export function nextMention(text: string, part: string, from: number): number {
  for (let at = text.indexOf(part, from); at >= 0; at = text.indexOf(part, at + 1)) {
    const [before, after] = [charBefore(text, at), charAt(text, at + part.length)]
    const open = WORD.test(charAt(part, 0)) && WORD.test(before)
    const closed = WORD.test(charBefore(part, part.length)) && WORD.test(after)
    if (!open && !closed) return at
  }
  return -1
}

/** Whole characters, also those of two code units. */
function charAt(text: string, at: number): string {
  return at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : ''
}

function charBefore(text: string, at: number): string {
  if (at <= 0) return ''
  const low = /[\udc00-\udfff]/.test(text[at - 1] ?? '') && at > 1
  return text.slice(low ? at - 2 : at - 1, at)
}
