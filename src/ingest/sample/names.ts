import type { Format, Source } from '../../config/project.ts'
import { alike, plainName } from '../csv-header.ts'

/** What is around the values of a file. */
export type Layout = Partial<Pick<Format, 'delimiter' | 'quote' | 'skipLines' | 'header' | 'trim' | 'names' | 'sheet'>>

/** How many columns of the project are named in a line, whatever its capitals, blanks and marks. */
export function namesKnown(fields: readonly string[], { columns }: Source): number {
  const there = new Set(fields.map(plainName))
  return columns.filter(({ name }) => plainName(name) !== '' && there.has(plainName(name))).length
}

/** What columns are called, where it is not their name; blanks around a name alone are a matter of trimming. */
export function namesIn(fields: readonly string[], source: Source): Layout {
  const { columns } = source
  const trim = columns.some(({ name }) => !fields.includes(name) && fields.some((field) => field.trim() === name))
  const held = trim ? fields.map((field) => field.trim()) : fields
  const names = columns.flatMap(({ name }) => {
    if (held.includes(name)) return []
    const like = held.filter((field) => alike(field, name))
    return like.length === 1 ? [[name, like[0]!] as const] : []
  })
  const placed = namesByPlace(held, source)
  return { ...(trim ? { trim } : {}), names: { ...Object.fromEntries(names), ...placed } }
}

/**
 * The names of columns that nothing is like, by their place: as many names as columns, and those that are known stand where the
 * project has them. Whether that is meant only a person can know.
 */
export function namesByPlace(fields: readonly string[], { columns }: Source): Record<string, string> {
  const given = fields.at(-1) === '' ? fields.slice(0, fields.findLastIndex((field) => field !== '') + 1) : fields
  if (given.length !== columns.length || new Set(given).size < given.length) return {}
  const open = columns.flatMap(({ name }, i) => (alike(name, given[i]!) ? [] : [[name, given[i]!] as const]))
  const free = ([, field]: readonly [string, string]) =>
    field.trim() !== '' && !columns.some(({ name }) => alike(name, field))
  return open.every(free) ? Object.fromEntries(open) : {}
}

/** What was named by its place, for a person to look at. */
export function placedNote(fields: readonly string[], source: Source): string[] {
  const placed = Object.entries(
    namesByPlace(
      fields.map((field) => field.trim()),
      source,
    ),
  )
  if (placed.length === 0) return []
  const pairs = placed.map(([name, field]) => `'${field}' as ${name}`)
  return [`names that are unlike those of the project were taken by their place: ${pairs.join(', ')}`]
}
