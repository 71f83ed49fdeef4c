import type { AnswerFilter } from './answer.ts'
import type { Shapes } from './shapes.ts'

export type Where = { conditions: string[]; values: unknown[]; bind(value: unknown): string }

/** A filter as conditions over `predictions.answer a`; undefined where no answer can fit it. */
export async function conditionOf(shapes: Shapes, filter: AnswerFilter): Promise<Where | undefined> {
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const conditions: string[] = ['true']
  const { model, key, version, arm, from, to, knownAt, requestId, refused, shown } = filter
  if (model !== undefined) {
    const id = await shapes.findModel(model)
    if (id === undefined) return undefined
    // As a literal: the partitions of other models are left out when the statement is planned.
    conditions.push(`a.model = ${id}`)
  }
  const { keyNames, by = 'answered' } = filter
  const moment = by === 'answered' ? 'at' : 'recorded_at'
  if (version !== undefined || keyNames !== undefined) {
    const asked = JSON.stringify(keyNames)
    const all = await shapes.of(model, version)
    const ids = all
      .filter(({ keys }) => keyNames === undefined || JSON.stringify(keys.map(({ name }) => name)) === asked)
      .map((shape) => shape.id)
    if (ids.length === 0) return undefined
    conditions.push(`a.shape = any(${bind(ids)}::int[])`)
  }
  if (key !== undefined) conditions.push(`a.key = ${bind(key)}::text[]`)
  if (arm !== undefined) conditions.push(`a.arm = ${bind(arm)}`)
  if (from !== undefined) conditions.push(`a.${moment} >= ${bind(from)}`)
  if (to !== undefined) conditions.push(`a.${moment} < ${bind(to)}`)
  if (knownAt !== undefined) conditions.push(`a.recorded_at <= ${bind(knownAt)}`)
  if (requestId !== undefined) conditions.push(`a.request_id = ${bind(requestId)}`)
  if (refused !== undefined) conditions.push(`a.error is ${refused ? 'not ' : ''}null`)
  if (shown !== undefined) {
    const at = bind(shown.at)
    const cases = (await shapes.of(model, version)).flatMap(({ id, features }) =>
      shown.views.flatMap((view) => {
        const first = features.findIndex((feature) => feature.view === view)
        return first < 0
          ? []
          : [`(a.shape = ${id} and ${timeAt(first, features.length)}::timestamptz = ${at}::timestamptz)`]
      }),
    )
    if (cases.length === 0) return undefined
    conditions.push(`(${cases.join(' or ')})`)
  }
  return { conditions, values, bind }
}

/** Of the feature at a place; one moment may stand for all. */
function timeAt(place: number, count: number): string {
  return count === 1
    ? 'a.times->>0'
    : `(case when json_array_length(a.times) = 1 then a.times->>0 else a.times->>${place} end)`
}
