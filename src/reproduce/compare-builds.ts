import type { BuildRecord, Definitions, GitState, Pinned } from '../training/training.ts'
import { type ChangedFile, projectFiles, projectPackages, weirFiles } from './code-differences.ts'
import { codeDifferences, versionDifferences } from './differences.ts'
import { environmentLines } from './environment-differences.ts'
import { listed } from './listed.ts'
import type { Recorded } from './recorded.ts'

export type Compared = {
  git: { recorded: GitState | null; now: GitState | null }
  files: ChangedFile[]
  /** The files and packages of the project that differ, in words. */
  project: string[]
  /** The same of Weir. */
  code: string[]
  environment: string[]
}

/** The build that a run recorded, and this one. Of runs that recorded less, less is compared. */
export function compareBuilds(recorded: Recorded, now: Pinned, build: BuildRecord): Compared {
  const { pinned, code, environment } = recorded
  const files = code ? projectFiles(code.project, build.code.project) : []
  const named = files.map(({ path, what }) => `${path} (${what})`)
  const ofWeir = code && pinned.code !== now.code ? weirFiles(code.weir.files, build.code.weir.files) : undefined
  return {
    git: { recorded: pinned.git ?? null, now: now.git ?? null },
    files,
    project: [
      ...(named.length > 0 ? [`files of the project: ${listed(named)}`] : []),
      ...(code ? projectPackages(code.project, build.code.project) : []),
    ],
    code: [...codeDifferences(pinned, now), ...(ofWeir ? [ofWeir] : [])],
    environment: [
      ...versionDifferences(pinned, now),
      ...(environment ? environmentLines(environment, build.environment) : []),
    ],
  }
}

/** Whether a result comes from code of the project, and not from what it says alone. */
export function decides({ onDemand, model }: Definitions): boolean {
  return onDemand.length > 0 || model.learner.kind === 'trainer'
}
