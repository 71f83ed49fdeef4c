import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant } from '../../base/instant.ts'
import { labelOf, requireModel } from '../../config/find.ts'
import { saysOfModel } from '../../config/predicts.ts'
import type { Project } from '../../config/project.ts'
import { suggestion } from '../../config/suggest.ts'
import type { Features } from '../../features/features.ts'
import { verifiedPath } from '../../features/offline/read-training-set.ts'
import type { Duck } from '../../lake/duck.ts'
import type { Lake } from '../../lake/lake.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import { ident, literal } from '../../lake/quote.ts'
import type { Predictions } from '../../predictions/predictions.ts'
import type { DriftSide } from '../../wire/drift.ts'
import type { Table, TableColumn } from './count-columns.ts'
import type { Side } from './sides.ts'

export type SideDeps = {
  project: Project
  features: Pick<Features, 'service' | 'trainingSet' | 'featureFile'>
  lake: Lake
  duck: Duck
  objects: ObjectStore
  predictions: Pick<Predictions, 'table'>
}

export type OpenSide = {
  said: Omit<DriftSide, 'rows'>
  table: Table
  label: { table: Table; column: TableColumn } | null
  /** A column of the table with what was answered; null where a model is to be asked. */
  score: TableColumn | null
  /** The moment of each row, in milliseconds, as an expression: by it dates have an age. Null where no model can be asked. */
  momentMs: string | null
  model: string | null
}

/** Files are made in the folder `scratch`, under names that begin with `as`. */
export async function openSide(deps: SideDeps, side: Side, scratch: string, as: string): Promise<OpenSide> {
  if (side.kind === 'snapshot') return ofSnapshot(deps, side)
  if (side.kind === 'training_set') return ofTrainingSet(deps, side)
  if (side.kind === 'features') return ofFeatures(deps, side, `${scratch}/${as}.parquet`)
  return ofPredictions(deps, side, `${scratch}/${as}.parquet`)
}

type Of<K extends Side['kind']> = Extract<Side, { kind: K }>

async function ofSnapshot(
  { project, lake }: SideDeps,
  { source: name, asOf, knownAt }: Of<'snapshot'>,
): Promise<OpenSide> {
  const source = project.sources.find((s) => s.name === name)
  if (source === undefined) {
    const names = project.sources.map((s) => s.name)
    throw new PlatformError('not_found', `there is no source '${name}' in the project${suggestion(name, names)}`)
  }
  const snapshot = await lake.snapshotAt({
    source: name,
    validAt: asOf,
    notBefore: asOf,
    ...(knownAt ? { knownAt } : {}),
  })
  if (snapshot === undefined) throw await noMoment(lake, name, asOf)
  const stored = new Set(snapshot.columns.map((column) => column.name))
  const aside = [...source.key, source.eventTime, source.availableAt, source.deleted]
  const columns = source.columns.filter((column) => !aside.includes(column.name) && stored.has(column.name))
  const from = `read_parquet(${literal(await lake.path(snapshot))})`
  return {
    said: { kind: 'snapshot', name, says: snapshot.id, from: null, at: asOf },
    // Its file is named by its digest.
    table: {
      from,
      rows: snapshot.rows,
      fixed: true,
      columns: columns.map((column) => ({ name: column.name, type: column.type })),
    },
    ...{ label: null, score: null, momentMs: null, model: null },
  }
}

async function noMoment(lake: Lake, source: string, asOf: Instant): Promise<PlatformError> {
  const moments = (await lake.moments({ source })).map(displayInstant)
  const there = moments.length === 0 ? 'nothing of it was ingested' : `there are ${moments.slice(-12).join(', ')}`
  return new PlatformError('not_found', `source '${source}' has no snapshot of ${displayInstant(asOf)}; ${there}`)
}

async function ofTrainingSet(deps: SideDeps, { model: name, asOf, knownAt }: Of<'training_set'>): Promise<OpenSide> {
  const model = requireModel(deps.project, name)
  const known = knownAt ?? (await deps.lake.pinKnownAt())
  const set = await deps.features.trainingSet({ model: name, asOf, knownAt: known, mode: 'served' })
  const from = readParquet(await verifiedPath(deps.objects, set))
  const columns = deps.features.service(model.featureService).features.map(({ name, type }) => ({ name, type }))
  const label = set.columns.find((column) => column.name === set.label)
  return {
    said: {
      kind: 'training_set',
      name,
      says: `training set of ${name} as of ${displayInstant(asOf)}`,
      from: null,
      at: asOf,
    },
    table: { from, rows: set.rows, columns, fixed: true },
    label: label ? { table: { from, rows: set.rows, columns: [label] }, column: label } : null,
    score: null,
    momentMs: 'epoch_ms(event_timestamp)',
    model: name,
  }
}

async function ofFeatures(deps: SideDeps, side: Of<'features'>, path: string): Promise<OpenSide> {
  const { model: name, asOf } = side
  const { featureService } = requireModel(deps.project, name)
  const service = deps.features.service(featureService)
  const knownAt = side.knownAt ?? (await deps.lake.pinKnownAt())
  const file = await deps.features.featureFile(service, { asOf, knownAt, mode: 'served', entities: null }, path)
  return {
    said: { kind: 'features', name, says: `features of ${name} as of ${displayInstant(asOf)}`, from: null, at: asOf },
    table: {
      from: readParquet(path),
      rows: file.rows,
      columns: service.features.map(({ name, type }) => ({ name, type })),
    },
    label: await labelsAt(deps, name, asOf, knownAt),
    score: null,
    momentMs: String(Date.parse(asOf)),
    model: name,
  }
}

/** The labels that describe this very moment, where they came as a whole. */
async function labelsAt(
  { project, lake }: SideDeps,
  model: string,
  at: Instant,
  knownAt: Instant,
): Promise<OpenSide['label']> {
  const { source: name, column } = labelOf(project, requireModel(project, model).label)
  const source = project.sources.find((s) => s.name === name)
  const declared = source?.columns.find((c) => c.name === column)
  if (source?.kind !== 'snapshot' || declared === undefined) return null
  const snapshot = await lake.snapshotAt({ source: name, validAt: at, notBefore: at, knownAt })
  if (snapshot === undefined) return null
  const own = { name: column, type: declared.type }
  const from = `read_parquet(${literal(await lake.path(snapshot))})`
  return { table: { from, rows: snapshot.rows, columns: [own] }, column: own }
}

async function ofPredictions(deps: SideDeps, side: Of<'predictions'>, path: string): Promise<OpenSide> {
  const { kind, model: name, from, to, version, arm } = side
  const window = `from ${displayInstant(from)} to ${displayInstant(to)}`
  if (from >= to) throw new PlatformError('invalid_argument', `a window ${window} is empty; its end must be later`)
  const model = requireModel(deps.project, name)
  const asked = { model: name, from, to, ...(version ? { version } : {}), ...(arm ? { arm } : {}) }
  // Of a session of its own: a table that is there for one connection only becomes a file.
  const log = await deps.duck.session(async (session) => {
    const table = await deps.predictions.table(session, 'drift_answers', asked)
    await session.run(`COPY drift_answers TO ${literal(path)} (FORMAT parquet)`)
    return table
  })
  const of = [version === undefined ? '' : `, version ${version}`, arm === undefined ? '' : `, ${arm}`].join('')
  const says = `predictions of ${name} ${window}${of}`
  if (log.rows === 0) {
    throw new PlatformError('not_found', `there are no ${says}; the log holds what was answered while it was on`)
  }
  const several = saysOfModel(deps.project, model).kind === 'multiclass'
  const score: TableColumn = several ? { name: 'prediction', type: 'String' } : { name: 'score', type: 'Float64' }
  const hidden = [...log.keys, ...log.features].some((column) => column.name === score.name)
  return {
    said: { kind, name, says, from, at: to },
    table: { from: readParquet(path), rows: log.rows, columns: log.features },
    label: null,
    score: hidden ? null : score,
    momentMs: 'epoch_ms(answered_at)',
    model: name,
  }
}

function readParquet(path: string): string {
  return `(SELECT * FROM read_parquet(${literal(path)}, file_row_number = true))`
}

/** Every so many-th row, so that no more than `most` are left. */
export function thinned({ from, rows }: Table, most: number): string {
  if (rows <= most) return from
  return `(SELECT * FROM ${from} WHERE ${ident('file_row_number')} % ${Math.ceil(rows / most)} = 0)`
}
