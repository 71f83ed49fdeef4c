import type { z } from 'zod'
import type { projectShape } from './shapes.ts'

/** What `defineProject` takes; see examples/streamflow/weir.config.ts for every part in use. */
export type ProjectInput = z.input<typeof projectShape>

/** Names the type of a project definition, so that an editor completes it; the checking is done when it is loaded. */
export function defineProject(project: ProjectInput): ProjectInput {
  return project
}
