import type { Fault } from './fault.ts'
import { outcomeFaults } from './outcome-faults.ts'
import type { Model, Project, ServiceFeature, ValueType } from './project.ts'
import { suggestion } from './suggest.ts'

/** What the fit would refuse after all the work before it: features and labels of types that a model does not take. */
export function modelTypeFaults(project: Project): Fault[] {
  return project.models.flatMap((model) => [
    ...outcomeFaults(project, model),
    ...nameFaults(project, model),
    ...monotoneFaults(project, model),
    ...interactionFaults(project, model),
    ...segmentFaults(project, model),
    ...promotionFaults(project, model),
  ])
}

/** Features and label are columns of one training set. */
function nameFaults(project: Project, model: Model): Fault[] {
  const label = model.label.toLowerCase()
  return featuresOf(project, model)
    .filter(({ name }) => name.toLowerCase() === label)
    .map(({ name }) => ({
      path: `models.${model.name}.label`,
      message: `the features have one named '${name}', as the label is; rename one of the two`,
    }))
}

/** What may only rise or fall is a number that the model has. */
function monotoneFaults(project: Project, model: Model): Fault[] {
  const monotone = 'monotone' in model.learner ? model.learner.monotone : {}
  const features = featuresOf(project, model)
  return Object.keys(monotone).flatMap((name) => {
    const path = `models.${model.name}.learner.monotone.${name}`
    const found = features.find((feature) => feature.name === name)
    if (!found) {
      const close = suggestion(
        name,
        features.map((feature) => feature.name),
      )
      return [{ path, message: `is not a feature of '${model.featureService}'${close}` }]
    }
    if (typeOf(project, found) !== 'String') return []
    return [{ path, message: 'is a String, which has no order to rise or fall with' }]
  })
}

function segmentFaults(project: Project, model: Model): Fault[] {
  const names = featuresOf(project, model).map(({ name }) => name)
  return (model.segments ?? []).flatMap((name, i) => {
    if (names.includes(name)) return []
    const message = `'${name}' is not a feature of '${model.featureService}'${suggestion(name, names)}`
    return [{ path: `models.${model.name}.segments.${i}`, message }]
  })
}

/** Another server makes what it is told: nobody could hold a promotion back there. */
function promotionFaults(project: Project, { name, promotion: { approvals, gate } }: Model): Fault[] {
  const path = `models.${name}.promotion`
  const empty = gate.flatMap(({ atLeast, atMost, worseBy }, i) =>
    atLeast === null && atMost === null && worseBy === null
      ? [{ path: `${path}.gate[${i}]`, message: 'asks for nothing: write atLeast, atMost or worseBy' }]
      : [],
  )
  if (project.tracking === null || (approvals === 0 && gate.length === 0)) return empty
  const message = 'cannot be kept with `tracking`: the other MLflow server makes every promotion that it is told'
  return [...empty, { path, message }]
}

function interactionFaults(project: Project, model: Model): Fault[] {
  const groups = 'interactions' in model.learner ? model.learner.interactions : []
  const names = featuresOf(project, model).map((feature) => feature.name)
  return groups.flatMap((group, g) =>
    group.flatMap((name, i) => {
      if (names.includes(name)) return []
      const path = `models.${model.name}.learner.interactions[${g}][${i}]`
      return [{ path, message: `is not a feature of '${model.featureService}'${suggestion(name, names)}` }]
    }),
  )
}

function featuresOf(project: Project, model: Model): ServiceFeature[] {
  return project.featureServices.find(({ name }) => name === model.featureService)?.features ?? []
}

function typeOf(project: Project, { view, feature }: ServiceFeature): ValueType | undefined {
  const found =
    project.featureViews.find(({ name }) => name === view) ?? project.onDemandViews.find(({ name }) => name === view)
  const features: readonly { name: string; type: ValueType }[] = found?.features ?? []
  return features.find(({ name }) => name === feature)?.type
}
