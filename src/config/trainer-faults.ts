import type { Fault } from './fault.ts'
import type { Project } from './project.ts'
import type { ProjectShape } from './shapes.ts'
import { isThere } from './trainer-files.ts'

/** A model has a learner or a trainer; what a learner alone can do is not asked of a trainer. */
export function trainerFaults(project: Project, shape: ProjectShape): Fault[] {
  return Object.entries(shape.models).flatMap(([name, model]): Fault[] => {
    const at = `models.${name}`
    const { trainer } = model
    if (trainer === undefined) {
      if (model.learner !== undefined) return []
      return [{ path: `${at}.learner`, message: 'is missing; name a learner, or a trainer of your own' }]
    }
    const paths = project.code.files.map(({ path }) => path)
    return [
      ...(model.learner === undefined
        ? []
        : [{ path: `${at}.trainer`, message: 'stands beside a learner; keep one of the two' }]),
      ...(model.calibration === 'none'
        ? []
        : [{ path: `${at}.calibration`, message: 'needs more than one fit; a trainer calibrates its model itself' }]),
      ...(project.tracking === null
        ? []
        : [{ path: `${at}.trainer`, message: "logs to Weir's own server; a project with 'tracking' has none so far" }]),
      ...(paths.length === 0 ? [] : trainer.files.filter((file) => !isThere(file, paths))).map((file) => {
        return { path: `${at}.trainer.files`, message: `'${file}' is not there` }
      }),
    ]
  })
}
