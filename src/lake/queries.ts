import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import type { Recorded, Snapshot, Withdrawal } from './snapshot.ts'

const COLUMNS = `s.id, s.source, s.valid_at as "validAt", s.recorded_at as "recordedAt",
  s.available_at as "availableAt", s.seq, s.version, coalesce(r.digest, s.digest) as digest,
  s.digest as "recordedDigest", coalesce(r.object_key, s.object_key) as "objectKey", s.file_digest as "fileDigest",
  coalesce(r.rows, s.rows) as rows, coalesce(r.bytes, s.bytes) as bytes, s.columns,
  s.unique_key as "uniqueKey", s.duckdb_version as "duckdbVersion"`

/** Each snapshot with the file that is read for it now. */
export const SNAPSHOTS = `lake.snapshot s left join lateral (
  select * from lake.redacted_file f where f.seq = s.seq order by f.redaction desc limit 1) r on true`

/** Recorded at or before K, and not taken back by then; K is now where `place` is null. */
const visibleAt = (place: string) => `(${place}::timestamptz is null or s.recorded_at <= ${place})
  and not exists (select from lake.withdrawal w
    where w.seq = s.seq and (${place}::timestamptz is null or w.recorded_at <= ${place}))`

/**
 * A moment later than all that were taken before, and at least `now`, by the database's clock where that is null; others
 * wait until the transaction ends.
 */
export async function takeMoment(sql: Sql, now: Instant | null): Promise<Instant> {
  const rows = await sql.query<{ last: Instant }>(
    `update lake.clock set last = greatest(coalesce($1::timestamptz, clock_timestamp()), last + interval '1 microsecond')
     returning last`,
    [now],
  )
  return rows[0]!.last
}

/** The same without taking it: nobody waits, and two may get the same. */
export async function selectMoment(sql: Sql): Promise<Instant> {
  const rows = await sql.query<{ now: Instant }>(
    `select greatest(clock_timestamp(), last + interval '1 microsecond') as now from lake.clock`,
  )
  return rows[0]!.now
}

export async function insertSnapshot(sql: Sql, s: Omit<Snapshot, 'seq' | 'recordedDigest'>): Promise<Snapshot> {
  const rows = await sql.query<{ seq: number }>(
    `insert into lake.snapshot (id, source, valid_at, version, recorded_at, available_at, digest, object_key,
       file_digest, rows, bytes, columns, unique_key, duckdb_version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13::jsonb, $14)
     returning seq`,
    [
      ...[s.id, s.source, s.validAt, s.version, s.recordedAt, s.availableAt, s.digest, s.objectKey],
      ...[
        s.fileDigest,
        s.rows,
        s.bytes,
        JSON.stringify(s.columns),
        s.uniqueKey && JSON.stringify(s.uniqueKey),
        s.duckdbVersion,
      ],
    ],
  )
  return { ...s, seq: rows[0]!.seq, recordedDigest: s.digest }
}

export type SnapshotFilter = { source?: string; validAt?: Instant; knownAt?: Instant }

/** Those that may be read as of K. */
export async function selectVisible(sql: Sql, where: SnapshotFilter): Promise<Snapshot[]> {
  return sql.query<Snapshot>(
    `select ${COLUMNS} from ${SNAPSHOTS}
     where ($1::text is null or source = $1)
       and ($2::timestamptz is null or valid_at = $2)
       and ${visibleAt('$3')}
     order by source, valid_at, version`,
    [where.source ?? null, where.validAt ?? null, where.knownAt ?? null],
  )
}

/** All that were recorded until K, also those that were taken back since, with what was known of that at K. */
export async function selectSnapshots(sql: Sql, where: SnapshotFilter): Promise<Recorded[]> {
  const rows = await sql.query<WithWithdrawal>(
    `select ${COLUMNS}, w.recorded_at as "withdrawnAt", w.actor, w.reason
     from ${SNAPSHOTS} left join lake.withdrawal w
       on w.seq = s.seq and ($3::timestamptz is null or w.recorded_at <= $3)
     where ($1::text is null or source = $1)
       and ($2::timestamptz is null or valid_at = $2)
       and ($3::timestamptz is null or s.recorded_at <= $3)
     order by source, valid_at, version`,
    [where.source ?? null, where.validAt ?? null, where.knownAt ?? null],
  )
  return rows.map(recorded)
}

export type PageFilter = {
  source?: string
  validAt?: Instant
  withdrawn?: boolean
  /** Only those with a smaller seq. */
  before: number | null
  limit: number
}

/** Newest first, each with what is known of it now. */
export async function selectPage(sql: Sql, where: PageFilter): Promise<Recorded[]> {
  return selectRecorded(
    sql,
    `where ($1::text is null or source = $1)
       and ($2::timestamptz is null or valid_at = $2)
       and ($3::boolean is null or (w.seq is not null) = $3)
       and ($4::bigint is null or s.seq < $4)
     order by s.seq desc
     limit $5`,
    [where.source ?? null, where.validAt ?? null, where.withdrawn ?? null, where.before, where.limit],
  )
}

/** Which and in what order, as the rest of a statement; each with what is known of it now. */
async function selectRecorded(sql: Sql, which: string, values: unknown[]): Promise<Recorded[]> {
  const rows = await sql.query<WithWithdrawal>(
    `select ${COLUMNS}, w.recorded_at as "withdrawnAt", w.actor, w.reason
     from ${SNAPSHOTS} left join lake.withdrawal w on w.seq = s.seq ${which}`,
    values,
  )
  return rows.map(recorded)
}

type WithWithdrawal = Snapshot & { withdrawnAt: Instant | null; actor: string; reason: string }

function recorded({ withdrawnAt, actor, reason, ...snapshot }: WithWithdrawal): Recorded {
  return { ...snapshot, withdrawn: withdrawnAt === null ? null : { recordedAt: withdrawnAt, actor, reason } }
}

export async function insertWithdrawal(sql: Sql, seq: number, w: Withdrawal & { request: string }): Promise<void> {
  await sql.query(
    `insert into lake.withdrawal (seq, recorded_at, actor, reason, request) values ($1, $2, $3, $4, $5)`,
    [seq, w.recordedAt, w.actor, w.reason, w.request],
  )
}

/** The withdrawal that this wish made, when it has run before. */
export async function findRequest(sql: Sql, seq: number, request: string): Promise<boolean> {
  const rows = await sql.query(`select from lake.withdrawal where seq = $1 and request = $2`, [seq, request])
  return rows.length > 0
}

/** When the catalogue last changed what can be read: a snapshot, or one taken back. */
export async function newestChange(sql: Sql): Promise<Instant | null> {
  const rows = await sql.query<{ at: Instant | null }>(
    `select greatest((select max(recorded_at) from lake.snapshot), (select max(recorded_at) from lake.withdrawal)) as at`,
  )
  return rows[0]?.at ?? null
}

export type SnapshotSearch = {
  source: string
  /** T: the snapshot describes a moment at or before it. */
  validAt: Instant
  /** The snapshot describes a moment at or after it (T - ttl). */
  notBefore?: Instant
  /** K: recorded at or before it. */
  knownAt?: Instant
  /** Could have been known at or before it (mode `served`). */
  availableBy?: Instant
}

export async function findSnapshot(sql: Sql, search: SnapshotSearch): Promise<Snapshot | undefined> {
  const { source, validAt, notBefore, knownAt, availableBy } = search
  const rows = await sql.query<Snapshot>(
    `select ${COLUMNS} from ${SNAPSHOTS}
     where source = $1 and valid_at <= $2
       and ($3::timestamptz is null or valid_at >= $3)
       and ${visibleAt('$4')}
       and ($5::timestamptz is null or available_at <= $5)
     order by s.valid_at desc, s.available_at desc, s.seq desc
     limit 1`,
    [source, validAt, notBefore ?? null, knownAt ?? null, availableBy ?? null],
  )
  return rows[0]
}

export async function findNewestVersion(sql: Sql, source: string, validAt: Instant): Promise<Snapshot | undefined> {
  const rows = await sql.query<Snapshot>(
    `select ${COLUMNS} from ${SNAPSHOTS} where source = $1 and valid_at = $2 and ${visibleAt('null')}
     order by version desc limit 1`,
    [source, validAt],
  )
  return rows[0]
}

export async function findPrevious(sql: Sql, source: string, before: Instant): Promise<Snapshot | undefined> {
  const rows = await sql.query<Snapshot>(
    `select ${COLUMNS} from ${SNAPSHOTS} where source = $1 and valid_at < $2 and ${visibleAt('null')}
     order by valid_at desc, version desc limit 1`,
    [source, before],
  )
  return rows[0]
}

export async function selectMoments(
  sql: Sql,
  where: { source: string; from?: Instant; to?: Instant; knownAt?: Instant },
): Promise<Instant[]> {
  const rows = await sql.query<{ validAt: Instant }>(
    `select distinct valid_at as "validAt" from lake.snapshot s
     where source = $1
       and ($2::timestamptz is null or valid_at >= $2)
       and ($3::timestamptz is null or valid_at <= $3)
       and ${visibleAt('$4')}
     order by 1`,
    [where.source, where.from ?? null, where.to ?? null, where.knownAt ?? null],
  )
  return rows.map((row) => row.validAt)
}

export type RedactionRow = { suppression: number; recordedAt: Instant; entity: string; actor: string; reason: string }
export type RedactedFile = Pick<Snapshot, 'seq' | 'digest' | 'objectKey' | 'rows' | 'bytes'>

export async function insertRedaction(sql: Sql, r: RedactionRow, files: readonly RedactedFile[]): Promise<number> {
  const rows = await sql.query<{ id: number }>(
    `insert into lake.redaction (suppression, recorded_at, entity, actor, reason) values ($1, $2, $3, $4, $5) returning id`,
    [r.suppression, r.recordedAt, r.entity, r.actor, r.reason],
  )
  const { id } = rows[0]!
  for (const f of files) {
    await sql.query(
      `insert into lake.redacted_file (redaction, seq, digest, object_key, rows, bytes) values ($1, $2, $3, $4, $5, $6)`,
      [id, f.seq, f.digest, f.objectKey, f.rows, f.bytes],
    )
  }
  return id
}

export type SourceTotals = {
  source: string
  snapshots: number
  moments: number
  corrections: number
  withdrawn: number
  /** Of what counts: the newest version that can be read of each moment. */
  rows: number
  bytes: number
  /** Seq of the newest version of the newest moment that counts; null where nothing does. */
  newest: number | null
  /** The version that was named last for the last moment was taken back. */
  lastWithdrawn: boolean
}

/** How much there is of each source. */
export async function selectSourceTotals(sql: Sql): Promise<SourceTotals[]> {
  return sql.query<SourceTotals>(
    `with recorded as (
       select s.source, s.valid_at, s.version, s.seq, coalesce(r.rows, s.rows) as rows, coalesce(r.bytes, s.bytes) as bytes,
         w.seq is not null as withdrawn,
         row_number() over (partition by s.source, s.valid_at order by w.seq is not null, s.version desc) as nth,
         row_number() over (partition by s.source order by s.valid_at desc, s.version desc) as last
       from ${SNAPSHOTS} left join lake.withdrawal w on w.seq = s.seq)
     select source, count(*) as snapshots, count(*) filter (where nth = 1 and not withdrawn) as moments,
       count(*) filter (where version > 1) as corrections, count(*) filter (where withdrawn) as withdrawn,
       coalesce(sum(rows) filter (where nth = 1 and not withdrawn), 0)::bigint as rows, sum(bytes)::bigint as bytes,
       (array_agg(seq order by valid_at desc, version desc) filter (where nth = 1 and not withdrawn))[1] as newest,
       bool_or(withdrawn and last = 1) as "lastWithdrawn"
     from recorded group by source order by source`,
  )
}

/** By seq, with what is known of them now. */
export async function selectBySeq(sql: Sql, seqs: readonly number[]): Promise<Recorded[]> {
  return selectRecorded(sql, 'where s.seq = any ($1::bigint[])', [seqs])
}

/** Those that came of a delivered file, or that are or were kept under this digest. */
export async function selectByDigest(sql: Sql, digest: string, limit: number): Promise<Recorded[]> {
  const of = 's.file_digest = $1 or s.digest = $1 or r.digest = $1'
  return selectRecorded(sql, `where ${of} order by s.seq limit $2`, [digest, limit])
}

/** By id, with what is known of them now. */
export async function selectById(sql: Sql, ids: readonly string[]): Promise<Recorded[]> {
  return selectRecorded(sql, 'where s.id = any ($1::text[]) order by s.seq', [ids])
}
