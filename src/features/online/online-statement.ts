import { digestOf } from '../../base/hash.ts'
import type { ServiceDefinition } from '../define/definitions.ts'
import { ident } from '../define/quote.ts'
import { plainInPostgres, postgresType } from '../define/value-types.ts'

export type OnlineStatement = {
  /** For the preparation: another text has another name. */
  name: string
  text: string
  /** By view: the result column with its event timestamp, or undefined when the view has no table. */
  timestamps: (string | undefined)[]
  /** By stored feature: the result column with its value. */
  values: string[]
}

/**
 * One statement that looks a list of keys up in the tables of all views of a service. Result columns are numbered: `n`
 * is the place in the list of keys, `t<view>` the event timestamp, `f<feature>` the value. The lists stand in a
 * sub-select so that the planner cannot count them: else it plans anew for every call with few keys (0.5 ms of 0.6),
 * and reads whole tables for one with many.
 */
export function onlineStatement(service: ServiceDefinition, tables: readonly (string | undefined)[]): OnlineStatement {
  const timestamps = tables.map((table, i) => (table === undefined ? undefined : `t${i}`))
  const values = service.stored.map((_, i) => `f${i}`)
  const columns = [
    'k.n',
    ...timestamps.flatMap((name, i) => (name === undefined ? [] : [`v${i}.event_timestamp AS ${name}`])),
    ...service.stored.flatMap((f, i) =>
      tables[f.view] === undefined ? [] : [`${plainInPostgres(`v${f.view}.${ident(f.feature)}`, f.type)} AS f${i}`],
    ),
  ]
  // Views without an entity only: a list of as many as there are rows.
  const types = service.keys.length > 0 ? service.keys.map((key) => postgresType(key.type)) : ['integer']
  const arrays = types.map((type, i) => `(SELECT $${i + 1}::${type}[])`)
  const names = types.map((_, i) => `k${i}`)
  const joins = service.views.flatMap((view, i) => {
    const table = tables[i]
    if (table === undefined) return []
    const on = view.keys.map((key, k) => `v${i}.${ident(key.name)} = k.k${keyPlace(service, view.rowKeys[k])}`)
    on.push(`NOT v${i}._gone`)
    return [`LEFT JOIN online.${ident(table)} v${i} ON ${on.join(' AND ')}`]
  })
  const text = [
    `SELECT ${columns.join(', ')}`,
    `FROM unnest(${arrays.join(', ')}) WITH ORDINALITY AS k (${[...names, 'n'].join(', ')})`,
    ...joins,
  ].join('\n')
  return { name: `online_${digestOf(text).slice(0, 32)}`, text, timestamps, values }
}

function keyPlace(service: ServiceDefinition, name: string | undefined): number {
  return service.keys.findIndex((key) => key.name === name)
}
