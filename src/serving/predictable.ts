import { defaultModelOf, requireModel } from '../config/find.ts'
import { saysOfModel } from '../config/predicts.ts'
import type { Project } from '../config/project.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import { documentedFields } from '../features/define/examples.ts'
import type { Field } from '../wire/values.ts'
import type { PredictModel } from '../wire/what-if.ts'
import type { LiveModels } from './live-models.ts'

type Deps = {
  project: Project
  models: Pick<LiveModels, 'current'>
  serviceOf: (model: string) => ServiceDefinition
}

/** What can be predicted, and by which version now. */
export function predictable({ project, models, serviceOf }: Deps): PredictModel[] {
  const meant = defaultModelOf(project)?.name
  return project.models.map(({ name }) => {
    const service = serviceOf(name)
    const live = models.current(name)
    const { keys, features: used } = documentedFields(project, service)
    const fields = (all: readonly Field[]) => all.map(({ name, type }) => ({ name, type }))
    return {
      name,
      predicts: saysOfModel(project, requireModel(project, name)).kind,
      default: name === meant,
      keys: fields(keys),
      entities: entitiesOf(
        project,
        keys.map((key) => key.name),
      ),
      features: fields(used),
      live: live ? { version: live.version, run_id: live.runId } : null,
    }
  })
}

/** Those whose keys are all among these: the one with all of them first. */
function entitiesOf(project: Project, keys: readonly string[]): string[] {
  const among = project.entities.filter(({ joinKeys }) => joinKeys.every(({ name }) => keys.includes(name)))
  return among.sort((a, b) => b.joinKeys.length - a.joinKeys.length).map(({ name }) => name)
}
