import type { SnapshotOutcome } from '../lake/lake.ts'
import type { Finding } from './finding.ts'

/** What became of one source of a delivery. */
export type SourceReport = {
  source: string
  /** unchanged: the moment's newest version has this content; corrected: it has other content, and stays beside. */
  outcome: SnapshotOutcome
  /** Why unchanged: the file is the same to the byte, or only its content is (order of rows, line ends, quotes). */
  same: 'bytes' | 'content' | null
  snapshot: string
  version: number
  rows: number
  digest: string
  findings: Finding[]
}
