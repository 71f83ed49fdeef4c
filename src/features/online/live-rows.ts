import { FIRST_INSTANT, type Instant } from '../../base/instant.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { ViewDefinition } from '../define/definitions.ts'
import { ident } from '../define/quote.ts'
import { duckInstant } from '../define/value-types.ts'
import { deliverySql, newestChangesSql, stateRowsSql, type ViewFile } from '../offline/view-rows.ts'
import { ALL_TIME, type Coverage, type Stretch } from './coverage.ts'

/**
 * The rows of an online table as DuckDB's: keys, features, `event_timestamp`, `created`, `_gone`. What materialize brings
 * and what verify expects are the same statements.
 */
export function stateLiveSql(
  view: ViewDefinition,
  file: ViewFile,
  at: { eventTimestamp: Instant; created: Instant },
): string {
  const columns = [...view.keys, ...view.features].map((c) => ident(c.name))
  return `SELECT ${columns.join(', ')}, ${duckInstant(at.eventTimestamp)} AS event_timestamp,
    ${duckInstant(at.created)} AS created, false AS _gone FROM (${stateRowsSql(view, file)})`
}

/** Of each key the newest change among the rows for which `where` holds, tombstones too. */
export function changesLiveSql(view: ViewDefinition, files: readonly ViewFile[], where: string): string {
  const columns = [...view.keys, ...view.features].map((c) => ident(c.name))
  return `SELECT ${columns.join(', ')}, _ts AS event_timestamp,
    coalesce(_known_at, ${duckInstant(FIRST_INSTANT)}) AS created, _gone FROM (${newestChangesSql(view, files, where)})`
}

type Wanted = { snapshots: readonly Snapshot[]; wanted: Coverage; before?: Coverage }

/** Rows of the wanted stretches of event time, by their delivery; without those that were brought before. */
export function wantedSql({ snapshots, wanted, before = [] }: Wanted): string {
  const last = Math.max(...snapshots.map((s) => s.seq))
  const [only, second] = wanted
  const whole = only && !second && only.seq >= last && only.from === ALL_TIME.from && only.to === ALL_TIME.to
  const conditions = [
    ...(whole ? [] : [`${seqSql(snapshots)} <= ${broughtSql(wanted)}`]),
    ...(before.length === 0 ? [] : [`${seqSql(snapshots)} > ${broughtSql(before)}`]),
  ]
  return conditions.join(' AND ') || 'true'
}

/** The delivery of a row; files are read in this order. */
function seqSql(snapshots: readonly Snapshot[]): string {
  return deliverySql(snapshots.map((s) => s.seq).sort((a, b) => a - b))
}

function broughtSql(stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return '0'
  const cases = stretches.map(
    ({ from, to, seq }) => `WHEN _ts >= ${duckInstant(from)} AND _ts <= ${duckInstant(to)} THEN ${seq}`,
  )
  return `CASE ${cases.join(' ')} ELSE 0 END`
}
