import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import type { Project } from '../config/project.ts'
import type { FlowRun } from '../flows/flow.ts'

/**
 * Names a project by what it says, wherever it lies; by its code only where an on-demand function stands in it. What begins
 * when, and who is told of what, change nothing of what is done.
 */
export function projectDigest(project: Project): string {
  const beside = { dir: undefined, code: undefined, schedules: undefined, alerts: undefined, alertChannels: undefined }
  return digestOf({ ...project, ...beside })
}

/**
 * Steps that begin only while the live project is the one that was asked for. A run may be worked on by a process that
 * was started before the project was edited, or go on after that, or on another host: each step reads the live project,
 * and would do something else than the steps before it. `also` is asked too, before each.
 */
export function stepsOfProject(
  run: Pick<FlowRun, 'step'>,
  project: Project,
  digest: string,
  also: () => Promise<void> = async () => {},
): FlowRun['step'] {
  return (name, body, options) =>
    run.step(
      name,
      async () => {
        requireSameProject(project, digest)
        await also()
        return body()
      },
      options,
    )
}

function requireSameProject(project: Project, digest: string): void {
  if (projectDigest(project) === digest) return
  throw new PlatformError(
    'conflict',
    `weir.config.ts in '${project.dir}', as this process read it, is not the one that this run was submitted with: it was edited, or ` +
      "this process started before it was. Nothing more is done. Restart 'weir up' or 'weir worker', then give the command again",
  )
}
