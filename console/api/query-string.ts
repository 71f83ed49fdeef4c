/** `?a=1&b=x` of what is there; nothing where all is left out. Lists are repeated. */
export function queryString(
  given: Record<string, string | number | boolean | readonly string[] | null | undefined>,
): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) continue
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** A part of a path: what a person chose as a name may have any character. */
export function part(name: string | number): string {
  return encodeURIComponent(String(name))
}
