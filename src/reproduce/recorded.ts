import { PlatformError } from '../base/errors.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import type { RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { CodeRecord, Environment, Pinned } from '../training/training.ts'

/** What `weir train` wrote beside the model, as inputs.json; the last two are files of their own, which older runs do not have. */
export type Recorded = {
  pinned: Pinned
  trainingSet: TrainingSetRef
  model: { digest: string }
  onnx: { digest: string }
  code: CodeRecord | null
  environment: Environment | null
}

type Artifacts = Pick<TrackingApi['artifacts'], 'read'>

/** `MODEL/VERSION`, or the id of a run of `weir train`. */
export async function runOf(
  registry: Pick<RegistryApi, 'getVersion'>,
  name: string,
): Promise<{ runId: string; version: string | null }> {
  if (/^[0-9a-f]{32}$/.test(name)) return { runId: name, version: null }
  const [, model = '', version = ''] = /^(.+)\/(\d+)$/.exec(name) ?? []
  if (model === '') {
    throw new PlatformError(
      'invalid_argument',
      `'${name}' is neither MODEL/VERSION (such as churn/3) nor the id of a run`,
    )
  }
  const { runId } = await registry.getVersion(model, Number(version))
  if (runId) return { runId, version }
  throw new PlatformError('unsupported', `${model} version ${version} has no run that says what it was trained from`)
}

export async function recordedOf(artifacts: Artifacts, artifactUri: string, runId: string): Promise<Recorded> {
  const refusal = `run ${runId} has no inputs.json that weir train wrote: only its runs can be trained again`
  const [inputs, code, environment] = await Promise.all([
    readJson<Recorded>(artifacts, artifactUri, 'inputs.json'),
    readJson<CodeRecord>(artifacts, artifactUri, 'code.json'),
    readJson<Environment>(artifacts, artifactUri, 'environment.json'),
  ])
  if (!inputs?.pinned || !inputs.trainingSet || !inputs.model || !inputs.onnx) {
    throw new PlatformError('unsupported', refusal)
  }
  return { ...(inputs as Recorded), code: code as CodeRecord | null, environment: environment as Environment | null }
}

async function readJson<T>(artifacts: Artifacts, artifactUri: string, path: string): Promise<Partial<T> | null> {
  try {
    const value: unknown = JSON.parse((await artifacts.read(artifactUri, path)).toString('utf8'))
    return typeof value === 'object' ? (value as Partial<T> | null) : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    if (error instanceof PlatformError && ['not_found', 'file_gone'].includes(error.code)) return null
    throw error
  }
}
