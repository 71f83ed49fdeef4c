/** A table; what would end a cell is written so that it does not. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}

/** A page: its first lines say where it comes from. */
export function page(title: string, about: string, source: string, parts: readonly string[]): string {
  const made = `Made by \`npm run docs\` from ${source}; a test compares. Do not edit.`
  return `${[`# ${title}`, about, made, ...parts].join('\n\n')}\n`
}
