import { PlatformError } from '../base/errors.ts'
import type { ServiceDefinition } from '../features/define/definitions.ts'
import { decodeModel, type Model } from '../ml/model/model-file.ts'
import type { ModelVersion, RegistryApi } from '../registry/registry.ts'
import { ownFilesOf } from '../registry/source.ts'
import type { TrackingApi } from '../tracking/tracking.ts'

/** A version by its number, or the newest of a stage. */
export type WantedVersion = { version: number } | { stage: 'Production' | 'Staging' | 'Archived' }

export async function chooseVersion(
  registry: Pick<RegistryApi, 'inStage' | 'getVersion'>,
  name: string,
  wanted: WantedVersion,
): Promise<ModelVersion> {
  if ('version' in wanted) return registry.getVersion(name, wanted.version)
  const found = await registry.inStage(name, wanted.stage)
  if (found) return found
  const how = `run: weir promote ${name} VERSION --stage ${wanted.stage}, or name a version with --version`
  throw new PlatformError('not_found', `no version of ${name} is in ${wanted.stage}; ${how}`)
}

/** Refuses (conflict) one whose inputs are not the features that the project has now. */
export async function loadVersion(
  artifacts: Pick<TrackingApi['artifacts'], 'read' | 'readVersion'>,
  version: ModelVersion,
  service: ServiceDefinition,
): Promise<Model> {
  const { read, readVersion = read } = artifacts
  const source = ownFilesOf(version)
  const model = decodeModel(await readVersion(source, 'model.weir'))
  const wanted = service.features.map((f) => `${f.name} ${f.type}`)
  const has = model.encoder.spec.inputs.map((input) => `${input.name} ${input.type}`)
  if (wanted.join() === has.join()) return model
  const differs = wanted.find((w, i) => w !== has[i]) ?? has[wanted.length]
  const message = `the inputs of version ${version.version} of ${version.name} are not the features of '${service.name}' (at ${differs}); train a version with the present definition`
  throw new PlatformError('conflict', message)
}

/** The version that answers for a model; null where none does, or where what is in Production cannot be opened as it is. */
export async function openLiveVersion(
  { registry, tracking }: { registry: Pick<RegistryApi, 'inStage'>; tracking: Pick<TrackingApi, 'artifacts'> },
  features: { service(name: string): ServiceDefinition },
  { name, featureService }: { name: string; featureService: string },
): Promise<{ version: number; model: Model } | null> {
  const version = await registry.inStage(name, 'Production')
  if (version === undefined) return null
  try {
    return {
      version: version.version,
      model: await loadVersion(tracking.artifacts, version, features.service(featureService)),
    }
  } catch (error) {
    if (error instanceof PlatformError) return null
    throw error
  }
}
