/**
 * Features: the same definition gives the training set as of a past moment and the live values.
 *
 * Offline: D(A, K, mode) of docs/concepts/time.md, joined by DuckDB from the snapshots that the lake's catalogue names,
 * kept as Parquet under its digest. Online: one typed table for each definition of a feature view.
 *
 * Owns features.online_table, features.training_set (which snapshots each was built from) and every table of schema `online`. Invariants:
 * - Every labelled row gives exactly one row; nothing with valid_at > T, and nothing recorded after K, can enter.
 * - The same request gives the same bytes, whatever was ingested since, in whatever order, on any number of threads.
 * - An online table holds one whole snapshot: a key that the snapshot does not name is not found. It never goes back
 *   in time: an earlier moment, or an earlier version of the same one, changes nothing. The exception is meant: what was
 *   withdrawn is taken out of the table by the next materialization, and what counts then is brought instead.
 * - Both read a snapshot by the same statement (`view-rows.ts`), so their values are equal to the bit.
 *
 * Doors: define/check-expressions.ts, define/definitions.ts, define/examples.ts, define/key-text.ts, define/keys.ts, define/readers.ts, define/refusals.ts,
 * erasure.ts, feast/feast-routes.ts, offline/read-training-set.ts, offline/statistics.ts, offline/training-set.ts,
 * online/materialize.ts, online/online-store.ts, online/postgres-store.ts, online/redis-server.ts,
 * online/redis-store.ts.
 */
import { must } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { sha256File } from '../base/hash.ts'
import { displayInstant, type Instant, instantOfMs } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import { sourceOf } from '../config/find.ts'
import type { Project, ServiceFeature } from '../config/project.ts'
import type { Database } from '../db/sql.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake, Recorded } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { FeaturesAnswer, FeatureValue } from '../wire/features.ts'
import { requireExpressions } from './define/check-expressions.ts'
import {
  defineService,
  type ServiceDefinition,
  serviceDefinition,
  tableDigest,
  type ViewDefinition,
  viewDefinition,
} from './define/definitions.ts'
import { EVENT_TIMESTAMP } from './define/entity-rows.ts'
import { type KeyInput, keyPartValue, parseKey } from './define/keys.ts'
import { liveFrom, type Readers, recordTrainingSet, selectTrainingSets } from './define/readers.ts'
import { isServed, lostValues, onlineRefusal } from './define/refusals.ts'
import { createFeaturesErasure, type FeaturesErasure } from './erasure.ts'
import { insertViewKey } from './erasure-queries.ts'
import { writeEntityRows } from './offline/program-rows.ts'
import {
  exportTrainingSet,
  readFirstRows,
  readTrainingSet,
  type StoredTrainingSet,
  type TrainingData,
} from './offline/read-training-set.ts'
import { type LiveRows, type ViewStatistics, viewStatistics } from './offline/statistics.ts'
import {
  buildTrainingSet,
  type DatasetRef,
  type EntityDatasetRequest,
  joinEntityRows,
  type TrainingSetRef,
  type TrainingSetRequest,
} from './offline/training-set.ts'
import { type Bounds, type Materialized, materializeView } from './online/materialize.ts'
import type { OnlineStore } from './online/online-store.ts'
import { createOnlineReader, type OnlineRow, type RequestRow } from './online/read-online.ts'
import { withdrawnInTable } from './online/take-back.ts'
import { type Verified, verifyView } from './online/verify.ts'
import { createViewStates, type ViewState } from './online/view-states.ts'
import { type Frame, pushRows, readPush, writeFeatures } from './online/write-online.ts'

export type FeaturesDeps = {
  sql: Database
  lake: Lake
  duck: Duck
  objects: ObjectStore
  project: Project
  clock: Clock
  log: Log
  online: OnlineStore
}

export type MaterializeRequest = Bounds & {
  /** All views of the project when absent. */
  views?: string[]
}

export type Features = {
  /** Builds D(A, K, mode) for a model and keeps it in the object store; refuses when there are no mature labels. */
  trainingSet(request: TrainingSetRequest): Promise<TrainingSetRef>
  readTrainingSet(ref: StoredTrainingSet): Promise<TrainingData>
  /** Its first rows, with every digit of an Int64. */
  readFirstRows(ref: StoredTrainingSet, count: number): Promise<Record<string, FeatureValue>[]>
  exportTrainingSet(ref: StoredTrainingSet, path: string): Promise<void>
  /** Each view in a transaction of its own. Refuses when the lake has nothing for any of the views. */
  materialize(request?: MaterializeRequest): Promise<Materialized[]>
  /** One view of these. */
  materializeOne(view: string, bounds: Bounds): Promise<Materialized>
  /** Refuses (not_found) when nothing was there for any of the views. */
  requireAny(done: readonly Materialized[], asOf?: Instant): void
  /** One row for each key, in order; unknown keys give rows with `found` false. Refuses what can be no key. */
  readOnline(service: string, keys: readonly KeyInput[]): Promise<OnlineRow[]>
  /**
   * The same for a service made of single features, with the request data of each row; refuses (unavailable) when the online
   * store lost values of any of them.
   */
  readOnlineOf(
    service: ServiceDefinition,
    keys: readonly KeyInput[],
    request?: readonly RequestRow[],
  ): Promise<OnlineRow[]>
  /** A service of features that a caller names, `view:feature`; refuses (not_found) by the names. */
  serviceOf(refs: readonly string[], options?: { fullNames?: boolean }): ServiceDefinition
  /** The features of a service for the caller's own rows (a file): one row out for each row in, in order. */
  entityDataset(service: ServiceDefinition, request: EntityDatasetRequest): Promise<DatasetRef>
  /** Writes features by name, or rows of a source, into the online store; an older event never replaces a newer one. */
  writeFeatures(view: string, frame: Frame): Promise<number>
  push(source: string, frame: Frame): Promise<number>
  /** What is pushed as rows of the source, for the lake; refuses what does not fit. */
  pushedRows(source: string, frame: Frame): Promise<Record<string, FeatureValue>[]>
  /** Why such a row may not be served (unknown, never materialized, too old), or undefined. */
  refusal(service: string, key: KeyInput, row: OnlineRow): PlatformError | undefined
  /** What `GET /features/{key}` tells; throws the refusal. */
  answer(key: KeyInput, service: string): Promise<FeaturesAnswer>
  viewStates(): Promise<ViewState[]>
  /** The views of which the online store lost values; asks the store, and fails (unavailable) when it does not answer. */
  lostViews(): Promise<string[]>
  /**
   * What the features of a view are like in its newest snapshot at or before a moment. Of a view of changes that is one
   * delivery, so `live` says beside it how many rows all deliveries have put online; null for whole states.
   */
  statistics(view: string, asOf?: Instant): Promise<ViewStatistics & { live: LiveRows | null }>
  /** Compares the live values of up to `sample` keys of a view with those of the lake. */
  verify(view: string, sample: number): Promise<Verified & Withdrawn>
  /** Which training sets and live views read a snapshot. */
  readersOf(snapshot: Recorded): Promise<Readers>
  /** For taking a subject's data out, and for finding it. */
  readonly erasure: FeaturesErasure
  service(name: string): ServiceDefinition
  /** Stops listening for changes. */
  close(): Promise<void>
}

export function createFeatures(deps: FeaturesDeps): Features {
  const { project, sql, clock, log } = deps
  const views = new Map<string, ViewDefinition>(
    project.featureViews.map((view) => [view.name, viewDefinition(project, view.name)]),
  )
  const services = new Map(project.featureServices.map(({ name }) => [name, serviceDefinition(project, name)]))
  const states = createViewStates(sql, [...views.values()], deps.online.name)
  const readers = new Map(
    [...services].map(([name, s]) => [name, createOnlineReader({ online: deps.online, states, clock }, s)]),
  )

  const now = () => instantOfMs(clock.nowMs())
  const service = (name: string) => known(services, name, 'feature service')

  async function materialize(request: MaterializeRequest = {}): Promise<Materialized[]> {
    const { views: names, ...bounds } = request
    const chosen = names?.map((name) => known(views, name, 'feature view')) ?? [...views.values()]
    const done: Materialized[] = []
    for (const view of chosen) done.push(await materializeOne(view.name, bounds))
    requireAny(done, request.asOf)
    return done
  }

  let checked: Promise<void> | undefined
  /** Once, before an expression of the project is run for the first time. */
  const requireChecked = () => {
    checked ??= requireExpressions(deps.duck, project)
    return checked
  }

  const remembered = new Set<string>()
  /** Keeps what the rows of a table are keyed by, before there are any: the project may change. */
  async function remember(view: ViewDefinition): Promise<void> {
    const definition = tableDigest(view)
    if (remembered.has(definition)) return
    const entity = project.featureViews.find((v) => v.name === view.name)?.entity ?? null
    const keys = view.keys.map(({ name, type }) => ({ name, type }))
    await insertViewKey(sql, { definition, view: view.name, entity, keys })
    remembered.add(definition)
  }

  /** A training set that an erasure took out cannot be built again: what it held is gone. */
  async function explained<T>(ref: { objectKey: string }, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== 'not_found') throw error
      const at = await deps.lake.erasedAt(ref.objectKey)
      if (at === undefined) throw error
      const message = `this training set held somebody who was erased on ${displayInstant(at)}: it is gone, and built again it would be another one`
      throw new PlatformError('not_found', message, { cause: error, details: { object: ref.objectKey, erasedAt: at } })
    }
  }

  async function materializeOne(name: string, bounds: Bounds): Promise<Materialized> {
    await requireChecked()
    const view = known(views, name, 'feature view')
    await remember(view)
    const result = await deps.lake.work.during(() => materializeView(deps, view, bounds))
    states.invalidate()
    log.info(result, 'materialize')
    return result
  }

  /** What is recorded until then would change the answer: a K is a moment that has been. */
  async function requireKnown(knownAt: Instant): Promise<void> {
    const now = await deps.lake.pinKnownAt()
    if (knownAt <= now) return
    const says = `known-at ${displayInstant(knownAt)} is in the future (now it is ${displayInstant(now)}); leave it out to mean now`
    throw new PlatformError('invalid_argument', says)
  }

  function requireAny(done: readonly Materialized[], asOf?: Instant): void {
    if (done.some((one) => one.outcome !== 'no snapshot')) return
    throw nothingToMaterialize(
      done.map((one) => known(views, one.view, 'feature view')),
      asOf,
    )
  }

  function readOnline(name: string, keys: readonly KeyInput[]): Promise<OnlineRow[]> {
    const { keys: columns } = service(name)
    return known(readers, name, 'feature service')(keys.map((key) => parseKey(columns, key)))
  }

  const adHoc = new Map<string, ServiceDefinition>()
  const adHocReaders = new WeakMap<ServiceDefinition, ReturnType<typeof createOnlineReader>>()

  function serviceOf(refs: readonly string[], { fullNames = false } = {}): ServiceDefinition {
    const name = JSON.stringify([fullNames, refs])
    const made = adHoc.get(name) ?? defineService(project, 'the request', referredFeatures(project, refs, fullNames))
    // The oldest goes: a caller may ask for any number of combinations.
    if (!adHoc.has(name) && adHoc.size >= AD_HOC_MAX) adHoc.delete(adHoc.keys().next().value ?? '')
    adHoc.set(name, made)
    return made
  }

  async function readOnlineOf(asked: ServiceDefinition, keys: readonly KeyInput[], request?: readonly RequestRow[]) {
    const reader = adHocReaders.get(asked) ?? createOnlineReader({ online: deps.online, states, clock }, asked)
    adHocReaders.set(asked, reader)
    const parsed = keys.map((key) => (asked.keys.length === 0 ? [] : parseKey(asked.keys, key)))
    const rows = await reader(parsed, request)
    const lost = new Set(rows.flatMap((row) => row.lostViews))
    if (lost.size > 0) throw lostValues([...lost], asked)
    return rows
  }

  async function lostViews(): Promise<string[]> {
    const held = [...(await states.tables())]
    const whole = await Promise.all(held.map(([, table]) => deps.online.holds(table)))
    return held.flatMap(([view], i) => (whole[i] ? [] : [view]))
  }

  async function answer(key: KeyInput, name: string): Promise<FeaturesAnswer> {
    const asked = service(name)
    const parsed = parseKey(asked.keys, key)
    const row = must((await known(readers, name, 'feature service')([parsed]))[0], 'a row for each key')
    const refused = onlineRefusal(asked, parsed, row)
    if (refused) throw refused
    return {
      keys: asked.keys.map((column, i) => ({ name: column.name, value: keyPartValue(column, parsed[i] ?? '') })),
      names: asked.features.map((f) => f.name),
      ...row,
    }
  }

  return {
    async trainingSet(request) {
      await requireChecked()
      await requireKnown(request.knownAt)
      return deps.lake.work.during(async () => {
        const set = await buildTrainingSet(deps, request)
        await recordTrainingSet(sql, set, { ...request, kind: 'labels', name: request.model }, now())
        return set
      })
    },
    readTrainingSet: (ref) => explained(ref, () => readTrainingSet(deps, ref)),
    readFirstRows: (ref, count) => explained(ref, () => readFirstRows(deps, ref, count)),
    exportTrainingSet: (ref, path) => explained(ref, () => exportTrainingSet(deps.objects, ref, path)),
    materialize,
    materializeOne,
    requireAny,
    readOnline,
    readOnlineOf,
    serviceOf,
    async entityDataset(asked, request) {
      await requireChecked()
      await requireKnown(request.knownAt)
      const join = async (scratch: string) => {
        const { file: given, timestamp } = request
        const rows = (list: Exclude<typeof given, string>) =>
          writeEntityRows(deps.duck, { service: asked, rows: list, scratch, ...(timestamp ? { timestamp } : {}) })
        const file = typeof given === 'string' ? given : await rows(given)
        const set = await joinEntityRows(deps, asked, { ...request, file, fileDigest: await sha256File(file) })
        await recordTrainingSet(sql, set, { ...request, kind: 'rows', name: asked.name, asOf: null }, now())
        return set
      }
      return deps.lake.work.during(() => deps.objects.withScratch(join))
    },
    async writeFeatures(name, frame) {
      const view = known(views, name, 'feature view')
      await remember(view)
      return writeFeatures(deps, view, frame)
    },
    async pushedRows(name, frame) {
      const source = sourceOf(project, name)
      const columns = readPush(clock, source, frame, await deps.lake.moment())
      const count = columns.get(EVENT_TIMESTAMP)?.length ?? 0
      return Array.from({ length: count }, (_, i) =>
        Object.fromEntries(source.columns.map((c) => [c.name, columns.get(c.name)?.[i] ?? null])),
      )
    },
    async push(source, frame) {
      for (const view of views.values()) if (view.source === source) await remember(view)
      return pushRows(deps, [...views.values()], source, frame)
    },
    refusal(name, key, row) {
      const asked = service(name)
      return isServed(row) ? undefined : onlineRefusal(asked, parseKey(asked.keys, key), row)
    },
    answer,
    viewStates: states.states,
    lostViews,
    async statistics(name, asOf = END_OF_TIME) {
      const view = known(views, name, 'feature view')
      const described = await deps.lake.work.during(async () => {
        const snapshot = await deps.lake.snapshotAt({ source: view.source, validAt: asOf })
        if (!snapshot) throw nothingToMaterialize([view], asOf === END_OF_TIME ? undefined : asOf)
        return viewStatistics(deps, view, snapshot)
      })
      if (!view.changes) return { ...described, live: null }
      const { rows = 0, validAt = null } = (await states.states()).find((state) => state.view === name) ?? {}
      return { ...described, live: { rows, validAt } }
    },
    async verify(name, sample) {
      const view = known(views, name, 'feature view')
      const whole = serviceOf(view.features.map((f) => `${name}:${f.name}`))
      const verified = await deps.lake.work.during(() => verifyView(deps, view, whole, sample))
      const history = await deps.lake.history({ source: view.source })
      const shown = withdrawnInTable(view, history, (await states.tables()).get(name))
      return { ...verified, withdrawn: shown.map((snapshot) => snapshot.id) }
    },
    async readersOf(snapshot) {
      const tables = await states.tables()
      const live = [...views.values()].flatMap((view) => liveFrom(view, tables.get(view.name), snapshot))
      return { trainingSets: await selectTrainingSets(sql, snapshot.id), views: live }
    },
    erasure: createFeaturesErasure(deps, [...views.values()]),
    service,
    close: states.close,
  }
}

/** Deliveries that the live values show although they were withdrawn: the view waits for its next materialization. */
type Withdrawn = { withdrawn: string[] }

/** Later than any moment that a delivery can describe. */
const END_OF_TIME: Instant = '9999-12-31T00:00:00.000000Z'

/** Combinations of features whose definition and prepared statement are kept. */
const AD_HOC_MAX = 200

/** Features that a caller names: `view:feature`. */
function referredFeatures(project: Project, refs: readonly string[], fullNames: boolean): ServiceFeature[] {
  return refs.map((ref) => {
    const [view = '', feature = '', ...rest] = ref.split(':')
    const found = [...project.featureViews, ...project.onDemandViews].find((v) => v.name === view)
    if (rest.length > 0 || feature === '') {
      throw new PlatformError('invalid_argument', `'${ref}' does not name a feature; write view:feature`)
    }
    if (!found) throw new PlatformError('not_found', `there is no feature view '${view}'`, { details: { view } })
    if (!found.features.some((f) => f.name === feature)) {
      const names = found.features.map((f) => f.name).join(', ')
      throw new PlatformError('invalid_argument', `feature view '${view}' has no feature '${feature}'; it has ${names}`)
    }
    return { view, feature, role: null, name: fullNames ? `${view}__${feature}` : feature }
  })
}

function nothingToMaterialize(views: ViewDefinition[], asOf: Instant | undefined): PlatformError {
  const sources = [...new Set(views.map((view) => `'${view.source}'`))].join(', ')
  const when = asOf ? ` at or before ${displayInstant(asOf)}` : ''
  return new PlatformError('not_found', `there is no snapshot of ${sources}${when}; run: weir ingest DIR --as-of DATE`)
}

function known<T>(map: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const names = [...map.keys()].join(', ')
  throw new PlatformError('not_found', `there is no ${what} '${name}'; the project has ${names || 'none'}`)
}
