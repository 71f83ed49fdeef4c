/**
 * offline: training sets, joined by DuckDB from the snapshots that the lake's catalogue names.
 *
 * Promise: every row asked for gives exactly one row; nothing with valid_at > T, and nothing recorded after K, can enter; the
 * same request gives the same bytes, whatever was ingested since, in whatever order, on any number of threads.
 *
 * The temporary tables of a join live in one session of DuckDB, and their names are a contract between its steps: `entity_rows`
 * (define/entity-rows.ts), `view_<i>`, `period_rows` and `newest` (join.ts), `joined` and `on_demand` (dataset.ts). Each is made
 * with CREATE OR REPLACE by the step that owns it, so a session that is used again begins anew.
 */
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { sha256File } from '../../base/hash.ts'
import { displayInstant, type Instant, instantOfMs } from '../../base/instant.ts'
import type { Project } from '../../config/project.ts'
import type { Sql } from '../../db/sql.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { Catalogue } from '../define/catalogue.ts'
import type { ServiceDefinition } from '../define/definitions.ts'
import { recordTrainingSet } from '../define/readers.ts'
import { type FeatureFile, type FeatureFileRequest, writeFeatureFile } from './feature-file.ts'
import { writeEntityRows } from './program-rows.ts'
import {
  exportTrainingSet,
  readFirstRows,
  readTrainingSet,
  type StoredTrainingSet,
  type TrainingData,
} from './read-training-set.ts'
import {
  buildTrainingSet,
  type DatasetRef,
  type EntityDatasetRequest,
  joinEntityRows,
  type LabelRequest,
  type LabelTable,
  labelTable,
  type TrainingSetRef,
  type TrainingSetRequest,
} from './training-set.ts'
import { type RowRoles, writeTrainingRows } from './write-training-rows.ts'

type Deps = { sql: Sql; lake: Lake; duck: Duck; objects: ObjectStore; project: Project; clock: Clock }

export type Offline = {
  /**
   * Builds D(A, K, mode) for a model and keeps it in the object store; refuses when there are no mature labels, and with
   * `forModel` labels that no learner takes.
   */
  trainingSet(request: TrainingSetRequest, options?: { forModel?: boolean }): Promise<TrainingSetRef>
  readTrainingSet(ref: StoredTrainingSet): Promise<TrainingData>
  /** The labelled rows alone, in a session of DuckDB that `read` goes on in; refuses (not_found) where there are none. */
  withLabels<T>(request: LabelRequest, read: (labels: LabelTable) => Promise<T>): Promise<T>
  /** Its first rows, with every digit of an Int64. */
  readFirstRows(ref: StoredTrainingSet, count: number): Promise<Record<string, FeatureValue>[]>
  /** The rows that have a role, as Parquet at a path of the caller's, with a column that says it. */
  writeTrainingRows(ref: StoredTrainingSet, roles: RowRoles, path: string): Promise<void>
  exportTrainingSet(ref: StoredTrainingSet, path: string): Promise<void>
  /** The features of a service for the caller's own rows (a file): one row out for each row in, in order. */
  entityDataset(service: ServiceDefinition, request: EntityDatasetRequest): Promise<DatasetRef>
  /**
   * Writes the features of all entities as of one moment to a Parquet file, in the order of their keys: of those that the
   * service's views know then, or of a file of the caller's, each row of which gives one row, in its order.
   */
  featureFile(service: ServiceDefinition, request: FeatureFileRequest, path: string): Promise<FeatureFile>
}

export function createOffline(deps: Deps, { requireChecked }: Catalogue): Offline {
  const { sql, clock } = deps
  const now = () => instantOfMs(clock.nowMs())

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

  /** What is recorded until then would change the answer: a K is a moment that has been. */
  async function requireKnown(knownAt: Instant): Promise<void> {
    const now = await deps.lake.pinKnownAt()
    if (knownAt <= now) return
    const says = `known-at ${displayInstant(knownAt)} is in the future (now it is ${displayInstant(now)}); leave it out to mean now`
    throw new PlatformError('invalid_argument', says)
  }

  return {
    async trainingSet(request, options) {
      await requireChecked()
      await requireKnown(request.knownAt)
      return deps.lake.work.during(async () => {
        const set = await buildTrainingSet(deps, request, options)
        await recordTrainingSet(sql, set, { ...request, kind: 'labels', name: request.model }, now())
        return set
      })
    },
    withLabels: (request, read) =>
      deps.lake.work.during(() =>
        deps.duck.session(async (session) => read(await labelTable({ ...deps, session }, request))),
      ),
    readTrainingSet: (ref) => explained(ref, () => readTrainingSet(deps, ref)),
    readFirstRows: (ref, count) => explained(ref, () => readFirstRows(deps, ref, count)),
    writeTrainingRows: (ref, roles, path) => explained(ref, () => writeTrainingRows(deps, ref, roles, path)),
    exportTrainingSet: (ref, path) => explained(ref, () => exportTrainingSet(deps.objects, ref, path)),
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
    async featureFile(service, request, path) {
      await requireChecked()
      await requireKnown(request.knownAt)
      return deps.lake.work.during(() => writeFeatureFile(deps, service, request, path))
    },
  }
}
