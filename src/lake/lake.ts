/**
 * The lake: every accepted state of every source, for ever. A snapshot is an immutable Parquet object, named by the
 * SHA-256 of its bytes, and a row in the catalogue that says which source and moment it describes, which version of
 * that moment it is, and when it was recorded.
 *
 * Owns the schema `lake`, the objects below `snapshots/` and the secret of the home. Invariants:
 * - Append only. A correction is a new version of its moment; the versions before it stay.
 * - recorded_at comes from us, never from a file. All snapshots of one commit share it, so no K sees half a delivery;
 *   it is later than that of every earlier commit and than every K pinned before, whatever the machine's clock does.
 * - available_at: valid_at + the source's publish delay for the first version of a moment; recorded_at for a
 *   correction, and never before that of the version which it corrects.
 * - A withdrawal takes one version back from its own recorded_at on: for every K before it nothing changes, for every K
 *   from it on no reader sees the version, and the one before it counts again. Its row and file stay. Everything here
 *   that reads means "visible as of K"; only `history` also tells of what was taken back.
 * - An erasure is the one exception to "immutable": the files that hold a person are written again without its rows, and
 *   the rows of the catalogue keep the digests that were recorded beside those that are read now.
 * - Bytes are checked against their digest before they are believed: nothing is read of a damaged or missing object, and a
 *   delivery of the same content puts it right.
 * - A file that is written again is read only where nobody wrote it meanwhile: no erasure puts back whom another took out.
 * - Whoever was taken out does not come in again, unless that was lifted; who it was stands here as an HMAC only.
 * - Small files of a source of changes may be merged into larger copies beside them (merge-small.ts). That changes no answer,
 *   and whoever is erased is in no copy either; a copy that is damaged or gone is done without.
 * - The object is in the store before its row: a crash between leaves an object without a row, which a later ingest
 *   of the same content takes up.
 *
 * Doors: collect-objects.ts, csv-file.ts, duck.ts, erase.ts, lazy-duck.ts, merge-small.ts, merged-files.ts, named-by-digest.ts, objects.ts,
 * open-store.ts, quote.ts, scratch.ts, snapshot-path.ts,
 * snapshot.ts, subject.ts, suppression.ts, trim-cache.ts,
 * withdraw.ts, work.ts.
 */

import { type Clock, systemClock } from '../base/clock.ts'
import { addMs, displayInstant, type Instant, instantOfMs } from '../base/instant.ts'
import type { Database, Sql } from '../db/sql.ts'
import { type Caches, createCaches } from './caches.ts'
import type { Duck } from './duck.ts'
import { createLakeErasure, type LakeErasure } from './erase.ts'
import { insertKeyPlaces, selectErasedAt } from './erasure-queries.ts'
import { keepFile } from './keep-file.ts'
import { createLook, type Look } from './look/look.ts'
import { type MergeReport, type MergeRequest, mergeSmall } from './merge-small.ts'
import { mergedPaths } from './merged-files.ts'
import { type ObjectState, stateOfObject } from './named-by-digest.ts'
import type { ObjectStore } from './objects.ts'
import {
  findNewestVersion,
  findPrevious,
  findSnapshot,
  insertSnapshot,
  newestChange,
  type PageFilter,
  type SnapshotFilter,
  type SnapshotSearch,
  type SourceTotals,
  selectByDigest,
  selectById,
  selectBySeq,
  selectMoment,
  selectMoments,
  selectPage,
  selectSnapshots,
  selectSourceTotals,
  selectVisible,
  takeMoment,
} from './queries.ts'
import { createSecret } from './secret.ts'
import type { Recorded, Snapshot, SnapshotDraft, SnapshotOutcome, Withdrawal } from './snapshot.ts'
import { type SnapshotName, snapshotPath } from './snapshot-path.ts'
import { createSuppressions, type Suppressions } from './suppression.ts'
import { type AlsoWritten, type WithdrawRequest, withdraw } from './withdraw.ts'
import { createWork, type Work } from './work.ts'

export type { Recorded, Snapshot, SnapshotDraft, SnapshotOutcome, SourceTotals, Withdrawal, WithdrawRequest }

export type Committed = { outcome: SnapshotOutcome; snapshot: Snapshot }

export type Lake = {
  /** Adds all drafts or none, in the caller's transaction, and tells for each in order what became of it. */
  commit(tx: Sql, drafts: SnapshotDraft[]): Promise<Committed[]>
  /** All versions that can be read as of K (now, where none is named), by source, moment and version. */
  list(where?: SnapshotFilter): Promise<Snapshot[]>
  /** All versions that were ever recorded until K, with what was known of their withdrawal at K; in `on`, where given. */
  history(where?: SnapshotFilter, on?: Sql): Promise<Recorded[]>
  /** A page of all that was recorded, newest first, with what is known of it now. */
  page(where: PageFilter): Promise<Recorded[]>
  /** How much there is of each source that was ever taken in. */
  totals(): Promise<SourceTotals[]>
  /** What was recorded under these ids, or under a digest of a file, with what is known of it now. */
  recorded(
    where: { ids: readonly string[] } | { seqs: readonly number[] } | { digest: string; limit: number },
  ): Promise<Recorded[]>
  /** Takes one version back; refuses an unknown one, one that was taken back before, and one of several unnamed. */
  withdraw(request: WithdrawRequest, also?: AlsoWritten): Promise<Recorded>
  /** When the catalogue last changed what can be read; null before the first time. */
  changedAt(): Promise<Instant | null>
  /**
   * Among snapshots with valid_at <= T (and >= notBefore), recorded_at <= K, available_at <= availableBy, the one with
   * the greatest (valid_at, available_at, seq).
   */
  snapshotAt(search: SnapshotSearch): Promise<Snapshot | undefined>
  /** The newest version of exactly this moment. */
  newestVersion(source: string, validAt: Instant): Promise<Snapshot | undefined>
  /** The newest version of the latest moment before this one. */
  previous(source: string, before: Instant): Promise<Snapshot | undefined>
  /** The moments for which there is a snapshot, ascending; both ends inclusive. */
  moments(where: { source: string; from?: Instant; to?: Instant; knownAt?: Instant }): Promise<Instant[]>
  /**
   * A K for a run that starts now: later than everything recorded so far, earlier than everything recorded from now
   * on, so that reading the catalogue as of K gives the same answer for ever.
   */
  pinKnownAt(): Promise<Instant>
  /** The present by the database's clock, and later than all that was recorded: what hosts agree on. */
  moment(): Promise<Instant>
  /** A private folder for the files that become snapshots; gone when `body` is done. */
  withScratch<T>(body: (dir: string) => Promise<T>): Promise<T>
  /** Moves a finished Parquet file of the scratch folder into the store under its digest; knows nothing of it yet. */
  keep(parquetFile: string): Promise<{ digest: string; objectKey: string; bytes: number }>
  /** Where DuckDB reads the snapshot. Refuses (corrupt) one whose object is damaged or gone, and says how it comes back. */
  path(snapshot: SnapshotName): Promise<string>
  /** Where rows of small snapshots of one source can be read together, by seq; see merged-files.ts. */
  mergedPaths(snapshots: readonly Snapshot[]): Promise<Map<number, string>>
  /** Writes small files of these sources into larger ones, for readers; changes no answer. */
  mergeSmall(request: MergeRequest): Promise<MergeReport>
  /** What the store itself has of a snapshot, read anew. */
  stateOf(snapshot: SnapshotName): Promise<ObjectState>
  /** What must be over before an erasure goes on; see work.ts. */
  readonly work: Work
  /** Who may not come in. */
  readonly suppressions: Suppressions
  /** Rows, differences and statistics, for people. */
  readonly look: Look
  /** Takes a subject's rows out of every file. */
  readonly erasure: LakeErasure
  /** Copies of objects on the hosts. */
  readonly caches: Caches
  /** Keeps where keys stand in sources that are taken in now, for the day when the project no longer says so. */
  rememberPlaces(
    tx: Sql,
    places: readonly { entity: string; source: string; columns: readonly string[] }[],
  ): Promise<void>
  /** When an object was taken out because somebody's data was in it. */
  erasedAt(objectKey: string): Promise<Instant | undefined>
  close(): Promise<void>
}

/** Without a clock the time is the database's, since those of several hosts differ. */
export function createLake(deps: { sql: Database; objects: ObjectStore; duck: Duck; clock?: Clock }): Lake {
  const { sql, objects, duck, clock } = deps
  const now = () => (clock === undefined ? null : instantOfMs(clock.nowMs()))
  const here = { now: () => instantOfMs((clock ?? systemClock).nowMs()) }
  const work = createWork(sql)
  return {
    async commit(tx, drafts) {
      const recordedAt = await takeMoment(tx, now())
      const committed: Committed[] = []
      for (const draft of drafts) committed.push(await commitOne(tx, draft, recordedAt, duck.version))
      return committed
    },
    list: (where = {}) => selectVisible(sql, where),
    history: (where = {}, on = sql) => selectSnapshots(on, where),
    page: (where) => selectPage(sql, where),
    totals: () => selectSourceTotals(sql),
    recorded: (where) => {
      if ('digest' in where) return selectByDigest(sql, where.digest, where.limit)
      return 'ids' in where ? selectById(sql, where.ids) : selectBySeq(sql, where.seqs)
    },
    withdraw: (request, also) => withdraw({ sql, now }, request, also),
    changedAt: () => newestChange(sql),
    snapshotAt: (search) => findSnapshot(sql, search),
    newestVersion: (source, validAt) => findNewestVersion(sql, source, validAt),
    previous: (source, before) => findPrevious(sql, source, before),
    moments: (where) => selectMoments(sql, where),
    withScratch: (body) => objects.withScratch(body),
    keep: (parquetFile) => keepFile(objects, parquetFile),
    pinKnownAt: () => takeMoment(sql, now()),
    moment: () => selectMoment(sql),
    path: (snapshot) => snapshotPath(objects, snapshot),
    mergedPaths: (snapshots) => mergedPaths(deps, snapshots),
    mergeSmall: (request) => mergeSmall({ ...deps, work, ...here }, request),
    stateOf: (snapshot) => stateOfObject(objects, snapshot.objectKey),
    work,
    suppressions: createSuppressions({ sql, secret: createSecret({ sql, objects }), ...here }),
    look: createLook({ sql, objects, duck, work }),
    erasure: createLakeErasure({ ...deps, work, ...here }),
    caches: createCaches({ sql, objects, ...here }),
    rememberPlaces: insertKeyPlaces,
    erasedAt: (objectKey) => selectErasedAt(sql, objectKey),
    close: work.close,
  }
}

/** Reads the newest version only now, under the clock's lock: another process may have added one meanwhile. */
async function commitOne(
  tx: Sql,
  draft: SnapshotDraft,
  recordedAt: Instant,
  duckdbVersion: string,
): Promise<Committed> {
  const { publishDelayMs, ...content } = draft
  const newest = await findNewestVersion(tx, draft.source, draft.validAt)
  // The content that a person's rows were taken out of is not brought back by delivering it again.
  if (newest && [newest.digest, newest.recordedDigest].includes(draft.digest))
    return { outcome: 'unchanged', snapshot: newest }
  // Also one that was taken back: its number is not used again, and what comes after it is a correction of it.
  const before = (await selectSnapshots(tx, { source: draft.source, validAt: draft.validAt })).at(-1)
  const version = (before?.version ?? 0) + 1
  const snapshot = await insertSnapshot(tx, {
    ...content,
    id: `${draft.source}/${displayInstant(draft.validAt)}/v${version}`,
    version,
    recordedAt,
    availableAt: before ? later(recordedAt, before.availableAt) : addMs(draft.validAt, publishDelayMs),
    duckdbVersion,
  })
  return { outcome: before ? 'corrected' : 'accepted', snapshot }
}

/** With a long publish delay a correction may be recorded before the first version counts as available. */
function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b
}
