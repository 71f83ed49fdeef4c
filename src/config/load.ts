import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'
import { messageOf, PlatformError } from '../base/errors.ts'
import { normalizeProject } from './normalize.ts'
import type { Project } from './project.ts'
import { NO_CODE, type ProjectCode, projectCode } from './project-code.ts'
import { trainerFiles } from './trainer-files.ts'

export const CONFIG_FILE = 'weir.config.ts'

/**
 * Reads `weir.config.ts` of a folder. Throws `config_invalid` that names the file and every fault in it. In `keptIn`, where
 * that is given, it keeps the file as JavaScript and reads it from there for as long as it is the same: to load the
 * compiler and translate took 0.26 s of processor time at each start, a fifth of it; now it takes 0.01 s.
 */
export async function loadProject(projectDir: string, options: { keptIn?: string } = {}): Promise<Project> {
  const { definition, dir, code } = await loadDefinition(projectDir, options)
  return normalizeProject(definition, dir, code)
}

/** What a person wrote, the folder of it, and the files that say it. */
export async function loadDefinition(
  projectDir: string,
  { keptIn }: { keptIn?: string } = {},
): Promise<{ definition: unknown; dir: string; code: ProjectCode }> {
  const dir = resolve(projectDir)
  const file = join(dir, CONFIG_FILE)
  if (!existsSync(file)) {
    throw new PlatformError(
      'config_invalid',
      `there is no ${CONFIG_FILE} in ${dir}; name the project's folder with --project DIR, or make one with: weir init DIR`,
      { details: { faults: [{ path: CONFIG_FILE, message: 'missing' }] } },
    )
  }
  const { definition, code } = await importDefault(file, keptIn)
  if (definition === undefined) {
    throw new PlatformError(
      'config_invalid',
      `${file} has no default export; end it with: export default defineProject({…})`,
    )
  }
  return { definition, dir, code }
}

async function importDefault(
  file: string,
  keptIn: string | undefined,
): Promise<{ definition: unknown; code: ProjectCode }> {
  const options = { alias: { weir: ownIndex() }, moduleCache: false, fsCache: ownFolder(keptIn) ?? false }
  const jiti = createJiti(import.meta.url, options)
  try {
    const module = await jiti.import<{ default?: unknown }>(file)
    if (!Object.hasOwn(module, 'default')) return { definition: undefined, code: NO_CODE }
    return {
      definition: module.default,
      code: await projectCode(file, jiti, 'weir', await trainerFiles(module.default, dirname(file))),
    }
  } catch (error) {
    throw new PlatformError('config_invalid', `${file} cannot be loaded: ${messageOf(error)}`, { cause: error })
  }
}

/** What is kept is run at the next start, so the folder is this user's alone; where none can be made, nothing is kept. */
function ownFolder(keptIn: string | undefined): string | undefined {
  try {
    if (keptIn !== undefined) mkdirSync(keptIn, { recursive: true, mode: 0o700 })
    return keptIn
  } catch {
    return undefined
  }
}

/** A project imports `weir`, wherever its folder lies. */
function ownIndex(): string {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  return fileURLToPath(new URL(`../index${ending}`, import.meta.url))
}
