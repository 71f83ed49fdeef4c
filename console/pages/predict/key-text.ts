type Key = { name: string }

/** A key as an address has it: the text of one join key, or a JSON object with a member for each. */
export function keyTextOf(keys: readonly Key[], parts: Readonly<Record<string, string>>): string | undefined {
  if (keys.some(({ name }) => (parts[name] ?? '') === '')) return undefined
  const [only] = keys
  if (keys.length === 1 && only) return parts[only.name]
  return JSON.stringify(Object.fromEntries(keys.map(({ name }) => [name, parts[name]])))
}

/** The parts that an address names; what is none of this model's is left out. */
export function partsOf(keys: readonly Key[], text: string | undefined): Record<string, string> {
  const [only] = keys
  if (text === undefined || only === undefined) return {}
  if (keys.length === 1) return { [only.name]: text }
  let read: unknown
  try {
    read = JSON.parse(text)
  } catch {
    return {}
  }
  if (typeof read !== 'object' || read === null) return {}
  const given = read as Record<string, unknown>
  return Object.fromEntries(
    keys.flatMap(({ name }) => (Object.hasOwn(given, name) ? [[name, String(given[name])] as const] : [])),
  )
}
