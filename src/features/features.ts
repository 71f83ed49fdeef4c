/**
 * Features: the same definition gives the training set as of a past moment and the live values.
 *
 * Offline: D(A, K, mode) of the design, section 3, joined by DuckDB from the snapshots that the lake's catalogue names,
 * kept as Parquet under its digest. Online: one typed table for each definition of a feature view.
 *
 * Owns features.online_table and every table of schema `online`. Invariants:
 * - Every labelled row gives exactly one row; nothing with valid_at > T, and nothing recorded after K, can enter.
 * - The same request gives the same bytes, whatever was ingested since, in whatever order, on any number of threads.
 * - An online table holds one whole snapshot: a key that the snapshot does not name is not found. It never goes back
 *   in time: an earlier moment, or an earlier version of the same one, changes nothing.
 * - Both read a snapshot by the same statement (`view-rows.ts`), so their values are equal to the bit.
 */
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import { displayInstant } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import type { Project } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { Snapshot } from '../lake/snapshot.ts'
import type { FeaturesAnswer } from '../wire/features.ts'
import { type ServiceDefinition, serviceDefinition, type ViewDefinition, viewDefinition } from './definitions.ts'
import { type EntityKey, type KeyInput, parseKey } from './keys.ts'
import { type Materialized, materializeSnapshot, type Progress } from './materialize.ts'
import { createOnlineReader, type OnlineRow } from './read-online.ts'
import { exportTrainingSet, readTrainingSet, type TrainingData } from './read-training-set.ts'
import { onlineRefusal } from './refusals.ts'
import { buildTrainingSet, type TrainingSetRef, type TrainingSetRequest } from './training-set.ts'
import { requireColumns, viewColumns } from './view-rows.ts'
import { createViewStates, type ViewState } from './view-states.ts'

export type FeaturesDeps = {
  sql: Database
  lake: Lake
  duck: Duck
  objects: ObjectStore
  project: Project
  clock: Clock
  log: Log
}

export type MaterializeRequest = {
  /** All views of the project when absent. */
  views?: string[]
  /** The newest moment at or before it; without it the newest there is. */
  asOf?: Instant
  knownAt?: Instant
  onProgress?: (progress: Progress) => void
}

export type Features = {
  /** Builds D(A, K, mode) for a model and keeps it in the object store; refuses when there are no mature labels. */
  trainingSet(request: TrainingSetRequest): Promise<TrainingSetRef>
  readTrainingSet(ref: Pick<TrainingSetRef, 'digest' | 'objectKey' | 'columns'>): Promise<TrainingData>
  exportTrainingSet(ref: Pick<TrainingSetRef, 'digest' | 'objectKey' | 'columns'>, path: string): Promise<void>
  /** Each view in a transaction of its own. Refuses when the lake has nothing for any of the views. */
  materialize(request?: MaterializeRequest): Promise<Materialized[]>
  /** One row for each key, in order; unknown keys give rows with `found` false. Refuses what can be no key. */
  readOnline(service: string, keys: readonly KeyInput[]): Promise<OnlineRow[]>
  /** Why such a row may not be served (unknown, never materialized, too old), or undefined. */
  refusal(service: string, key: KeyInput, row: OnlineRow): PlatformError | undefined
  /** What `GET /features/{key}` tells; throws the refusal. */
  answer(key: KeyInput): Promise<FeaturesAnswer>
  viewStates(): Promise<ViewState[]>
  service(name: string): ServiceDefinition
  /** The service of the project's first model. */
  defaultService(): ServiceDefinition | undefined
  /** Stops listening for changes. */
  close(): Promise<void>
}

export function createFeatures(deps: FeaturesDeps): Features {
  const { project, lake, sql, clock, log } = deps
  const views = new Map<string, ViewDefinition>(
    project.featureViews.map((view) => [view.name, viewDefinition(project, view.name)]),
  )
  const services = new Map(project.featureServices.map(({ name }) => [name, serviceDefinition(project, name)]))
  const states = createViewStates(sql, [...views.values()])
  const readers = new Map([...services].map(([name, s]) => [name, createOnlineReader({ sql, states, clock }, s)]))

  const service = (name: string) => known(services, name, 'feature service')
  const defaultService = () => services.get(project.models[0]?.featureService ?? '')

  async function materialize(request: MaterializeRequest = {}): Promise<Materialized[]> {
    const chosen = request.views?.map((name) => known(views, name, 'feature view')) ?? [...views.values()]
    const snapshots = await Promise.all(chosen.map((view) => snapshotFor(lake, view, request)))
    if (snapshots.every((snapshot) => snapshot === undefined)) throw nothingToMaterialize(chosen, request)
    const done: Materialized[] = []
    for (const [i, view] of chosen.entries()) {
      const snapshot = snapshots[i]
      const result: Materialized = snapshot
        ? await materializeSnapshot(deps, view, snapshot, request.onProgress)
        : { view: view.name, rows: 0, validAt: null, outcome: 'no snapshot' }
      states.invalidate()
      log.info(result, 'materialize')
      done.push(result)
    }
    return done
  }

  function readOnline(name: string, keys: readonly KeyInput[]): Promise<OnlineRow[]> {
    const { keys: columns } = service(name)
    return known(readers, name, 'feature service')(keys.map((key) => parseKey(columns, key)))
  }

  async function answer(key: KeyInput): Promise<FeaturesAnswer> {
    const asked = defaultService()
    const [column, second] = asked?.keys ?? []
    if (!asked || !column) throw new PlatformError('not_found', 'the project has no model, so no features are served')
    if (second) {
      const names = asked.keys.map((k) => k.name).join(', ')
      throw new PlatformError(
        'unsupported',
        `this route reads entities with one join key; '${asked.name}' has ${names}`,
      )
    }
    const [row] = await readOnline(asked.name, [key])
    const parsed = parseKey(asked.keys, key)
    const refused = row && onlineRefusal(asked, parsed, row)
    if (!row || refused) throw refused
    return {
      key: { name: column.name, value: keyValue(asked, parsed) },
      names: asked.features.map((f) => f.name),
      ...row,
    }
  }

  return {
    trainingSet: (request) => buildTrainingSet(deps, request),
    readTrainingSet: (ref) => readTrainingSet(deps, ref),
    exportTrainingSet: (ref, path) => exportTrainingSet(deps.objects, ref, path),
    materialize,
    readOnline,
    refusal: (name, key, row) => onlineRefusal(service(name), parseKey(service(name).keys, key), row),
    answer,
    viewStates: states.states,
    service,
    defaultService,
    close: states.close,
  }
}

/** Later than any moment that a delivery can describe. */
const END_OF_TIME: Instant = '9999-12-31T00:00:00.000000Z'

async function snapshotFor(
  lake: Lake,
  view: ViewDefinition,
  request: MaterializeRequest,
): Promise<Snapshot | undefined> {
  const { asOf = END_OF_TIME, knownAt } = request
  const found = await lake.snapshotAt({ source: view.source, validAt: asOf, ...(knownAt ? { knownAt } : {}) })
  if (found) requireColumns(found, viewColumns(view))
  return found
}

function nothingToMaterialize(views: ViewDefinition[], { asOf }: MaterializeRequest): PlatformError {
  const sources = [...new Set(views.map((view) => `'${view.source}'`))].join(', ')
  const when = asOf ? ` at or before ${displayInstant(asOf)}` : ''
  return new PlatformError('not_found', `there is no snapshot of ${sources}${when}; run: weir ingest DIR --as-of DATE`)
}

/** Keys of the Int types are numbers in JSON. */
function keyValue(service: ServiceDefinition, key: EntityKey): string | bigint {
  const text = key[0] ?? ''
  return service.keys[0]?.type === 'String' ? text : BigInt(text)
}

function known<T>(map: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const names = [...map.keys()].join(', ')
  throw new PlatformError('not_found', `there is no ${what} '${name}'; the project has ${names || 'none'}`)
}
