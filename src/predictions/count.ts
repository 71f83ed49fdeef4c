import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import type { ArmName } from '../wire/arm-names.ts'
import type { AnswerFilter } from './answer.ts'
import type { Shapes } from './shapes.ts'
import { conditionOf } from './where.ts'

export type CountedAnswers = {
  model: string
  version: string
  arm: ArmName
  /** With a prediction. */
  answers: number
  refusals: number
  first: Instant
  last: Instant
}

/** How many answers there are, by model, version and arm. */
export async function countAnswers(
  { sql, shapes }: { sql: Sql; shapes: Shapes },
  filter: AnswerFilter,
): Promise<CountedAnswers[]> {
  const where = await conditionOf(shapes, filter)
  if (where === undefined) return []
  return sql.query<CountedAnswers>(
    `select m.name as model, s.version, c.arm, sum(c.answers)::bigint as answers, sum(c.refusals)::bigint as refusals,
       min(c.first) as first, max(c.last) as last
     from (select a.shape, a.arm, count(a.said) as answers, count(a.error) as refusals, min(a.at) as first, max(a.at) as last
           from predictions.answer a where ${where.conditions.join(' and ')} group by a.shape, a.arm) c
     join predictions.shape s on s.id = c.shape join predictions.model m on m.id = s.model
     group by m.name, s.version, c.arm order by m.name, min(c.first), s.version, c.arm`,
    where.values,
  )
}
