import { PlatformError } from '../../base/errors.ts'
import { predictedKind } from '../../config/predicts.ts'
import type { Model } from '../../config/project.ts'
import type { DuckSession } from '../../lake/duck.ts'
import { ENTITY_ROWS } from '../define/entity-rows.ts'
import { literal } from '../define/quote.ts'
import { plainInDuck } from '../define/value-types.ts'
import type { LabelDefinition, LabelRows } from './label-rows.ts'

/** So many values are named. */
const SHOWN = 5
/** What a model tells apart at most (ml/model/outcome.ts). */
const CLASSES_MAX = 255

/**
 * Refuses labels that a model cannot learn, when they have been read and before anything is joined: of a number and a text
 * only its rows tell which outcomes there are.
 */
export async function requireLearnable(
  session: DuckSession,
  label: LabelDefinition,
  { payload, rows }: LabelRows,
  model: Pick<Model, 'predicts' | 'positive'>,
): Promise<void> {
  if (label.type === 'Bool') return
  const column = payload[payload.length - (label.weight ? 2 : 1)]?.sql ?? ''
  const kind = predictedKind(model, label.type)
  const has = (values: string) =>
    `label '${label.name}', column '${label.column}' of source '${label.source}', has ${values}`
  const refusal = (message: string) =>
    new PlatformError('invalid_argument', message, {
      details: { label: label.name, source: label.source, column: label.column },
    })
  if (kind === 'regression') {
    if (!label.type.startsWith('Float')) return
    const infinite = await valuesOf(session, label, column, `NOT isfinite(${column})`)
    if (infinite.length === 0) return
    throw refusal(has(`values that are not finite among ${rows} rows: ${shown(infinite)}`))
  }
  if (kind === 'binary' && model.positive === null) {
    const others = await valuesOf(session, label, column, `${column} NOT IN (0, 1)`)
    if (others.length === 0) return
    throw refusal(
      `${has(`values other than 0 and 1 among ${rows} rows: ${shown(others)}`)}. ` +
        "For two other values state the positive one (positive: 2), for more of them predicts: 'multiclass', for a quantity predicts: 'regression'",
    )
  }
  const found = await valuesOf(session, label, column, 'true')
  const count = Number(found[0]?.all ?? 0)
  if (kind === 'multiclass') {
    if (model.predicts === null && count === 2) {
      throw refusal(
        `${has(`two values: ${shown(found)}`)}. State which is the positive one, like positive: '${found[0]?.value}', or predicts: 'multiclass'`,
      )
    }
    if (count <= CLASSES_MAX) return
    const more =
      label.type === 'String'
        ? 'predict coarser classes'
        : "predict a number (predicts: 'regression'), or coarser classes"
    throw refusal(
      `${has(`${count} values among ${rows} rows`)}, and a model tells at most ${CLASSES_MAX} apart: ${more}`,
    )
  }
  const wanted = typeof model.positive === 'string' ? literal(model.positive) : String(model.positive)
  const others = await valuesOf(session, label, column, `${column} <> ${wanted}`)
  const there = count - Number(others[0]?.all ?? 0)
  if (count === 0 || (there === 1 && others.length === 1)) return
  throw refusal(
    `${has(`${count} value${count === 1 ? '' : 's'}: ${shown(found)}`)}. Two outcomes are ${wanted} and one other; ` +
      "for more of them write predicts: 'multiclass' and leave positive out",
  )
}

type Counted = { value: string; n: number; all: number }

function valuesOf(session: DuckSession, { type }: LabelDefinition, column: string, where: string): Promise<Counted[]> {
  return session.rows<Counted>(
    `SELECT CAST(${plainInDuck(column, type)} AS VARCHAR) AS value, count(*) AS n, count(*) OVER () AS "all"
     FROM ${ENTITY_ROWS} WHERE ${where} GROUP BY 1 ORDER BY n DESC, 1 LIMIT ${SHOWN}`,
  )
}

function shown(found: readonly Counted[]): string {
  const values = found.map(({ value, n }) => `${value} (${n} row${n === 1 ? '' : 's'})`).join(', ')
  return `${values}${Number(found[0]?.all) > found.length ? ' and others' : ''}`
}
