import { must } from '../../base/assert.ts'
import { createBatcher } from '../../base/batcher.ts'
import type { Clock } from '../../base/clock.ts'
import { type Instant, msOfInstant } from '../../base/instant.ts'
import type { FeatureStatus, FeatureValue } from '../../wire/features.ts'
import type { ServiceDefinition } from '../define/definitions.ts'
import type { EntityKey } from '../define/keys.ts'
import { computeOnDemand } from '../define/on-demand.ts'
import { argumentsOf } from '../offline/dataset.ts'
import { type OnlineRead, type OnlineStore, type StoredRow, TableGone } from './online-store.ts'
import type { OnlineTables } from './view-states.ts'

/** The live features of one entity; the arrays follow the features of the service. */
export type OnlineRow = {
  /** Whether any view knows the entity. */
  found: boolean
  values: FeatureValue[]
  statuses: FeatureStatus[]
  eventTimestamps: (Instant | null)[]
  /** The same of each view of the service, in their order. */
  viewTimes: readonly (Instant | null)[]
  /** Views of the service that were never materialized by their present definition. */
  missingViews: readonly string[]
  /** Views whose values of this entity the online store lost, if there were any: nobody knows. */
  lostViews: readonly string[]
}

/** A row's request data, in the order of the service's request columns. */
export type RequestRow = readonly FeatureValue[]

type Tables = { tables(): Promise<OnlineTables>; invalidate(): void }

/** More keys a query gain nothing, and hold up those who wait. */
const BATCH_KEYS_MAX = 256

/** While PostgreSQL works on one query we read the answer of the other: at 64 waiting 46 k reads/s, against 37 k with one. */
const IN_FLIGHT_MAX = 2

/**
 * A query takes as long for one key as for eight: with eight callers that each ask for one, queries of two keys side by
 * side took 1.2 times the processor time of queries of about four, one after the other.
 */
const BESIDE_MIN = 8

/** Stores notice silence themselves, and sooner; this is for a read that is lost in between. */
const READ_MS_MAX = 10_000

/** Reads rows of one service: one round trip for all its views, shared by the callers that wait. */
export function createOnlineReader(
  deps: { online: OnlineStore; states: Tables; clock: Clock },
  service: ServiceDefinition,
): (keys: readonly EntityKey[], request?: readonly RequestRow[]) => Promise<OnlineRow[]> {
  const prepared = new WeakMap<OnlineTables, Prepared>()

  function preparedFor(tables: OnlineTables): Prepared {
    const known = prepared.get(tables)
    if (known) return known
    const held = service.views.map((view) => tables.get(view.name))
    const missingViews = service.views.filter((_, i) => held[i] === undefined).map((view) => view.name)
    const made = { read: deps.online.reader(service, held), missingViews }
    prepared.set(tables, made)
    return made
  }

  async function read(keys: readonly EntityKey[], retry = true): Promise<Found[]> {
    const { read: stored, missingViews } = preparedFor(await deps.states.tables())
    if (service.views.length > 0 && missingViews.length === service.views.length) {
      return keys.map(() => ({ row: EMPTY, missingViews }))
    }
    try {
      return (await stored(keys)).map((row) => ({ row, missingViews }))
    } catch (error) {
      if (!retry || !(error instanceof TableGone)) throw error
      deps.states.invalidate()
      return read(keys, false)
    }
  }

  const batched = createBatcher<EntityKey, Found>(read, {
    maxKeys: BATCH_KEYS_MAX,
    maxInFlight: IN_FLIGHT_MAX,
    besideMin: BESIDE_MIN,
    what: 'the online store',
    limitMs: READ_MS_MAX,
  })
  return async (keys, request = []) => {
    const found = await batched(keys)
    const nowMs = deps.clock.nowMs()
    return found.map(({ row, missingViews }, i) => onlineRow(service, row, request[i], missingViews, nowMs))
  }
}

type Prepared = { read: OnlineRead; missingViews: string[] }
type Found = { row: StoredRow; missingViews: readonly string[] }

const EMPTY: StoredRow = { lost: [], timestamps: [], values: [] }

function onlineRow(
  service: ServiceDefinition,
  row: StoredRow,
  request: RequestRow | undefined,
  missingViews: readonly string[],
  nowMs: number,
): OnlineRow {
  const views = service.views.length
  const timestamps = new Array<Instant | null>(views)
  const tooOld = new Array<boolean>(views)
  let found = false
  for (let v = 0; v < views; v++) {
    const view = must(service.views[v])
    const timestamp = row.timestamps[v] ?? null
    timestamps[v] = timestamp
    tooOld[v] = timestamp !== null && view.ttlMs !== null && msOfInstant(timestamp) < nowMs - view.ttlMs
    // What holds for everyone says nothing about whether there is such an entity.
    if (timestamp !== null && (view.keys.length > 0 || service.keys.length === 0)) found = true
  }
  const stored = (i: number) => {
    const { view } = must(service.stored[i])
    return tooOld[view] || timestamps[view] === null ? null : (row.values[i] ?? null)
  }
  const computed =
    service.onDemand.length === 0
      ? []
      : service.onDemand.map((part) =>
          computeOnDemand(
            part,
            argumentsOf(service, part, stored, (i) => request?.[i] ?? null),
          ),
        )
  const count = service.features.length
  const values = new Array<FeatureValue>(count)
  const statuses = new Array<FeatureStatus>(count)
  const eventTimestamps = new Array<Instant | null>(count)
  for (let f = 0; f < count; f++) {
    const feature = must(service.features[f])
    const timestamp = timestamps[feature.view] ?? null
    if (feature.stored === null) {
      const outputs = must(service.onDemand[feature.onDemand]).features
      const value = computed[feature.onDemand]?.[outputs.findIndex((o) => o.name === feature.feature)] ?? null
      values[f] = value
      statuses[f] = value === null ? 'NULL_VALUE' : 'PRESENT'
    } else {
      const value = stored(feature.stored)
      values[f] = value
      statuses[f] =
        timestamp === null
          ? 'NOT_FOUND'
          : tooOld[feature.view]
            ? 'OUTSIDE_MAX_AGE'
            : value === null
              ? 'NULL_VALUE'
              : 'PRESENT'
    }
    eventTimestamps[f] = timestamp
  }
  const lostViews = row.lost.map((view) => must(service.views[view]).name)
  return { found, values, statuses, eventTimestamps, viewTimes: timestamps, missingViews, lostViews }
}
