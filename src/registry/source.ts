import { checkArtifactPath, proxyPathOf } from '../mlflow/artifact-uri.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { invalid } from './names.ts'

/**
 * Where a version's files lie, as `mlflow-artifacts:/…`. Only artifacts of this server are taken, and of a version with
 * a run only that run's: nothing that a caller names elsewhere is ever opened.
 */
export async function resolveSource(
  tracking: Pick<Tracking, 'runs' | 'loggedModels'>,
  given: { source: string; runId: string | null },
): Promise<string> {
  const { source, runId } = given
  const shown = source.slice(0, 200)
  const named = /^runs:\/+([0-9a-f]{32})\/(.+)$/.exec(source)
  if (named) {
    if (runId !== null && runId !== named[1]) {
      throw invalid(`Invalid model version source: '${shown}' is of another run than run_id '${runId}'.`)
    }
    return `${await tracking.runs.artifactUri(named[1]!)}/${checkArtifactPath(named[2]!)}`
  }
  const logged = /^models:\/+(m-[0-9a-f]{32})$/.exec(source)
  if (logged) {
    const model = await tracking.loggedModels.get(logged[1]!)
    if (runId !== null && model.source_run_id !== runId) {
      throw invalid(`Invalid model version source: '${shown}' is not a model of run '${runId}'.`)
    }
    return model.artifact_uri
  }
  if (!source.startsWith('mlflow-artifacts:')) {
    throw invalid(
      `Invalid model version source: '${shown}'. It must be an artifact of this server: mlflow-artifacts:/…, runs:/RUN_ID/PATH or models:/m-ID.`,
    )
  }
  const path = proxyPathOf(source)
  if (runId !== null) {
    const root = proxyPathOf(await tracking.runs.artifactUri(runId))
    if (path !== root && !path.startsWith(`${root}/`)) {
      throw invalid(`Invalid model version source: '${shown}' is not among the artifacts of run '${runId}'.`)
    }
  }
  // Spelled in one way, so that versions of the same files are known by it.
  return `mlflow-artifacts:/${path}`
}
