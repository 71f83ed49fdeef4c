import { requireModel } from '../config/find.ts'
import type { Project } from '../config/project.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import type { AnswerShape } from './answer.ts'

/** What the models of a project are asked with. */
export function askedWith(project: Project, features: { service(name: string): ServiceDefinition }) {
  const serviceOf = (model: string) => features.service(requireModel(project, model).featureService)
  return {
    serviceOf,
    /** Refuses (not_found) a model that the project does not have. */
    shapeOf(model: string): AnswerShape {
      const { keys, views, features: served } = serviceOf(model)
      return {
        keys: keys.map(({ name, type }) => ({ name, type })),
        features: served.map(({ name, type, view }) => ({ name, type, view: views[view]?.name ?? null })),
      }
    },
    /** The columns of a model's rows that name the keys of a view, one list for each use; none where it does not use it. */
    rowKeysOf(model: string, view: string): string[][] {
      if (!project.models.some(({ name }) => name === model)) return []
      return serviceOf(model)
        .views.filter(({ name }) => name === view)
        .map(({ rowKeys }) => rowKeys)
    },
  }
}
