import type { Project } from '../config/project.ts'
import type { ProjectCode } from '../config/project-code.ts'
import { codeFileDigests, lockFileDigest, PACKAGE } from './code-digest.ts'
import { type Environment, readEnvironment } from './environment.ts'
import { type GitState, namedSecret } from './git.ts'
import type { Pinned, Versions } from './pin.ts'

/** The artifact code.json: whose code did the work, file by file. */
export type CodeRecord = {
  weir: { files: [path: string, digest: string][]; lockFile: Pinned['lockFile'] }
  project: ProjectCode
  git: GitState | undefined
}

export type BuildRecord = { code: CodeRecord; environment: Environment }

type Deps = { project: Project; versions: () => Promise<Versions> }

/** What this process runs, as it is recorded with a run. The text of a file that git ignores, or that is called like a secret, is not in it. */
export async function recordBuild({ project, versions }: Deps, git: GitState | undefined): Promise<BuildRecord> {
  const [files, lockFile, environment] = await Promise.all([
    codeFileDigests(),
    lockFileDigest(),
    versions().then((named) => readEnvironment(PACKAGE, project.dir, named)),
  ])
  return { code: { weir: { files, lockFile }, project: withoutSecrets(project.code, git), git }, environment }
}

function withoutSecrets(code: ProjectCode, git: GitState | undefined): ProjectCode {
  const withheld = (path: string) => (git?.kind === 'git' ? git.withheld.includes(path) : namedSecret(path))
  return { ...code, files: code.files.map((file) => (withheld(file.path) ? { ...file, text: null } : file)) }
}
