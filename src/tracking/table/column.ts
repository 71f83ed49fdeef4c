import { PlatformError } from '../../base/errors.ts'
import { shown } from '../../wire/limits.ts'
import { COLUMN_KINDS, type ColumnKind, RUN_ATTRIBUTES } from '../../wire/runs.ts'

/** `metrics.val/loss` is {kind: 'metrics', key: 'val/loss'}: the kind ends at the first dot, the rest is a name as it is. */
export type Column = { name: string; kind: ColumnKind; key: string }

export function readColumn(name: string): Column {
  const dot = name.indexOf('.')
  const kind = name.slice(0, Math.max(dot, 0)) as ColumnKind
  const key = name.slice(dot + 1)
  if (dot < 0 || key === '' || !COLUMN_KINDS.includes(kind)) {
    throw invalid(`column ${shown(name)}: it begins with one of ${COLUMN_KINDS.map((k) => `${k}.`).join(', ')}`)
  }
  if (kind === 'attributes' && !RUN_ATTRIBUTES.includes(key as (typeof RUN_ATTRIBUTES)[number])) {
    throw invalid(`column ${shown(name)}: the attributes are ${RUN_ATTRIBUTES.join(', ')}`)
  }
  return { name, kind, key }
}

/** The same as the search's grammar writes it. */
export function orderText({ kind, key }: Column, descending: boolean): string {
  return `${kind}."${key.replaceAll('"', '""')}" ${descending ? 'DESC' : 'ASC'}`
}

export function keysOf(columns: readonly Column[], kind: ColumnKind): string[] {
  return columns.filter((column) => column.kind === kind).map((column) => column.key)
}

export function invalid(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
