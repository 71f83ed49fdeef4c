import type { Clock } from '../base/clock.ts'
import { sha256File } from '../base/hash.ts'
import { type Instant, instantOfMs } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import { progress } from '../base/progress.ts'
import { keyPlaces } from '../config/key-places.ts'
import type { Project, Source } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import type { Duck, DuckSession } from '../lake/duck.ts'
import type { Committed, Lake, Snapshot, SnapshotDraft } from '../lake/lake.ts'
import { checkContent, restored } from './content-checks.ts'
import type { Finding } from './finding.ts'
import { type Delivery, insertDelivery } from './queries.ts'
import type { ReadDelivery } from './read-delivery.ts'
import type { SourceReport } from './report.ts'
import { snapshotColumns, uniqueKeyOf, writeParquet } from './write-snapshot.ts'

export type IngestReport = {
  delivery: number
  asOf: Instant
  state: 'accepted' | 'unchanged'
  sources: SourceReport[]
  /** What concerns no single source. */
  findings: Finding[]
}

/** What became of a try, for whoever watches. */
export type Delivered = { id: number; asOf: Instant; state: Delivery['state'] }

export type IngestDeps = {
  sql: Sql
  lake: Lake
  duck: Duck
  project: Project
  clock: Clock
  log: Log
  onDelivery?: (told: Delivered) => void
  /** Part of the transaction that takes new snapshots in. */
  onTaken?: (tx: Sql, taken: Taken) => Promise<void>
}
/** What a delivery brought that was not there before. */
export type Taken = { delivery: number; asOf: Instant; snapshots: { source: string; id: string; version: number }[] }

export type Attempt = Pick<Delivery, 'asOf' | 'directory' | 'startedAt' | 'actor' | 'files'> & { asked: string[] }

/** The objects, durable before the catalogue speaks of them. */
export async function writeDrafts(
  given: IngestDeps & { session: DuckSession; asOf: Instant; scratch: string },
  read: ReadDelivery,
): Promise<SnapshotDraft[]> {
  const { lake, session, asOf, scratch } = given
  const drafts: SnapshotDraft[] = []
  const onProgress = progress()
  const total = read.tables.reduce((sum, table) => sum + table.rows, 0)
  let done = 0
  for (const table of read.tables) {
    onProgress({ phase: 'write snapshots', done, total, unit: 'rows' })
    done += table.rows
    const newest = await lake.newestVersion(table.source.name, asOf)
    const was = newest && (await lake.stateOf(newest))
    const path = await writeParquet(session, table, scratch)
    if (newest && (await isErased(newest, path))) {
      read.unchanged.push(newest)
      continue
    }
    const kept = await lake.keep(path)
    if (newest?.digest === kept.digest && was !== 'intact') read.findings.push(restored(table.source, newest.id, was))
    const { name, publishDelayMs } = table.source
    const { fileDigest } = table
    const columns = snapshotColumns(table.source)
    const uniqueKey = await uniqueKeyOf(session, table)
    drafts.push({
      source: name,
      validAt: asOf,
      publishDelayMs,
      fileDigest,
      rows: table.rows,
      columns,
      uniqueKey,
      ...kept,
    })
    read.findings.push(...(await checkContent(lake, table.source, asOf, kept.digest)))
  }
  onProgress({ phase: 'write snapshots', done, total, unit: 'rows' })
  return drafts
}

/** The content that somebody was taken out of since: it is known, and does not even come into the store again. */
async function isErased({ digest, recordedDigest }: Snapshot, path: string): Promise<boolean> {
  return digest !== recordedDigest && (await sha256File(path)) === recordedDigest
}

export async function accept(
  { sql, lake, project, clock, onTaken }: IngestDeps,
  attempt: Attempt,
  read: ReadDelivery & { drafts: SnapshotDraft[]; sources: Source[] },
): Promise<IngestReport> {
  return sql.tx(async (tx) => {
    const committed = read.drafts.length === 0 ? [] : await lake.commit(tx, read.drafts)
    const names = new Set(read.sources.map((source) => source.name))
    await lake.rememberPlaces(
      tx,
      keyPlaces(project).filter((place) => names.has(place.source)),
    )
    const known = read.unchanged.map((snapshot): Committed => ({ outcome: 'unchanged', snapshot }))
    const reports = read.sources.map((source) => {
      const done = [...committed, ...known].find((c) => c.snapshot.source === source.name)!
      const findings = read.findings.filter((f) => f.source === source.name)
      return reportOf(done, known.includes(done), findings)
    })
    const state = reports.every((r) => r.outcome === 'unchanged') ? 'unchanged' : 'accepted'
    const delivery = await insertDelivery(tx, {
      ...attempt,
      finishedAt: instantOfMs(clock.nowMs()),
      state,
      sources: reports.map(({ findings: _, ...rest }) => rest),
      findings: read.findings,
    })
    const added = reports.filter((r) => r.outcome !== 'unchanged')
    if (added.length > 0) {
      await noteDelivery(tx, 'delivery.accepted', delivery, { snapshots: added.map((r) => r.snapshot) })
      const snapshots = added.map(({ source, snapshot: id, version }) => ({ source, id, version }))
      await onTaken?.(tx, { delivery, asOf: attempt.asOf, snapshots })
    }
    const findings = read.findings.filter((f) => f.source === null)
    return { delivery, asOf: attempt.asOf, state, sources: reports, findings }
  })
}

/** No name of a file and nothing that was found in one: both can name people. */
export function noteDelivery(
  tx: Sql,
  action: 'delivery.accepted' | 'delivery.refused',
  delivery: number,
  to: object,
): Promise<void> {
  return recordChange(tx, { action, on: { kind: 'delivery', name: String(delivery) }, from: null, to })
}

function reportOf({ outcome, snapshot }: Committed, sameBytes: boolean, findings: Finding[]): SourceReport {
  const { id, source, version, rows, digest } = snapshot
  const same = outcome === 'unchanged' ? (sameBytes ? 'bytes' : 'content') : null
  return { source, outcome, same, snapshot: id, version, rows, digest, findings }
}
