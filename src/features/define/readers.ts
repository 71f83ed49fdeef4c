import { type Instant, LAST_INSTANT } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import type { Recorded } from '../../lake/snapshot.ts'
import type { DatasetRef, JoinMode } from '../offline/training-set.ts'
import type { OnlineTableRow } from '../queries.ts'
import type { ViewDefinition } from './definitions.ts'

/** A training set as it was built; its bytes may be gone since. */
export type BuiltSet = {
  identity: string
  digest: string
  /** labels: of a model. rows: a caller's own, joined with a feature service. */
  kind: 'labels' | 'rows'
  name: string
  asOf: Instant | null
  knownAt: Instant
  mode: JoinMode
  rows: number
  builtAt: Instant
}

/** Who read a snapshot: the training sets that were built from it, and the views whose live values come from it. */
export type Readers = { trainingSets: BuiltSet[]; views: LiveView[] }

/** `asOf`: the bound up to which the view was materialized, null where there was none. */
export type LiveView = { view: string; asOf: Instant | null }

export type BuiltFrom = Pick<BuiltSet, 'kind' | 'name' | 'asOf' | 'knownAt' | 'mode'>

/** Once for each identity: what is built again from the same has the same. */
export async function recordTrainingSet(sql: Sql, set: DatasetRef, from: BuiltFrom, now: Instant): Promise<void> {
  const snapshots = [...new Set(set.inputs.map((input) => input.snapshotId))]
  await sql.query(
    `insert into features.training_set (identity, digest, object_key, name, kind, as_of, known_at, mode, rows, built_at, snapshots)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text[]) on conflict do nothing`,
    [
      ...[set.identity, set.digest, set.objectKey, from.name, from.kind, from.asOf, from.knownAt, from.mode],
      ...[set.rows, now, snapshots],
    ],
  )
}

export async function selectTrainingSets(sql: Sql, snapshotId: string): Promise<BuiltSet[]> {
  return sql.query<BuiltSet>(
    `select identity, digest, kind, name, as_of as "asOf", known_at as "knownAt", mode, rows, built_at as "builtAt"
     from features.training_set where snapshots @> array[$1::text] order by built_at, known_at, identity`,
    [snapshotId],
  )
}

export type BuiltSetOf = BuiltSet & { snapshots: string[] }

/** By identity, or by the digest that runs name; newest first. */
export async function selectBuiltSets(
  sql: Sql,
  { identity = null, digest = null }: { identity?: string | null; digest?: string | null },
): Promise<BuiltSetOf[]> {
  return sql.query<BuiltSetOf>(
    `select identity, digest, kind, name, as_of as "asOf", known_at as "knownAt", mode, rows, built_at as "builtAt", snapshots
     from features.training_set where ($1::text is null or identity = $1) and ($2::text is null or digest = $2)
     order by built_at desc, identity limit 100`,
    [identity, digest],
  )
}

/** The view, if its live table shows this snapshot; also where that was withdrawn and the table is not corrected yet. */
export function liveFrom(view: ViewDefinition, held: OnlineTableRow | undefined, snapshot: Recorded): LiveView[] {
  if (!held?.snapshotId || held.recordedAt === null || view.source !== snapshot.source) return []
  if (view.changes === null) return held.snapshotId === snapshot.id ? [{ view: view.name, asOf: held.validAt }] : []
  const { seq, withdrawn } = snapshot
  const shown = seq <= held.seq && (withdrawn === null || withdrawn.recordedAt > held.recordedAt)
  const bound = held.coverage.at(-1)?.to ?? LAST_INSTANT
  return shown ? [{ view: view.name, asOf: bound === LAST_INSTANT ? null : bound }] : []
}
