import { PlatformError } from '../base/errors.ts'
import { checkArtifactPath, isLocalUri, proxyPathOf, requireAbsolute } from '../mlflow/artifact-uri.ts'
import type { Tracking } from '../tracking/tracking.ts'
import { invalid } from './names.ts'

/** What a source says of a version: where its files lie, and what they were made of. */
export type Origin = {
  /** `mlflow-artifacts:/…` in one spelling where they are ours; else the address as it was given, which we never open. */
  location: string
  runId: string | null
  /** The logged model of MLflow 3 that it is. */
  modelId: string | null
}

/** What MLflow's clients write as the source of a prompt. */
const PROMPT_SOURCES = ['dummy-source', 'prompt-template']

type Given = { source: string; runId: string | null; modelId: string | null; isPrompt: boolean }

type Deps = {
  tracking: Pick<Tracking, 'runs' | 'loggedModels'>
  versionAt(name: string, version: number): Promise<{ location: string; runId: string | null } | undefined>
}

/**
 * Reads the source of a new version as MLflow does. It is kept as it was given, whatever it names: teams keep artifacts in
 * a bucket that their clients write. Refused is only what would be a file of this machine, and a path that climbs.
 */
export async function resolveSource(deps: Deps, given: Given): Promise<Origin> {
  const { source, runId, modelId } = given
  const elsewhere = { location: source, runId, modelId }
  if (given.isPrompt) {
    // A prompt has no files: its source is a word, and all of it are its tags.
    if (PROMPT_SOURCES.includes(source)) return elsewhere
    throw invalid(`Invalid prompt source: '${source.slice(0, 200)}'. Prompt sources must use an MLflow placeholder.`)
  }
  if (isLocalUri(source)) {
    throw invalid(
      `Invalid model version source: '${source.slice(0, 200)}'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id.`,
    )
  }
  requireAbsolute(source)
  const scheme = source.slice(0, source.indexOf(':')).toLowerCase()
  switch (scheme) {
    case 'runs':
      return { ...elsewhere, location: await locationInRun(deps, source) }
    case 'models':
      return ofModel(deps, given)
    case 'mlflow-artifacts':
      return ofOurArtifacts(deps, given)
    default:
      return elsewhere
  }
}

async function locationInRun({ tracking }: Deps, source: string): Promise<string> {
  const m = /^runs:\/+([0-9a-f]{32})\/+(.+)$/.exec(source)
  const root = m && (await tracking.runs.findArtifactUri(m[1]!))
  return root ? `${root}/${checkArtifactPath(m[2]!.replace(/\/+$/, ''))}` : source
}

/** `models:/m-ID` is a logged model, `models:/NAME/VERSION` another version: both must be there, as with MLflow. */
async function ofModel({ tracking, versionAt }: Deps, { source, runId, modelId }: Given): Promise<Origin> {
  const unknown = (why: string) =>
    invalid(
      `Unable to fetch model from model URI source artifact location '${source.slice(0, 200)}'. Error: ${why}. A source that begins with models: is models:/m-ID or models:/NAME/VERSION of this server`,
    )
  const logged = /^models:\/+(m-[0-9a-f]{32})\/*$/.exec(source)
  if (logged) {
    const id = logged[1]!
    if (modelId !== null && modelId !== id) {
      throw invalid(
        `Invalid model version source: '${source}'. The model_id request parameter must identify the resource that contains the source.`,
      )
    }
    const model = await tracking.loggedModels.get(id).catch((error: unknown) => {
      if (error instanceof PlatformError && error.code === 'not_found') throw unknown(error.message)
      throw error
    })
    return { location: model.artifactUri, runId: runId ?? model.sourceRunId, modelId: id }
  }
  const version = /^models:\/+([^/:]+)\/(\d{1,9})\/*$/.exec(source)
  if (!version) throw unknown('it names no logged model and no version')
  const found = await versionAt(version[1]!, Number(version[2]))
  if (!found) throw unknown(`Model Version (name=${version[1]}, version=${version[2]}) not found`)
  return { location: found.location, runId: runId ?? found.runId, modelId }
}

async function ofOurArtifacts({ tracking }: Deps, { source, runId, modelId }: Given): Promise<Origin> {
  const model = modelId === null ? undefined : await tracking.loggedModels.get(modelId)
  // Spelled in one way, so that versions of the same files are known by it.
  return { location: `mlflow-artifacts:/${proxyPathOf(source)}`, runId: runId ?? model?.sourceRunId ?? null, modelId }
}

/** Where the files of a version lie in our own store. Nothing that a caller names elsewhere is ever opened. */
export function ownFilesOf(version: { name: string; version: number; location: string }): string {
  if (isOwn(version.location)) return version.location
  throw notOurs(version)
}

/** Why a version is not served. */
export function notOurs(version: { name: string; version: number; location: string }): PlatformError {
  return new PlatformError(
    'conflict',
    `the files of version ${version.version} of '${version.name}' are at '${version.location.slice(0, 200)}', which this server never opens; register a version whose files are artifacts of this server`,
  )
}

export function isOwn(location: string): boolean {
  return location.startsWith('mlflow-artifacts:')
}
