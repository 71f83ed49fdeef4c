/**
 * What was typed for a feature, as JSON for the server, which reads it strictly: a number where the type is one, `null` for no
 * value (a text of that name in quotes), everything else as the text that it is.
 */
export function givenValue(text: string, type: string): unknown {
  const trimmed = text.trim()
  if (trimmed === 'null') return null
  if (type === 'String') return trimmed === '"null"' ? 'null' : text
  if (type === 'Bool') return trimmed === 'true' ? true : trimmed === 'false' ? false : trimmed
  const number = Number(trimmed)
  // A whole number beyond what a double holds goes as its digits.
  const exact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))
  return /^[-+]?[\d.]/.test(trimmed) && exact && (type.startsWith('Int') || type.startsWith('Float')) ? number : trimmed
}

/** All that were typed; what is empty is as it is. */
export function givenValues(
  typed: Readonly<Record<string, string>>,
  features: readonly { name: string; type: string }[],
): Record<string, unknown> {
  return Object.fromEntries(
    features.flatMap(({ name, type }) => {
      const text = typed[name]
      return text === undefined || text.trim() === '' ? [] : [[name, givenValue(text, type)] as const]
    }),
  )
}
