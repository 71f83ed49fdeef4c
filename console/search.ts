/** Readers of search parameters: what a link carries is text of somebody else's, so anything may stand there. */
export type Given = Record<string, unknown>

export function textOf(given: Given, name: string): string | undefined {
  const value = given[name]
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined
}

export function numberOf(given: Given, name: string): number | undefined {
  const value = Number(given[name] ?? Number.NaN)
  return Number.isFinite(value) ? value : undefined
}

export function flagOf(given: Given, name: string): boolean | undefined {
  return given[name] === true || given[name] === 'true' || undefined
}

export function listOf(given: Given, name: string): string[] | undefined {
  const value = given[name]
  const list = Array.isArray(value) ? value : typeof value === 'string' || typeof value === 'number' ? [value] : []
  const texts = list.filter((one) => typeof one === 'string' || typeof one === 'number').map(String)
  return texts.length > 0 ? texts : undefined
}

export function oneOf<Value extends string>(given: Given, name: string, values: readonly Value[]): Value | undefined {
  return values.find((value) => value === given[name])
}
