import { PlatformError } from '../../base/errors.ts'
import type { DuckSession } from '../../lake/duck.ts'
import { ENTITY_ROWS } from '../define/entity-rows.ts'
import { plainInDuck } from '../define/value-types.ts'
import type { LabelDefinition, LabelRows } from './label-rows.ts'

/** So many values are named. */
const SHOWN = 5

/**
 * Refuses labels that a model cannot learn, when they have been read and before anything is joined: a number may be anything,
 * so only its rows tell that there are two outcomes.
 */
export async function requireTwoOutcomes(
  session: DuckSession,
  label: LabelDefinition,
  { payload, rows }: LabelRows,
): Promise<void> {
  if (label.type === 'Bool') return
  const column = payload.at(-1)?.sql ?? ''
  const found = await session.rows<{ value: string; n: number; all: number }>(
    `SELECT CAST(${plainInDuck(column, label.type)} AS VARCHAR) AS value, count(*) AS n, count(*) OVER () AS "all"
     FROM ${ENTITY_ROWS} WHERE ${column} NOT IN (0, 1) GROUP BY 1 ORDER BY n DESC, 1 LIMIT ${SHOWN}`,
  )
  if (found.length === 0) return
  const shown = found.map(({ value, n }) => `${value} (${n} row${n === 1 ? '' : 's'})`).join(', ')
  const more = Number(found[0]?.all) > found.length ? ' and others' : ''
  throw new PlatformError(
    'invalid_argument',
    `label '${label.name}', column '${label.column}' of source '${label.source}', has values other than 0 and 1 among ` +
      `${rows} rows: ${shown}${more}. A model learns two outcomes so far: deliver a Bool, or 0 and 1 in a number`,
    { details: { label: label.name, source: label.source, column: label.column } },
  )
}
