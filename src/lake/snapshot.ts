import type { Instant } from '../base/instant.ts'

/** One accepted version of the state of a source at a moment. Never changes. */
export type Snapshot = {
  /** Source, moment and version in one name: `users/2024-01-31/v1`. */
  id: string
  source: string
  validAt: Instant
  recordedAt: Instant
  availableAt: Instant
  seq: number
  version: number
  /** SHA-256 of the Parquet bytes. */
  digest: string
  /** The digest that it was recorded with: another than `digest` where a person's rows were taken out since. */
  recordedDigest: string
  objectKey: string
  /** SHA-256 of the file as it was delivered. */
  fileDigest: string
  rows: number
  bytes: number
  columns: { name: string; type: string }[]
  /** The columns that name a row: each combination stands in the file once, none of them null. Null where that is not so. */
  uniqueKey: string[] | null
  duckdbVersion: string
}

/** That a version was taken back: it stays known for every K before `recordedAt`. */
export type Withdrawal = { recordedAt: Instant; actor: string; reason: string }

/** A snapshot as it was recorded, whether it can still be read or not. */
export type Recorded = Snapshot & { withdrawn: Withdrawal | null }

/** What ingest hands over: an object that is in the store, and what it holds. */
export type SnapshotDraft = Pick<
  Snapshot,
  'source' | 'validAt' | 'digest' | 'objectKey' | 'fileDigest' | 'rows' | 'bytes' | 'columns' | 'uniqueKey'
> & { publishDelayMs: number }

/**
 * unchanged: the moment's newest version has the same content already, and nothing was added. corrected: the moment had
 * a version before, which may have been taken back.
 */
export type SnapshotOutcome = 'accepted' | 'corrected' | 'unchanged'
