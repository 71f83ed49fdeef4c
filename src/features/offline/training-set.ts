import { must } from '../../base/assert.ts'
import { digestOf } from '../../base/hash.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import { labelOf, modelOf, sourceOf } from '../../config/find.ts'
import type { Model, Project, Source } from '../../config/project.ts'
import type { Duck, DuckSession } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import { type Column, refuseTwice, type ServiceDefinition, serviceDefinition } from '../define/definitions.ts'
import { EVENT_TIMESTAMP, readEntityFile } from '../define/entity-rows.ts'
import { plainInDuck } from '../define/value-types.ts'
import { featureOutputs, writeDataset } from './dataset.ts'
import { type JoinInput, pointInTimeJoin } from './join.ts'
import { type LabelDefinition, type LabelRows, readLabelRows } from './label-rows.ts'
import { requireLearnable } from './learnable-labels.ts'
import type { JoinMode } from './snapshot-selection.ts'

export type { JoinMode }

export type TrainingSetRequest = {
  model: string
  asOf: Instant
  knownAt: Instant
  mode: JoinMode
  /** The first T of a range of periods; without it the newest mature period alone. */
  from?: Instant
}

/** What every dataset says of itself, as plain JSON: where it lies, and everything that it was made from. */
export type DatasetRef = {
  /** SHA-256 of the Parquet bytes. */
  digest: string
  /** SHA-256 of the request, the definitions and the digests of what was read. */
  identity: string
  objectKey: string
  rows: number
  columns: Column[]
  inputs: TrainingInput[]
  /** Views that had no snapshot in reach of a moment: their features are null there. */
  missing: { view: string; moment: Instant }[]
  warnings: string[]
}

export type TrainingSetRef = TrainingSetRequest &
  DatasetRef & {
    /** Labelled rows left out because their horizon was not over. */
    immature: number
    /** Rows of the label source left out because they carry no label. */
    unlabelled: number
    /** The name of the label's column. */
    label: string
    moments: Instant[]
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

/**
 * D(A, K, mode): the labelled rows, the join, and the result in the object store under its digest. `forModel` refuses labels
 * that no learner takes, before the join.
 */
export async function buildTrainingSet(
  deps: Deps,
  request: TrainingSetRequest,
  options: { forModel?: boolean } = {},
): Promise<TrainingSetRef> {
  return deps.duck.session(async (session) => {
    const given = { ...deps, session }
    const { service, label, columns, entities, join, outputs } = await joinLabelRows(given, request, options)
    const written = await writeDataset(given, service, { sql: join.sql, rows: entities.rows }, outputs)
    const inputs = inputsOf(join.inputs)
    return {
      ...request,
      ...written,
      identity: digestOf({ request, service, label, inputs: inputs.map((i) => [i.source, i.moment, i.digest]) }),
      immature: entities.immature,
      unlabelled: entities.unlabelled,
      columns,
      label: label.name,
      moments: entities.moments,
      inputs,
      missing: join.missing,
      warnings: warningsOf(join.missing),
    }
  })
}

/** The rows of D(A, K, mode) in a session, as a statement, and what they were read from: that of the labels too. */
export async function joinLabelRows(
  deps: Omit<Deps, 'duck' | 'objects'> & { session: DuckSession },
  request: TrainingSetRequest,
  { forModel = false }: { forModel?: boolean } = {},
) {
  const { service, label } = definitionsOf(deps.project, request.model)
  const columns: Column[] = [
    ...service.keys,
    { name: EVENT_TIMESTAMP, type: 'UnixTimestamp' } as const,
    ...service.features.map(({ name, type }) => ({ name, type })),
    { name: label.name, type: label.type },
    ...(label.weight ? [label.weight] : []),
  ]
  const entities = await readLabelRows(deps, service, label, request)
  if (forModel) await requireLearnable(deps.session, label, entities, modelOf(deps.project, request.model))
  const joined = await pointInTimeJoin(deps, service, entities, request)
  const keys = service.keys.map((key, i) => ({ name: key.name, sql: `j.p${i}` }))
  const outputs = [
    ...keys,
    { name: EVENT_TIMESTAMP, sql: 'j.t' },
    ...featureOutputs(service),
    { name: label.name, sql: `j.p${keys.length}` },
    ...(label.weight ? [{ name: label.weight.name, sql: `j.p${keys.length + 1}` }] : []),
  ]
  const labels = entities.snapshots.map((snapshot) => ({ moment: snapshot.validAt, snapshot }))
  return { service, label, columns, entities, outputs, join: { ...joined, inputs: [...labels, ...joined.inputs] } }
}

/** What a model's labelled rows are asked by: those of a training set, without its mode. */
export type LabelRequest = Omit<TrainingSetRequest, 'mode'>

/**
 * The labelled rows of a model in a session: table `entity_rows` has the moment `t`, the keys `k0` … in their types and the
 * label, `labelSql` (numbers and booleans as they are, moments as text).
 */
export type LabelTable = Pick<LabelRows, 'rows' | 'moments' | 'snapshots'> & {
  session: DuckSession
  keys: readonly Column[]
  label: Column
  labelSql: string
  /** Of kind changes each row has a moment of its own. */
  changes: boolean
}

export async function labelTable(
  deps: Pick<Deps, 'project' | 'lake'> & { session: DuckSession },
  request: LabelRequest,
): Promise<LabelTable> {
  const { service, label } = definitionsOf(deps.project, request.model)
  const { rows, moments, snapshots } = await readLabelRows(deps, service, label, request)
  const { keys } = service
  const labelSql = plainInDuck(`p${keys.length}`, label.type)
  const { session } = deps
  return { session, rows, moments, snapshots, keys, label, labelSql, changes: label.changes !== null }
}

export type EntityDatasetRequest = {
  /** Parquet or CSV in a folder that DuckDB may read, or the rows themselves. */
  file: string | readonly Readonly<Record<string, unknown>>[]
  /** The column with T; by default `event_timestamp`, else the only one with times. */
  timestamp?: string
  knownAt: Instant
  mode: JoinMode
}

/**
 * The features of a service for rows of the caller's: each row gives one row, in the same order, with every column it
 * came with, and the features behind them. The digest of the rows is a part of the identity.
 */
export async function joinEntityRows(
  deps: Omit<Deps, 'project'>,
  service: ServiceDefinition,
  request: EntityDatasetRequest & { file: string; fileDigest: string },
): Promise<DatasetRef> {
  return deps.duck.session(async (session) => {
    const given = { ...deps, session }
    const entities = await readEntityFile(session, service, request.file, request.timestamp)
    const join = await pointInTimeJoin(given, service, entities, request)
    const kept = entities.payload.map(({ name, sql }) => ({ name, sql: `j.${sql}` }))
    const joined = { sql: join.sql, rows: entities.rows }
    const written = await writeDataset(given, service, joined, [...kept, ...featureOutputs(service)])
    const inputs = inputsOf(join.inputs)
    const { knownAt, mode, timestamp, fileDigest } = request
    const asked = { knownAt, mode, timestamp, fileDigest }
    return {
      ...written,
      identity: digestOf({ request: asked, service, inputs: inputs.map((i) => [i.source, i.moment, i.digest]) }),
      columns: service.features.map(({ name, type }) => ({ name, type })),
      inputs,
      missing: join.missing,
      warnings: warningsOf(join.missing),
    }
  })
}

function definitionsOf(project: Project, modelName: string): { service: ServiceDefinition; label: LabelDefinition } {
  const model = modelOf(project, modelName)
  const service = serviceDefinition(project, model.featureService)
  const { name, column, source: sourceName, horizonMs } = labelOf(project, model.label)
  const source = sourceOf(project, sourceName)
  const { type } = must(
    source.columns.find((c) => c.name === column),
    `column ${column} of source ${sourceName}`,
  )
  const { eventTime, availableAt, deleted } = source
  const changes = source.kind === 'changes' && eventTime !== null ? { eventTime, availableAt, deleted } : null
  const label = { name, type, column, source: sourceName, horizonMs, changes, weight: weightColumn(model, source) }
  const names = [...service.keys, ...service.features, label, ...(label.weight ? [label.weight] : [])].map(
    (c) => c.name,
  )
  refuseTwice([...names, EVENT_TIMESTAMP], `${service.name} with label ${name}`)
  return { service, label }
}

/** Where rows are weighed by a column of the label's source; one by a feature is there already. */
function weightColumn({ weight }: Model, source: Source): Column | null {
  if (weight === null || !('column' in weight)) return null
  const { column } = weight
  const { name, type } = must(
    source.columns.find((c) => c.name === column),
    `column ${column} of source ${source.name}`,
  )
  return { name, type }
}

function inputsOf(inputs: readonly JoinInput[]): TrainingInput[] {
  const once = new Map(inputs.map((input) => [`${input.moment} ${input.snapshot.id}`, input]))
  return [...once.values()].map(({ moment, snapshot: { source, id, digest, validAt, recordedAt } }) => {
    return { source, moment, snapshotId: id, digest, validAt, recordedAt }
  })
}

export function warningsOf(missing: DatasetRef['missing']): string[] {
  return missing.map(
    ({ view, moment }) => `feature view '${view}' has no snapshot for ${displayInstant(moment)}: its features are null`,
  )
}
