import type { Instant } from '../../base/instant.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { ServiceDefinition, ViewDefinition } from '../define/definitions.ts'
import { ENTITY_ROWS, extent } from '../define/entity-rows.ts'
import type { EntityKey } from '../define/keys.ts'
import { ident } from '../define/quote.ts'
import { duckType, plainInDuck } from '../define/value-types.ts'
import { changesLiveSql, stateLiveSql, wantedSql } from '../online/live-rows.ts'
import type { OnlineTableRow } from '../queries.ts'
import { changeFilesOf, filesOf, pointInTimeJoin } from './join.ts'

/** A row that the lake gives for a key; `gone` for a tombstone. */
export type LakeRow = { timestamp: Instant; gone: boolean; values: FeatureValue[] }

/** The rows that should be live, by the record of what was brought, as table `expected` of the session. */
export async function makeExpected(
  session: DuckSession,
  lake: Lake,
  view: ViewDefinition,
  held: OnlineTableRow,
  known: readonly Snapshot[],
): Promise<void> {
  const last = Math.max(...(view.changes ? held.coverage.map((stretch) => stretch.seq) : [held.seq]))
  const snapshots = known.filter((s) => (view.changes ? s.seq <= last : s.seq === last))
  const files = await (view.changes ? changeFilesOf : filesOf)(lake, snapshots)
  const [state] = files
  const [snapshot] = snapshots
  if (view.changes && files.length > 0) {
    const sql = changesLiveSql(view, files, wantedSql({ snapshots, wanted: held.coverage }))
    await session.run(`CREATE OR REPLACE TEMP TABLE expected AS ${sql}`)
  } else if (state && snapshot) {
    const at = { eventTimestamp: snapshot.validAt, created: snapshot.recordedAt }
    await session.run(`CREATE OR REPLACE TEMP TABLE expected AS ${stateLiveSql(view, state, at)}`)
  } else {
    // The lake no longer has what was brought: nothing should be live.
    const columns = [...view.keys, ...view.features].map((c) => `${ident(c.name)} ${duckType(c.type)}`)
    await session.run(
      `CREATE OR REPLACE TEMP TABLE expected (${columns.join(', ')}, event_timestamp TIMESTAMPTZ, created TIMESTAMPTZ, _gone BOOLEAN)`,
    )
  }
}

/** Some keys that should be live. */
export async function sampleExpected(session: DuckSession, view: ViewDefinition, count: number): Promise<EntityKey[]> {
  const keys = view.keys.map((key, i) => `CAST(${plainInDuck(ident(key.name), key.type)} AS VARCHAR) AS k${i}`)
  const rows = await session.rows<Record<string, string>>(
    `SELECT ${keys.join(', ') || '1'} FROM expected WHERE NOT _gone ORDER BY random() LIMIT ${Math.trunc(count)}`,
  )
  return rows.map((row) => view.keys.map((_, i) => row[`k${i}`] ?? ''))
}

/** What the record gives for these keys, undefined where nothing. */
export async function expectedRows(
  session: DuckSession,
  view: ViewDefinition,
  service: ServiceDefinition,
  keys: readonly EntityKey[],
): Promise<(LakeRow | undefined)[]> {
  await makeAsked(session, service, keys)
  const on = view.keys.map((key, i) => `e.${ident(key.name)} = a.k${i}`).join(' AND ') || 'true'
  const values = service.stored.map((s, i) => `${plainInDuck(`e.${ident(s.feature)}`, s.type)} AS s${i}`)
  const rows = await session.rows<Record<string, FeatureValue>>(
    `SELECT ${['a.n', `${plainInDuck('e.event_timestamp', 'UnixTimestamp')} AS ts`, 'e._gone AS gone', ...values].join(', ')}
     FROM asked a JOIN expected e ON ${on}`,
  )
  const found = new Array<LakeRow | undefined>(keys.length).fill(undefined)
  for (const row of rows) {
    const values = service.stored.map((_, i) => row[`s${i}`] ?? null)
    found[Number(row.n)] = { timestamp: String(row.ts), gone: row.gone === true, values }
  }
  return found
}

/** The values that the point-in-time join gives for each key at its moment, as of K. */
export async function pointInTimeValues(
  { lake, session }: { lake: Lake; session: DuckSession },
  service: ServiceDefinition,
  keys: readonly EntityKey[],
  moments: readonly Instant[],
  knownAt: Instant,
): Promise<FeatureValue[][]> {
  await makeAsked(session, service, keys, moments)
  await session.run(`CREATE OR REPLACE TEMP TABLE ${ENTITY_ROWS} AS SELECT * FROM asked`)
  const entities = { payload: [], ...(await extent(session)) }
  const { sql } = await pointInTimeJoin({ lake, session }, service, entities, { knownAt, mode: 'restated' })
  const values = service.stored.map((s, i) => `${plainInDuck(`s${i}`, s.type)} AS s${i}`)
  const rows = await session.rows<Record<string, FeatureValue>>(
    `SELECT ${['n', ...values].join(', ')} FROM (${sql}) ORDER BY n`,
  )
  return rows.map((row) => service.stored.map((_, i) => row[`s${i}`] ?? null))
}

/** The keys as table `asked`: their place `n`, `k<i>` in their types, and `t`. */
async function makeAsked(
  session: DuckSession,
  service: ServiceDefinition,
  keys: readonly EntityKey[],
  moments: readonly Instant[] = [],
): Promise<void> {
  const names = service.keys.map((_, i) => `k${i}`)
  await session.run(
    `CREATE OR REPLACE TEMP TABLE asked (${['n BIGINT', 't VARCHAR', ...names.map((k) => `${k} VARCHAR`)].join(', ')})`,
  )
  await session.append(
    'asked',
    ['BIGINT', 'VARCHAR', ...names.map(() => 'VARCHAR' as const)],
    [
      keys.map((_, n) => BigInt(n)),
      keys.map((_, n) => moments[n] ?? null),
      ...names.map((_, i) => keys.map((key) => key[i])),
    ],
  )
  const typed = service.keys.map((key, i) => `CAST(k${i} AS ${duckType(key.type)}) AS k${i}`)
  await session.run(
    `CREATE OR REPLACE TEMP TABLE asked AS SELECT ${['n', 'CAST(t AS TIMESTAMPTZ) AS t', ...typed].join(', ')} FROM asked`,
  )
}
