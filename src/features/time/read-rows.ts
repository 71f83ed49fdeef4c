import type { DuckSession } from '../../lake/duck.ts'
import type { Snapshot } from '../../lake/snapshot.ts'
import { limitOf } from '../../wire/limits.ts'
import { jsonCell, type RowStatus, type TimeRow } from '../../wire/time.ts'
import { literal } from '../define/quote.ts'
import { plainInDuck } from '../define/value-types.ts'
import type { TableAt } from './table.ts'

type Type = TableAt['values'][number]['type']

/** A value as it is answered: a moment as text, a long text cut. */
export function plainCell(expression: string, type: Type): string {
  if (type !== 'String') return plainInDuck(expression, type)
  const most = limitOf('cellChars')
  return `CASE WHEN length(${expression}) > ${most} THEN left(${expression}, ${most}) || ${literal('…')} ELSE ${expression} END`
}

/** The columns of a table as they are answered: `v<i>`, and `ts`, `known`, `seq`, `status`; each with a prefix. */
export function answeredColumns(table: Pick<TableAt, 'keys' | 'values'>, alias = '', prefix = ''): string[] {
  const keys = table.keys.map(({ type }, i) => `${plainCell(`${alias}k${i}`, type)} AS ${prefix}v${i}`)
  const values = table.values.map(({ type }, i) => {
    return `${plainCell(`${alias}c${i}`, type)} AS ${prefix}v${table.keys.length + i}`
  })
  return [...keys, ...values, ...times(alias, prefix)]
}

export function times(alias: string, prefix: string): string[] {
  return [
    `${plainInDuck(`${alias}_ts`, 'UnixTimestamp')} AS ${prefix}ts`,
    `${plainInDuck(`${alias}_known`, 'UnixTimestamp')} AS ${prefix}known`,
    `${alias}_from AS ${prefix}seq`,
    `${alias}_status AS ${prefix}status`,
  ]
}

/** A row of such columns as it is answered. */
export function answeredRow(
  found: Readonly<Record<string, unknown>>,
  width: number,
  bySeq: ReadonlyMap<number, Snapshot>,
  prefix = '',
): TimeRow {
  const text = (value: unknown) => (value === null || value === undefined ? null : String(value))
  const seq = found[`${prefix}seq`]
  return {
    values: Array.from({ length: width }, (_, i) => jsonCell(found[`${prefix}v${i}`])),
    status: found[`${prefix}status`] as RowStatus,
    event_time: text(found[`${prefix}ts`]),
    available_at: text(found[`${prefix}known`]),
    snapshot: seq === null || seq === undefined ? null : (bySeq.get(Number(seq))?.id ?? null),
  }
}

export function bySeqOf(tables: readonly Pick<TableAt, 'snapshots'>[]): Map<number, Snapshot> {
  return new Map(tables.flatMap((table) => table.snapshots.map((s): [number, Snapshot] => [s.seq, s])))
}

export type Counts = { rows: number; deleted: number }

export async function countRows(session: DuckSession, sql: string): Promise<Counts> {
  const [found] = await session.rows<Counts>(
    `SELECT count(*) FILTER (WHERE _status <> 'DELETED') AS "rows", count(*) FILTER (WHERE _status = 'DELETED') AS deleted FROM (${sql})`,
  )
  return found ?? { rows: 0, deleted: 0 }
}
