import type { Instant } from '../base/instant.ts'
import type { Column, ServiceDefinition } from './definitions.ts'
import { ident, literal } from './quote.ts'
import { duckInstant, duckType } from './value-types.ts'
import { viewRowsSql } from './view-rows.ts'

/** The files that one moment T is joined from; a view without a snapshot in reach of T has none. */
export type MomentFiles = { moment: Instant; labels: string; views: (string | undefined)[] }

export type LabelColumn = Column & { column: string }

/** The columns of a training set, in order: join keys, event_timestamp, features, label. */
export function trainingSetColumns(service: ServiceDefinition, label: LabelColumn): Column[] {
  const features = service.features.map(({ name, type }) => ({ name, type }))
  const moment: Column = { name: 'event_timestamp', type: 'UnixTimestamp' }
  return [...service.keys, moment, ...features, { name: label.name, type: label.type }]
}

/**
 * The whole training set as one DuckDB statement. Every labelled row gives one row, because a view holds a key at
 * most once; the order is by moment, keys and label, and rows equal in those are equal throughout: so the bytes
 * depend neither on the order of the files nor on threads.
 */
export function trainingSetSql(service: ServiceDefinition, label: LabelColumn, files: MomentFiles[]): string {
  const parts = files.map((moment) => momentSql(service, label, moment))
  const order = ['event_timestamp', ...service.keys.map((k) => k.name), label.name]
  return `${parts.join('\nUNION ALL\n')}\nORDER BY ${order.map((c) => `${ident(c)} NULLS FIRST`).join(', ')}`
}

function momentSql(service: ServiceDefinition, label: LabelColumn, files: MomentFiles): string {
  const keys = service.keys.map((k) => `l.${ident(k.name)}`)
  const features = service.features.map((f) =>
    files.views[f.view] === undefined
      ? `CAST(NULL AS ${duckType(f.type)}) AS ${ident(f.name)}`
      : `v${f.view}.${ident(f.name)}`,
  )
  const columns = [...keys, `${duckInstant(files.moment)} AS event_timestamp`, ...features, `l.${ident(label.name)}`]
  const joins = service.views.flatMap((view, i) => {
    const path = files.views[i]
    if (path === undefined) return []
    const on = view.keys.map((k) => `v${i}.${ident(k.name)} = l.${ident(k.name)}`).join(' AND ')
    return [`LEFT JOIN (${viewRowsSql(view, path)}) v${i} ON ${on}`]
  })
  return [`SELECT ${columns.join(', ')}`, `FROM (${labelRowsSql(service, label, files.labels)}) l`, ...joins].join('\n')
}

/** A row without a value in the label column is no label. */
function labelRowsSql(service: ServiceDefinition, label: LabelColumn, path: string): string {
  const columns = [...service.keys.map((k) => ({ ...k, column: k.name })), label].map(
    (c) => `CAST(${ident(c.column)} AS ${duckType(c.type)}) AS ${ident(c.name)}`,
  )
  return `SELECT ${columns.join(', ')} FROM read_parquet(${literal(path)}) WHERE ${ident(label.column)} IS NOT NULL`
}
