import { must } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import type { Entity, FeatureService, FeatureView, Label, Model, Project, Source } from './project.ts'
import { suggestion } from './suggest.ts'

/** Look-ups in a complete project, where every reference is known to exist. */
export function sourceOf(project: Project, name: string): Source {
  return must(
    project.sources.find((s) => s.name === name),
    `source ${name}`,
  )
}

export function entityOf(project: Project, name: string): Entity {
  return must(
    project.entities.find((e) => e.name === name),
    `entity ${name}`,
  )
}

export function featureViewOf(project: Project, name: string): FeatureView {
  return must(
    project.featureViews.find((v) => v.name === name),
    `feature view ${name}`,
  )
}

export function featureServiceOf(project: Project, name: string): FeatureService {
  return must(
    project.featureServices.find((s) => s.name === name),
    `feature service ${name}`,
  )
}

export function labelOf(project: Project, name: string): Label {
  return must(
    project.labels.find((l) => l.name === name),
    `label ${name}`,
  )
}

export function modelOf(project: Project, name: string): Model {
  return must(
    project.models.find((m) => m.name === name),
    `model ${name}`,
  )
}

/** For a name that a person wrote: refuses with the names that there are. */
export function requireModel(project: Project, name: string): Model {
  const found = project.models.find((m) => m.name === name)
  if (found) return found
  const names = project.models.map((m) => m.name)
  throw new PlatformError('not_found', `there is no model '${name}' in the project${suggestion(name, names)}`)
}

/** The model that is meant where a caller names none: the one that the project names, or the only one. */
export function defaultModelOf(project: Project): Model | undefined {
  if (project.defaultModel !== null) return modelOf(project, project.defaultModel)
  return project.models.length === 1 ? project.models[0] : undefined
}

/** The same, or a refusal that names the models; `instead` says how to name one of them. */
export function requireDefaultModel(project: Project, instead: (model: string) => string): Model {
  const model = defaultModelOf(project)
  if (model) return model
  if (project.models.length === 0) throw new PlatformError('not_found', 'the project has no model')
  throw new PlatformError(
    'invalid_argument',
    severalModels(
      project.models.map((m) => m.name),
      instead,
    ),
  )
}

function severalModels(names: readonly string[], instead: (model: string) => string): string {
  const ways = names.map(instead).join(' or ')
  return `the project has the models ${names.join(', ')}, and none is meant without its name; use ${ways}, or name one as defaultModel in weir.config.ts`
}
