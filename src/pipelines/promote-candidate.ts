import { PlatformError } from '../base/errors.ts'
import type { Registry, RegistryApi } from '../registry/registry.ts'
import type { LoggedRun, Pinned, Training } from '../training/training.ts'

export type Promoted = { state: 'promoted' | 'waiting' | 'refused'; version: number | null; says: string }

type Deps = {
  training: Pick<Training, 'register'>
  mlflow: { registry: Pick<RegistryApi, 'inStage' | 'transition'> }
  registry: Pick<Registry, 'toProduction' | 'verdictOfRun' | 'deleteVersion'> | null
}

type Candidate = { pinned: Pinned; logged: LoggedRun; comment: string; actor: string }

/**
 * Makes a version of the candidate and brings it to Production, where the gate lets it pass and the champion is still the one that it was compared with; else no
 * version is made. Run again after a kill it finds what it had made, and comes to the same.
 */
export async function promoteCandidate(deps: Deps, { pinned, logged, comment, actor }: Candidate): Promise<Promoted> {
  const { training, mlflow, registry } = deps
  const name = pinned.model
  const now = await mlflow.registry.inStage(name, 'Production')
  if (now?.runId === logged.runId) return { state: 'promoted', version: now.version, says: 'it is in Production' }
  const before = pinned.champion?.version ?? null
  if ((now?.version ?? null) !== before) {
    return refused(
      `version ${now?.version ?? 'none'} came to Production since, and it was compared with ${before ?? 'none'}`,
    )
  }
  const gate = registry && (await registry.verdictOfRun(name, logged.runId))
  if (gate && !gate.passed) {
    const said = gate.rules.filter((rule) => !rule.passed).map((rule) => rule.says)
    return refused(`the gate of ${name} refuses it: ${said.join('; ')}`)
  }
  const { version } = await training.register(pinned, logged)
  if (registry === null) {
    await mlflow.registry.transition({ name, version, stage: 'Production', archiveExisting: true, actor, comment })
    return { state: 'promoted', version, says: 'it is in Production' }
  }
  try {
    const asked = await registry.toProduction({ name, version }, { actor, comment })
    if (asked.state === 'made') return { state: 'promoted', version, says: 'it is in Production' }
    return { state: 'waiting', version, says: `request ${asked.request.id} waits for another pair of eyes` }
  } catch (error) {
    if (!(error instanceof PlatformError) || !['conflict', 'forbidden'].includes(error.code)) throw error
    // What may not answer is no version: nobody would know what it is for.
    await registry.deleteVersion(name, version, actor)
    return refused(error.message)
  }
}

function refused(says: string): Promoted {
  return { state: 'refused', version: null, says }
}
