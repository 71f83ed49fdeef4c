import { displayInstant, type Instant } from '../../base/instant.ts'
import type { TimeKind } from '../../wire/time.ts'
import type { JoinMode } from '../offline/snapshot-selection.ts'

export type Said = {
  kind: TimeKind
  name: string
  key: string | null
  /** Where the name alone could mean several things. */
  ambiguous: boolean
  mode: JoinMode
  validAt: Instant
  knownAt: Instant
  other?: { validAt: Instant; knownAt: Instant }
}

/** The command that prints the same. */
export function commandOf({ kind, name, key, ambiguous, mode, validAt, knownAt, other }: Said): string {
  const words = [
    'npx weir at',
    quoted(name),
    // A key like -5 would be read as an option.
    ...(key === null ? [] : key.startsWith('-') ? [`--key=${quoted(key)}`] : [quoted(key)]),
    ...(ambiguous ? [`--of ${kind}`] : []),
    `--valid-at ${displayInstant(validAt)}`,
    `--known-at ${displayInstant(knownAt)}`,
    ...(mode === 'served' ? ['--mode served'] : []),
    ...(other
      ? [`--other-valid-at ${displayInstant(other.validAt)}`, `--other-known-at ${displayInstant(other.knownAt)}`]
      : []),
  ]
  return words.join(' ')
}

/** As a POSIX shell reads it. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
