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
 * Doors: channel.ts, define/check-expressions.ts, define/definitions.ts, define/examples.ts, define/key-text.ts, define/keys.ts, define/readers.ts, define/refusals.ts,
 * erasure.ts, feast/feast-routes.ts, offline/read-training-set.ts, offline/statistics.ts, offline/training-set.ts, time/routes.ts, time/subject.ts,
 * online/materialize.ts, online/open-online-store.ts, online/redis-server.ts.
 */
import type { Clock } from '../base/clock.ts'
import type { Instant } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import type { Project } from '../config/project.ts'
import { longPage } from '../db/long-work.ts'
import type { Database } from '../db/sql.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake, Recorded } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { createCatalogue } from './define/catalogue.ts'
import type { ServiceDefinition } from './define/definitions.ts'
import { type BuiltSetOf, liveFrom, type Readers, selectBuiltSets, selectTrainingSets } from './define/readers.ts'
import { nothingToMaterialize } from './define/refusals.ts'
import { createFeaturesErasure, type FeaturesErasure } from './erasure.ts'
import { createOffline, type Offline } from './offline/offline.ts'
import { type LiveRows, type ViewStatistics, viewStatistics } from './offline/statistics.ts'
import { createOnline, type Online } from './online/online.ts'
import type { OnlineStore } from './online/online-store.ts'
import { withdrawnInTable } from './online/take-back.ts'
import { type Verified, verifyView } from './online/verify.ts'
import { createTimeMachine, type TimeMachine } from './time/time.ts'

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

/** What is built from the past, what is live, and what compares or tells of both. */
export type Features = Offline &
  Omit<Online, 'tables'> & {
    /** A service of features that a caller names, `view:feature`; refuses (not_found) by the names. */
    serviceOf(refs: readonly string[], options?: { fullNames?: boolean }): ServiceDefinition
    /**
     * What the features of a view are like in its newest snapshot at or before a moment. Of a view of changes that is one
     * delivery, so `live` says beside it how many rows all deliveries have put online; null for whole states.
     */
    statistics(view: string, asOf?: Instant): Promise<ViewStatistics & { live: LiveRows | null }>
    /** The same of each of the newest moments, the newest last. */
    statisticsOver(view: string, moments: number): Promise<ViewStatistics[]>
    /** Compares the live values of up to `sample` keys of a view with those of the lake. */
    verify(view: string, sample: number): Promise<Verified & Withdrawn>
    /** Which training sets and live views read a snapshot. */
    readersOf(snapshot: Recorded): Promise<Readers>
    /** What anything was like at (valid_at, known_at). */
    readonly time: TimeMachine
    /** Training sets as they were built, by identity or digest, with the snapshots that each was built from. */
    builtSets(where: { identity?: string | null; digest?: string | null }): Promise<BuiltSetOf[]>
    /** What the live values of each view were brought from; of changes the newest delivery. */
    liveFrom(): Promise<{ view: string; snapshot: string; materializedAt: Instant }[]>
    /** For taking a subject's data out, and for finding it. */
    readonly erasure: FeaturesErasure
    service(name: string): ServiceDefinition
  }

export function createFeatures(deps: FeaturesDeps): Features {
  const { sql } = deps
  const catalogue = createCatalogue(deps)
  const { tables: liveTables, ...online } = createOnline(deps, catalogue)

  return {
    ...createOffline(deps, catalogue),
    ...online,
    service: catalogue.service,
    serviceOf: catalogue.serviceOf,
    async statistics(name, asOf = END_OF_TIME) {
      const view = catalogue.view(name)
      const described = await deps.lake.work.during(async () => {
        const snapshot = await deps.lake.snapshotAt({ source: view.source, validAt: asOf })
        if (!snapshot) throw nothingToMaterialize([view], asOf === END_OF_TIME ? undefined : asOf)
        return viewStatistics(deps, view, snapshot)
      })
      if (!view.changes) return { ...described, live: null }
      const { rows = 0, validAt = null } = (await online.viewStates()).find((state) => state.view === name) ?? {}
      return { ...described, live: { rows, validAt } }
    },
    async statisticsOver(name, moments) {
      const view = catalogue.view(name)
      const found: ViewStatistics[] = []
      for (const validAt of (await deps.lake.moments({ source: view.source })).slice(-moments)) {
        // A turn for each: what is not kept yet is read from files.
        const one = await longPage(() =>
          deps.lake.work.during(async () => {
            const snapshot = await deps.lake.snapshotAt({ source: view.source, validAt })
            return snapshot && viewStatistics(deps, view, snapshot)
          }),
        )
        if (one) found.push(one)
      }
      return found
    },
    async verify(name, sample) {
      const view = catalogue.view(name)
      const whole = catalogue.serviceOf(view.features.map((f) => `${name}:${f.name}`))
      const verified = await deps.lake.work.during(() => verifyView(deps, view, whole, sample))
      const history = await deps.lake.history({ source: view.source })
      const shown = withdrawnInTable(view, history, (await liveTables()).get(name))
      return { ...verified, withdrawn: shown.map((snapshot) => snapshot.id) }
    },
    async readersOf(snapshot) {
      const tables = await liveTables()
      const live = catalogue.views.flatMap((view) => liveFrom(view, tables.get(view.name), snapshot))
      return { trainingSets: await selectTrainingSets(sql, snapshot.id), views: live }
    },
    time: createTimeMachine({ ...deps, catalogue }),
    builtSets: (where) => selectBuiltSets(sql, where),
    async liveFrom() {
      const tables = await liveTables()
      return catalogue.views.flatMap(({ name }) => {
        const held = tables.get(name)
        return held?.snapshotId ? [{ view: name, snapshot: held.snapshotId, materializedAt: held.materializedAt }] : []
      })
    },
    erasure: createFeaturesErasure(deps, catalogue.views),
  }
}

/** Deliveries that the live values show although they were withdrawn: the view waits for its next materialization. */
type Withdrawn = { withdrawn: string[] }

/** Later than any moment that a delivery can describe. */
const END_OF_TIME: Instant = '9999-12-31T00:00:00.000000Z'
