/**
 * online: the live values, one typed table for each definition of a view, in PostgreSQL or Redis.
 *
 * Promise: a table never goes back in time: an earlier moment, or an earlier version of the same one, changes nothing, but for
 * what was withdrawn, which the next materialization takes out. A key that the snapshot does not name is not found. Values are
 * read by the same statement as offline, so they are equal to the bit; what the store lost is never told as a null.
 */
import { must } from '../../base/assert.ts'
import type { Clock } from '../../base/clock.ts'
import type { PlatformError } from '../../base/errors.ts'
import type { Instant } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import { sourceOf } from '../../config/find.ts'
import type { Project } from '../../config/project.ts'
import type { Database } from '../../db/sql.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { Frame } from '../../wire/feast.ts'
import type { FeaturesAnswer, FeatureValue } from '../../wire/features.ts'
import type { Catalogue } from '../define/catalogue.ts'
import { type ServiceDefinition, tableDigest, type ViewDefinition } from '../define/definitions.ts'
import { EVENT_TIMESTAMP } from '../define/entity-rows.ts'
import { type EntityKey, type KeyInput, keyPartValue, parseKey } from '../define/keys.ts'
import { isServed, lostValues, nothingToMaterialize, onlineRefusal } from '../define/refusals.ts'
import { insertViewKey } from '../erasure-queries.ts'
import { type Bounds, type Materialized, materializeView } from './materialize.ts'
import type { OnlineStore } from './online-store.ts'
import { readPush } from './read-frame.ts'
import { createOnlineReader, type OnlineRow, type RequestRow } from './read-online.ts'
import { createViewStates, type ViewState } from './view-states.ts'
import { pushRows, writeFeatures } from './write-online.ts'

type Deps = {
  sql: Database
  lake: Lake
  duck: Duck
  project: Project
  clock: Clock
  log: Log
  online: OnlineStore
}

export type MaterializeRequest = Bounds & {
  /** All views of the project when absent. */
  views?: string[]
}

export type Online = {
  /** Each view in a transaction of its own. Refuses when the lake has nothing for any of the views. */
  materialize(request?: MaterializeRequest): Promise<Materialized[]>
  /** One view of these. */
  materializeOne(view: string, bounds: Bounds): Promise<Materialized>
  /** Refuses (not_found) when nothing was there for any of the views. */
  requireAny(done: readonly Materialized[], asOf?: Instant): void
  /** One row for each key, in order; unknown keys give rows with `found` false. Refuses what can be no key. */
  readOnline(service: string, keys: readonly KeyInput[]): Promise<OnlineRow[]>
  /** The same for keys that were read already (`parseKey`). */
  readEntities(service: string, keys: readonly EntityKey[]): Promise<OnlineRow[]>
  /**
   * The same for a service made of single features, with the request data of each row; refuses (unavailable) when the online
   * store lost values of any of them.
   */
  readOnlineOf(
    service: ServiceDefinition,
    keys: readonly KeyInput[],
    request?: readonly RequestRow[],
  ): Promise<OnlineRow[]>
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
  /** What is live, by view. */
  readonly tables: ReturnType<typeof createViewStates>['tables']
  /** Stops listening for changes. */
  close(): Promise<void>
}

export function createOnline(deps: Deps, catalogue: Catalogue): Online {
  const { project, sql, clock, log } = deps
  const { views, service, requireChecked } = catalogue
  const states = createViewStates(sql, views, deps.online.name)
  const readers = new WeakMap<ServiceDefinition, ReturnType<typeof createOnlineReader>>()

  function readerOf(asked: ServiceDefinition) {
    const reader = readers.get(asked) ?? createOnlineReader({ online: deps.online, states, clock }, asked)
    readers.set(asked, reader)
    return reader
  }

  async function materialize(request: MaterializeRequest = {}): Promise<Materialized[]> {
    const { views: names, ...bounds } = request
    const chosen = names?.map((name) => catalogue.view(name)) ?? views
    const done: Materialized[] = []
    for (const view of chosen) done.push(await materializeOne(view.name, bounds))
    requireAny(done, request.asOf)
    return done
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

  async function materializeOne(name: string, bounds: Bounds): Promise<Materialized> {
    await requireChecked()
    const view = catalogue.view(name)
    await remember(view)
    const result = await deps.lake.work.during(() => materializeView(deps, view, bounds))
    states.invalidate()
    log.info(result, 'materialize')
    return result
  }

  function requireAny(done: readonly Materialized[], asOf?: Instant): void {
    if (done.some((one) => one.outcome !== 'no snapshot')) return
    throw nothingToMaterialize(
      done.map((one) => catalogue.view(one.view)),
      asOf,
    )
  }

  function readOnline(name: string, keys: readonly KeyInput[]): Promise<OnlineRow[]> {
    const asked = service(name)
    return readerOf(asked)(keys.map((key) => parseKey(asked.keys, key)))
  }

  async function readOnlineOf(asked: ServiceDefinition, keys: readonly KeyInput[], request?: readonly RequestRow[]) {
    const parsed = keys.map((key) => (asked.keys.length === 0 ? [] : parseKey(asked.keys, key)))
    const rows = await readerOf(asked)(parsed, request)
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
    const row = must((await readerOf(asked)([parsed]))[0], 'a row for each key')
    const refused = onlineRefusal(asked, parsed, row)
    if (refused) throw refused
    return {
      keys: asked.keys.map((column, i) => ({ name: column.name, value: keyPartValue(column, parsed[i] ?? '') })),
      names: asked.features.map((f) => f.name),
      ...row,
    }
  }

  return {
    materialize,
    materializeOne,
    requireAny,
    readOnline,
    readEntities: (name, keys) => readerOf(service(name))(keys),
    readOnlineOf,
    async writeFeatures(name, frame) {
      const view = catalogue.view(name)
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
      for (const view of views) if (view.source === source) await remember(view)
      return pushRows(deps, views, source, frame)
    },
    refusal(name, key, row) {
      const asked = service(name)
      return isServed(row) ? undefined : onlineRefusal(asked, parseKey(asked.keys, key), row)
    },
    answer,
    viewStates: states.states,
    lostViews,
    tables: states.tables,
    close: states.close,
  }
}
