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
