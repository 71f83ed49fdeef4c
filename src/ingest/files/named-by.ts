import type { Source } from '../../config/project.ts'
import { kindOfName, mayBePacked, withoutEnding } from './known-endings.ts'

/**
 * Whether an entry of a delivery's folder is what a source names: its file (also packed by gzip or zstd), one that its pattern fits,
 * or, where the project names none, the source's name with a known ending or alone, as a folder of parts.
 */
export function isNamedBy(name: string, { name: source, file, anyFile, postgres }: Source): boolean {
  if (postgres !== null) return false
  if (anyFile) return name === source || (withoutEnding(name) === source && kindOfName(name) !== undefined)
  const [folder = '', part] = file.split('/')
  if (part !== undefined) return name === folder
  return fits(name, file) || (mayBePacked(file) && (fits(name, `${file}.gz`) || fits(name, `${file}.zst`)))
}

/** A `*` stands for any text. */
export function fits(name: string, pattern: string): boolean {
  const literal = pattern.split('*').map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`, 's').test(name)
}
