import { PlatformError } from '../../base/errors.ts'
import type { Instant } from '../../base/instant.ts'
import type { Project } from '../../config/project.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake, Snapshot } from '../../lake/lake.ts'
import type { Catalogue } from '../define/catalogue.ts'
import type { Column, ViewDefinition } from '../define/definitions.ts'
import { keyOfText } from '../define/key-text.ts'
import { parseKey } from '../define/keys.ts'

/** A snapshot, and from which moment on the values of its source come from it. */
export type Read = { source: string; moment: Instant; snapshot: Snapshot }

/** A table at a setting, with its rows as a statement of the session: `k<i>`, `c<i>` and `_ts`, `_known`, `_from`, `_status`. */
export type TableAt = {
  keys: Column[]
  values: (Column & { source: string | null })[]
  sql: string
  /** In which order the rows are shown. */
  order: string[]
  /** What names a row for the comparison with another setting. */
  identity: string[]
  /** Read by all rows; of those with a `_from` only what they name is. */
  reads: Read[]
  snapshots: Snapshot[]
  note: string | null
  /** Rows of the file that are not among these: without a key, or before another of the same. Of whole states. */
  fileRows: number | null
}

export type TimeDeps = { project: Project; catalogue: Catalogue; lake: Lake; session: DuckSession }

/** Parts in the order of the join keys, in that of the keys of a view. */
export function partsOfView(joinKeys: readonly Column[], { keys }: ViewDefinition, parts: readonly string[]): string[] {
  return keys.map((key) => parts[joinKeys.findIndex(({ name }) => name === key.name)] ?? '')
}

/** The text of the parts of a key; refuses what can be none. */
export function keyParts(keys: readonly Column[], key: string | null): readonly string[] | null {
  if (key === null) return null
  if (keys.length === 0) throw new PlatformError('invalid_argument', 'this has no key: its row holds for everybody')
  return parseKey(keys, keyOfText(keys, key))
}
