/** Text of the outside inside of Markdown: nothing in it is markup, and it stays on its line. */
export function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]()#+!|~>:@-]|(?<=www)\./gi, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
}

/** Text as code: in a fence long enough for any backtick in it. */
export function code(text: string): string {
  const flat = text.replace(/\s+/g, ' ')
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  // A bar would end the cell of a table even inside of code.
  return `${fence}${longest > 0 ? ` ${flat} ` : flat}${fence}`.replaceAll('|', '\\|')
}

/** A table; cells are Markdown already. Empty without rows. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Four digits that matter, as a person reads them; the same on every machine. */
export function shown(value: number | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (Number.isInteger(value)) return String(value)
  return String(Number(value.toPrecision(4)))
}

export function percent(share: number): string {
  return `${shown(100 * share)} %`
}
