import { rowKeyWays } from '../config/key-places.ts'
import type { Project } from '../config/project.ts'
import type { AnswerShape } from './answer.ts'

/** Where the keys of entities stand among the join keys of an answer: `at` in the order of the entity's own. */
export type KeyPlaces = readonly { entity: string; at: readonly number[] }[]

export function keyPlacesOf(project: Project, keys: AnswerShape['keys']): KeyPlaces {
  const names = keys.map(({ name }) => name)
  return project.entities.flatMap(({ name: entity }) =>
    rowKeyWays(project, entity, names).map((way) => ({ entity, at: way.map((column) => names.indexOf(column)) })),
  )
}
