import { join } from 'node:path'
import { must } from '../base/assert.ts'
import { digestOf, sha256File } from '../base/hash.ts'
import { addMs, displayInstant, type Instant } from '../base/instant.ts'
import { labelOf, modelOf, sourceOf } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { Duck } from '../lake/duck.ts'
import type { Lake } from '../lake/lake.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { Snapshot } from '../lake/snapshot.ts'
import {
  type Column,
  refuseTwice,
  type ServiceDefinition,
  serviceDefinition,
  type ViewDefinition,
} from './definitions.ts'
import { labelMoments } from './moments.ts'
import { literal } from './quote.ts'
import { type MomentFiles, trainingSetColumns, trainingSetSql } from './training-set-sql.ts'
import { requireColumns, viewColumns } from './view-rows.ts'

/** restated: the values as they are known at K. served: only those that were available at T, as the live store had them. */
export type JoinMode = 'restated' | 'served'

export type TrainingSetRequest = { model: string; asOf: Instant; knownAt: Instant; mode: JoinMode }

/** What a training set is, as plain JSON: where it lies, and everything that it was made from. */
export type TrainingSetRef = TrainingSetRequest & {
  /** SHA-256 of the Parquet bytes. */
  digest: string
  /** SHA-256 of the request, the definitions and the digests of what was read. */
  identity: string
  objectKey: string
  rows: number
  /** Labelled rows left out because their horizon was not over. */
  immature: number
  /** Rows of the label source left out because they carry no label. */
  unlabelled: number
  columns: Column[]
  /** The name of the label's column. */
  label: string
  moments: Instant[]
  inputs: TrainingInput[]
  /** Views that had no snapshot in reach of a moment: their features are null there. */
  missing: { view: string; moment: Instant }[]
  warnings: string[]
}

export type TrainingInput = {
  source: string
  moment: Instant
  snapshotId: string
  digest: string
  validAt: Instant
  recordedAt: Instant
}

type Deps = { project: Project; lake: Lake; duck: Duck; objects: ObjectStore }

/** D(A, K, mode): picks the files, joins them, and keeps the result in the object store under its digest. */
export async function buildTrainingSet(deps: Deps, request: TrainingSetRequest): Promise<TrainingSetRef> {
  const { service, label, columns } = definitionsOf(deps.project, request.model)
  const { mature, immature } = await labelMoments(deps.lake, label, request.asOf, request.knownAt)
  for (const labels of mature) requireColumns(labels, [...service.keys.map((k) => k.name), label.column])
  const picked = await Promise.all(mature.map((labels) => pickViews(deps.lake, service, labels, request)))
  const opened = picked.map(async ({ labels, views }): Promise<MomentFiles> => {
    const paths = await Promise.all(views.map((view) => view && deps.lake.path(view)))
    return { moment: labels.validAt, labels: await deps.lake.path(labels), views: paths }
  })
  const files = await Promise.all(opened)
  const written = await writeParquet(deps, trainingSetSql(service, label, files))
  const inputs = picked.flatMap((moment) => inputsOf(moment))
  const missing = picked.flatMap(({ labels, views }) =>
    service.views.filter((_, i) => !views[i]).map((view) => ({ view: view.name, moment: labels.validAt })),
  )
  return {
    ...request,
    ...written,
    identity: digestOf({ request, service, label, inputs: inputs.map((i) => [i.source, i.moment, i.digest]) }),
    immature,
    unlabelled: mature.reduce((sum, snapshot) => sum + snapshot.rows, 0) - written.rows,
    columns,
    label: label.name,
    moments: mature.map((snapshot) => snapshot.validAt),
    inputs,
    missing,
    warnings: missing.map(
      ({ view, moment }) =>
        `feature view '${view}' has no snapshot for ${displayInstant(moment)}: its features are null`,
    ),
  }
}

function definitionsOf(project: Project, modelName: string) {
  const model = modelOf(project, modelName)
  const service = serviceDefinition(project, model.featureService)
  const { name, column, source, horizonMs } = labelOf(project, model.label)
  const label = { name, column, source, horizonMs, type: columnType(project, source, column) }
  const columns = trainingSetColumns(service, label)
  const names = columns.map((c) => c.name)
  refuseTwice(names, `${service.name} with label ${name}`)
  return { service, label, columns }
}

function columnType(project: Project, source: string, column: string): Column['type'] {
  const found = sourceOf(project, source).columns.find((c) => c.name === column)
  return must(found, `column ${column} of source ${source}`).type
}

type PickedMoment = { labels: Snapshot; views: (Snapshot | undefined)[] }

async function pickViews(
  lake: Lake,
  service: ServiceDefinition,
  labels: Snapshot,
  request: TrainingSetRequest,
): Promise<PickedMoment> {
  const views = await Promise.all(service.views.map((view) => pickSnapshot(lake, view, labels.validAt, request)))
  return { labels, views }
}

/** The snapshot of a view for the moment T, by the rule of section 3 of the design. */
async function pickSnapshot(
  lake: Lake,
  view: ViewDefinition,
  moment: Instant,
  { knownAt, mode }: TrainingSetRequest,
): Promise<Snapshot | undefined> {
  const found = await lake.snapshotAt({
    source: view.source,
    validAt: moment,
    knownAt,
    ...(view.ttlMs === null ? {} : { notBefore: addMs(moment, -view.ttlMs) }),
    ...(mode === 'served' ? { availableBy: moment } : {}),
  })
  if (found) requireColumns(found, viewColumns(view))
  return found
}

function inputsOf({ labels, views }: PickedMoment): TrainingInput[] {
  const snapshots = [labels, ...views.filter((view) => view !== undefined)]
  const once = [...new Map(snapshots.map((snapshot) => [snapshot.id, snapshot])).values()]
  return once.map(({ source, id, digest, validAt, recordedAt }) => {
    return { source, moment: labels.validAt, snapshotId: id, digest, validAt, recordedAt }
  })
}

async function writeParquet({ duck, objects }: Deps, sql: string) {
  return objects.withScratch(async (dir) => {
    const path = join(dir, 'dataset.parquet')
    await duck.run(`COPY (${sql}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`)
    const [count] = await duck.rows<{ n: number }>(`SELECT count(*) AS n FROM read_parquet(${literal(path)})`)
    const digest = await sha256File(path)
    const objectKey = `datasets/${digest}.parquet`
    await objects.adopt(objectKey, path)
    return { digest, objectKey, rows: must(count).n }
  })
}
