/** A CSV text without quotes as columns of text. */
export function columnsOf(text: string): Map<string, string[]> {
  const [header, ...lines] = text.trimEnd().split('\n')
  const rows = lines.map((line) => line.split(','))
  return new Map(header!.split(',').map((name, c) => [name, rows.map((row) => row[c]!)]))
}

/** All columns of a month by name; every file speaks of the same customers in the same order. */
export function allColumns(files: Record<string, string>): Map<string, string[]> {
  return new Map(Object.values(files).flatMap((text) => [...columnsOf(text)]))
}

export function share<T>(values: readonly T[], holds: (value: T) => boolean): number {
  return values.filter(holds).length / values.length
}

export function mean(values: readonly string[]): number {
  return values.reduce((sum, value) => sum + Number(value), 0) / values.length
}

export function differing(a: readonly string[], b: readonly string[]): number {
  return a.filter((value, i) => value !== b[i]).length
}
