/** The features of all entities as of one moment, in a file: what a model scores. */
import { PlatformError } from '../../base/errors.ts'
import { addMs, displayInstant, type Instant } from '../../base/instant.ts'
import type { Duck, DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { ServiceDefinition, ServiceView } from '../define/definitions.ts'
import { ENTITY_ROWS, type EntityRows, extent, readEntityFile } from '../define/entity-rows.ts'
import { ident, literal } from '../define/quote.ts'
import { duckInstant, duckType } from '../define/value-types.ts'
import { featureOutputs, writeJoined } from './dataset.ts'
import { changeFilesOf, pointInTimeJoin } from './join.ts'
import { type JoinMode, pickAt } from './snapshot-selection.ts'
import { warningsOf } from './training-set.ts'
import { changeOrder, changeRowsSql, requireColumns } from './view-rows.ts'

export type FeatureFileRequest = {
  asOf: Instant
  knownAt: Instant
  mode: JoinMode
  /** CSV or Parquet with the keys, in a folder that DuckDB may read; null for the entities that the views know. */
  entities: string | null
}

/** `kept`: the columns before the features: the keys, or all that the file of entities has. */
export type FeatureFile = { rows: number; kept: string[]; warnings: string[] }

export async function writeFeatureFile(
  deps: { lake: Lake; duck: Duck },
  service: ServiceDefinition,
  request: FeatureFileRequest,
  path: string,
): Promise<FeatureFile> {
  return deps.duck.session(async (session) => {
    const { asOf, entities: file } = request
    const entities = file
      ? await readEntityFile(session, service, file, { moment: asOf })
      : await readKnownEntities({ ...deps, session }, service, request)
    const join = await pointInTimeJoin({ ...deps, session }, service, entities, request)
    const kept = entities.payload.map(({ name, sql }) => ({ name, sql: `j.${sql}` }))
    const outputs = [...kept, ...featureOutputs(service)]
    await writeJoined(session, service, { sql: join.sql, rows: entities.rows }, outputs, path)
    return { rows: entities.rows, kept: kept.map(({ name }) => name), warnings: warningsOf(join.missing) }
  })
}

type Deps = { lake: Lake; session: DuckSession }

/**
 * The entities that are known as of a moment: every key that a view of all join keys has then. Of whole states that is the
 * snapshot that holds, of changes each key with a change up to then that is not older than the ttl, and not gone.
 */
async function readKnownEntities(
  deps: Deps,
  service: ServiceDefinition,
  request: FeatureFileRequest,
): Promise<EntityRows> {
  const { session } = deps
  const naming = service.views.filter((view) => new Set(view.rowKeys).size === service.keys.length)
  if (naming.length === 0 || service.keys.length === 0 || service.request.length > 0) throw cannotName(service)
  const found = (await Promise.all(naming.map((view) => keysOf(deps, service, view, request)))).flat()
  if (found.length === 0) throw nothingKnown(service, request)
  const keys = service.keys.map((_, i) => `k${i}`)
  const kept = keys.map((key, i) => `${key} AS p${i}`)
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${ENTITY_ROWS} AS
     SELECT row_number() OVER () AS n, ${duckInstant(request.asOf)} AS t, ${[...keys, ...kept].join(', ')}
     FROM (SELECT DISTINCT ${keys.join(', ')} FROM (${found.join('\nUNION ALL\n')}) ORDER BY ${keys.join(', ')})`,
  )
  const payload = service.keys.map(({ name }, i) => ({ name, sql: `p${i}` }))
  return { payload, ...(await extent(session)) }
}

/** A statement of the keys of a view, as `k<i>` of the service; none where the view has nothing then. */
async function keysOf(
  { lake }: Deps,
  service: ServiceDefinition,
  view: ServiceView,
  { asOf, knownAt, mode }: FeatureFileRequest,
): Promise<string[]> {
  const snapshots = await lake.list({ source: view.source, knownAt })
  const columns = view.keys.map(({ column }) => ident(column))
  const named = view.keys.map(({ type }, i) => {
    const place = service.keys.findIndex((key) => key.name === view.rowKeys[i])
    return { as: `k${place}`, type, column: columns[i]! }
  })
  named.sort((a, b) => Number(a.as.slice(1)) - Number(b.as.slice(1)))
  if (view.changes === null) {
    const pick = pickAt({ snapshots, ttlMs: view.ttlMs }, asOf, mode)
    if (pick === undefined) return []
    requireColumns(
      pick,
      view.keys.map((key) => key.column),
    )
    const keys = named.map(({ as, type, column }) => `CAST(${column} AS ${duckType(type)}) AS ${as}`)
    const given = columns.map((column) => `${column} IS NOT NULL`).join(' AND ')
    return [`SELECT ${keys.join(', ')} FROM read_parquet(${literal(await lake.path(pick))}) WHERE ${given}`]
  }
  if (snapshots.length === 0) return []
  const times = Object.values(view.changes).filter((column) => column !== null)
  for (const snapshot of snapshots) requireColumns(snapshot, [...view.keys.map((key) => key.column), ...times])
  const rows = changeRowsSql({ ...view, features: [] }, await changeFilesOf(lake, snapshots))
  const seen = [
    `_ts <= ${duckInstant(asOf)}`,
    ...(view.ttlMs === null ? [] : [`_ts >= ${duckInstant(addMs(asOf, -view.ttlMs))}`]),
    ...(mode === 'served' ? [`_known_at <= ${duckInstant(asOf)}`] : []),
  ]
  const names = view.keys.map((key) => ident(key.name))
  const keys = service.keys.map((key, i) => `${ident(view.keys[view.rowKeys.indexOf(key.name)]!.name)} AS k${i}`)
  return [
    `SELECT ${keys.join(', ')} FROM (
       SELECT ${names.join(', ')}, arg_max(_gone, ${changeOrder()}) AS gone FROM (${rows})
       WHERE ${seen.join(' AND ')} GROUP BY ${names.join(', ')}
     ) WHERE NOT gone`,
  ]
}

function cannotName(service: ServiceDefinition): PlatformError {
  const why =
    service.request.length > 0
      ? `it needs request data (${service.request.map((column) => column.name).join(', ')})`
      : `none of its views has all of its join keys (${service.keys.map((key) => key.name).join(', ')})`
  return new PlatformError(
    'invalid_argument',
    `the entities of '${service.name}' cannot be found by themselves: ${why}; name them in a file, with --entities`,
  )
}

function nothingKnown(service: ServiceDefinition, { asOf, knownAt }: FeatureFileRequest): PlatformError {
  return new PlatformError(
    'not_found',
    `no view of '${service.name}' knows an entity as of ${displayInstant(asOf)}, known at ${displayInstant(knownAt)}; ingest that month, or take another --as-of`,
  )
}
