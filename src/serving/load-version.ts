import { PlatformError } from '../base/errors.ts'
import { saysOfModel } from '../config/predicts.ts'
import type { Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import { kindOf } from '../ml/model/kinds.ts'
import { decodeModel, type Model, predictOne } from '../ml/model/model-file.ts'
import type { ModelVersion } from '../registry/registry.ts'
import { isOwn, ownFilesOf } from '../registry/source.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { LiveModel } from './live-model.ts'
import { findOnnxFolder, type OnnxFolder } from './onnx/onnx-folder.ts'
import { openOnnxModel } from './onnx/onnx-model.ts'
import type { OnnxProcess } from './onnx/onnx-process.ts'
import { requireSays } from './require-says.ts'

export type LoaderDeps = {
  project: Project
  features: Pick<Features, 'service'>
  tracking: { artifacts: Pick<TrackingApi['artifacts'], 'read' | 'stamp' | 'readVersion'> }
  onnx: OnnxProcess
}

const MODEL_FILE = 'model.weir'

/** The stamp of files that are not ours: nothing that happens to them is known here. */
const ELSEWHERE = 'elsewhere'

/**
 * Loads versions whole, for whatever they are to answer: the files by the digests of their registration, the inputs against the
 * features of the service, the outcome against what the project says, and one row is predicted before anybody asks.
 */
export function createLoader({ project, features, tracking, onnx }: LoaderDeps) {
  async function load(version: ModelVersion): Promise<LiveModel> {
    const { name } = version
    const definition = project.models.find((m) => m.name === name)!
    const service = features.service(definition.featureService)
    const says = saysOfModel(project, definition)
    const about = {
      name,
      version: String(version.version),
      runId: version.runId ?? '',
      keyNames: service.keys.map((key) => key.name),
      featureNames: service.features.map((f) => f.name),
      source: version.location,
    }
    const model = await readModel(version).catch((error: unknown) => elsewhere(version, error))
    if ('bytes' in model) {
      const opened = await openOnnxModel(onnx, model, { features: service.features, label: definition.label, says })
      return { ...about, ...opened, inputs: opened.model.encoder.spec.inputs }
    }
    // What has to be opened first is opened before it takes its place.
    kindOf(model.learned).open?.(model.learned)
    const { inputs } = model.encoder.spec
    const wanted = service.features.map((f) => `${f.name} ${f.type}`)
    const has = inputs.map((input) => `${input.name} ${input.type}`)
    if (wanted.join() !== has.join()) {
      const differs = wanted.find((w, i) => w !== has[i]) ?? has[wanted.length]
      throw new PlatformError(
        'conflict',
        `its inputs are not the features of '${service.name}' (at ${differs}); train a version with the present definition`,
      )
    }
    requireSays(model, says)
    // What is made ready for the first row is made ready now, before it takes over.
    predictOne(
      model,
      inputs.map(() => null),
    )
    return { ...about, model, inputs }
  }

  /** The ONNX model that a client logged where a file of ours is missing; what was missing is told where there is none. */
  async function elsewhere(version: ModelVersion, error: unknown): Promise<OnnxFolder> {
    if (!(error instanceof PlatformError) || (error.code !== 'not_found' && error.code !== 'file_gone')) throw error
    const { read, readVersion = read } = tracking.artifacts
    const folder = await findOnnxFolder(readVersion, ownFilesOf(version))
    if (folder) return folder
    throw error
  }

  /** Empty where it cannot be known now. */
  function stampOf(version: ModelVersion): Promise<string> {
    if (!isOwn(version.location)) return Promise.resolve(ELSEWHERE)
    return tracking.artifacts.stamp(version.location).catch(() => '')
  }

  async function readModel(promoted: ModelVersion): Promise<Model> {
    const { name, version } = promoted
    const source = ownFilesOf(promoted)
    const { read, readVersion = read } = tracking.artifacts
    const bytes = await readVersion(source, MODEL_FILE)
    try {
      return decodeModel(bytes)
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      const message = `${source}/${MODEL_FILE}: ${error.message}; put the file of ${name} version ${version} back from a backup, or promote another version`
      throw new PlatformError(error.code, message, { cause: error })
    }
  }

  return { load, stampOf }
}

export type Loader = ReturnType<typeof createLoader>

/** Whether the content itself is wrong. A file that is missing or cannot be read now may be there at the next look. */
export function isPermanent(error: unknown): boolean {
  return error instanceof PlatformError && (error.code === 'corrupt' || error.code === 'conflict')
}

export function isSame(version: ModelVersion, other: { version: string; source: string } | undefined): boolean {
  return other?.version === String(version.version) && other.source === version.location
}
