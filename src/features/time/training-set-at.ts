import { must } from '../../base/assert.ts'
import { PlatformError } from '../../base/errors.ts'
import { modelOf, sourceOf } from '../../config/find.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import { type Column, type ServiceDefinition, serviceDefinition } from '../define/definitions.ts'
import { EVENT_TIMESTAMP } from '../define/entity-rows.ts'
import { ident } from '../define/quote.ts'
import { duckInstant, duckType } from '../define/value-types.ts'
import { withOnDemand } from '../offline/dataset.ts'
import { joinLabelRows } from '../offline/training-set.ts'
import { labelOfModel } from './subject.ts'
import { keyParts, type TableAt, type TimeDeps } from './table.ts'
import { isKey, type Setting } from './view-at.ts'

/**
 * The training set of a model, as of valid_at and by what is known at known_at: the rows that `weir dataset` writes, in their
 * order. Made in the session and kept nowhere. Without a mature label it has no rows, and says why.
 */
export async function trainingSetAt(
  deps: TimeDeps,
  model: string,
  { validAt, knownAt, mode }: Setting,
  key: string | null,
): Promise<TableAt> {
  const service = serviceDefinition(deps.project, modelOf(deps.project, model).featureService)
  const parts = keyParts(service.keys, key)
  await deps.catalogue.requireChecked()
  const made = await joinLabelRows(deps, { model, asOf: validAt, knownAt, mode }).catch(noLabels)
  if (typeof made === 'string') return withoutRows(deps, model, service, made)
  const { label, columns, entities, outputs, join } = made
  // Of changes several deliveries can have the moment of a row.
  const labelled = label.changes === null ? entities.snapshots : []
  const from = await withOnDemand(deps.session, service, { sql: join.sql, rows: entities.rows })
  const keyCount = service.keys.length + 1
  const named = outputs.map(({ sql }, i) => `${sql} AS ${i < keyCount ? `k${i}` : `c${i - keyCount}`}`)
  const keyed = isKey({ ...VIEW, keys: service.keys.map((k, i) => ({ ...k, name: `k${i}`, column: k.name })) }, parts)
  await deps.session.run(
    `CREATE OR REPLACE TEMP TABLE training_rows AS SELECT *, row_number() OVER (PARTITION BY ${names(keyCount)} ORDER BY _n) AS _same FROM (
       SELECT ${['j.n AS _n', ...named, 'j.t AS _ts', 'NULL::TIMESTAMPTZ AS _known', `${labelSeq(labelled)} AS _from`].join(', ')}, 'PRESENT' AS _status FROM ${from}
     ) WHERE ${keyed}`,
  )
  return {
    ...shapeOf(deps, model, service, columns),
    sql: 'SELECT * FROM training_rows',
    reads: join.inputs.map(({ moment, snapshot }) => ({ source: snapshot.source, moment, snapshot })),
    snapshots: entities.snapshots,
    note: null,
  }
}

const VIEW = { name: '', source: '', features: [], ttlMs: null, changes: null }

/** That there is none is an answer; every other refusal is one. */
function noLabels(error: unknown): string {
  if (error instanceof PlatformError && error.code === 'not_found') return error.message
  throw error
}

function withoutRows(deps: TimeDeps, model: string, service: ServiceDefinition, note: string): TableAt {
  const label = labelOfModel(deps.project, model)
  const source = sourceOf(deps.project, label.source)
  const { type } = must(source.columns.find((c) => c.name === label.column))
  const columns: Column[] = [
    ...service.keys,
    { name: EVENT_TIMESTAMP, type: 'UnixTimestamp' },
    ...service.features.map((f) => ({ name: f.name, type: f.type })),
    { name: label.name, type },
  ]
  const keyCount = service.keys.length + 1
  const typed = columns.map((c, i) => {
    return `CAST(NULL AS ${duckType(c.type)}) AS ${i < keyCount ? `k${i}` : `c${i - keyCount}`}`
  })
  const rest = [
    '0 AS _n',
    '0 AS _same',
    'NULL::TIMESTAMPTZ AS _ts',
    'NULL::TIMESTAMPTZ AS _known',
    '0::BIGINT AS _from',
  ]
  const sql = `SELECT ${[...typed, ...rest, `'PRESENT' AS _status`].join(', ')} WHERE false`
  return { ...shapeOf(deps, model, service, columns), sql, reads: [], snapshots: [], note }
}

function shapeOf(deps: TimeDeps, model: string, service: ServiceDefinition, columns: readonly Column[]) {
  const keyCount = service.keys.length + 1
  const label = labelOfModel(deps.project, model)
  const values = columns.slice(keyCount).map(({ name, type }) => {
    const feature = service.features.find((f) => f.name === name)
    if (feature === undefined) return { name, type, source: label.source }
    return { name, type, source: feature.stored === null ? null : (service.views[feature.view]?.source ?? null) }
  })
  const keys = columns.slice(0, keyCount)
  const identity = [...keys.map((_, i) => `k${i}`), '_same']
  return { keys: [...keys], values, order: ['_n'], identity, fileRows: null }
}

function names(keyCount: number): string {
  return Array.from({ length: keyCount }, (_, i) => ident(`k${i}`)).join(', ')
}

/** Labels that come as whole states: the snapshot of a row is that of its moment. */
function labelSeq(snapshots: readonly Snapshot[]): string {
  if (snapshots.length === 0) return 'NULL::BIGINT'
  return `CASE ${snapshots.map((s) => `WHEN j.t = ${duckInstant(s.validAt)} THEN ${s.seq}`).join(' ')} END::BIGINT`
}
