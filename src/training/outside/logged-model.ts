import { PlatformError } from '../../base/errors.ts'
import type { Tracking } from '../../tracking/tracking.ts'

const HISTORY_TAG = 'mlflow.log-model.history'

/**
 * The folder of the model that a run logged last: MLflow 3 gives models an id and a place of their own, MLflow 2 puts them
 * among the files of the run. Undefined where there is none.
 */
export async function loggedModelOf(tracking: Tracking, runId: string): Promise<string | undefined> {
  const run = await tracking.runs.get(runId)
  const models = await Promise.all(run.models.outputs.map(({ modelId }) => tracking.loggedModels.get(modelId)))
  const newest = models.sort((a, b) => Number(a.creationMs) - Number(b.creationMs)).at(-1)
  if (newest) return newest.artifactUri
  const history: unknown = JSON.parse(run.tags.find(({ key }) => key === HISTORY_TAG)?.value ?? '[]')
  const last = Array.isArray(history) ? (history.at(-1) as { artifact_path?: unknown } | undefined) : undefined
  return typeof last?.artifact_path === 'string' ? `${run.artifactUri}/${last.artifact_path}` : undefined
}

/** Its ONNX file; undefined where it has none. Refuses (too_large) one that is larger than that, before it is read. */
export async function readOnnxFile(tracking: Tracking, folder: string, bytesMax: number): Promise<Buffer | undefined> {
  const files = (await tracking.artifacts.listBelow(folder)).filter(({ path }) => path.endsWith('.onnx'))
  const file = files.find(({ path }) => path === 'model.onnx') ?? files[0]
  if (file === undefined) return undefined
  if ((file.bytes ?? 0) > bytesMax) {
    const mb = Math.ceil((file.bytes ?? 0) / 1_000_000)
    const says = `its ONNX file has ${mb} MB; the limit is ${bytesMax / 1_000_000} (maxModelMb of the trainer)`
    throw new PlatformError('too_large', says)
  }
  return tracking.artifacts.read(folder, file.path)
}
