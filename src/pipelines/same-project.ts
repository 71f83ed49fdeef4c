import { PlatformError } from '../base/errors.ts'
import { digestOf } from '../base/hash.ts'
import type { Project } from '../config/project.ts'

/** Names a project by its content, wherever it lies. */
export function projectDigest(project: Project): string {
  return digestOf({ ...project, dir: undefined })
}

/**
 * A run may be worked on by a process that was started before the project was edited, or go on after that: then it
 * would do something else than was asked for. Refuses instead.
 */
export function requireSameProject(project: Project, digest: string): void {
  if (projectDigest(project) === digest) return
  throw new PlatformError(
    'conflict',
    `the worker in '${project.dir}' knows weir.config.ts as it was when it started, and the file has been changed since; restart 'weir up' or 'weir worker', then try again`,
  )
}
