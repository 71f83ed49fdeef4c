/** How experiments and runs look to MLflow's clients: int64 as numbers, unset fields and empty lists left out. */
import { setImmediate } from 'node:timers/promises'
import { PIECE_CHARS } from '../wire/json-stream.ts'
import type { ArtifactFile } from './artifacts.ts'
import type { Experiment } from './experiments.ts'
import type { LoggedModel } from './logged-models.ts'
import type { InputRow } from './queries/inputs.ts'
import type { MetricPoint } from './queries/runs.ts'
import type { Run } from './runs.ts'

export function experimentJson(experiment: Experiment): object {
  return {
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycleStage,
    creation_time: experiment.creationMs,
    last_update_time: experiment.lastUpdateMs,
    tags: listOrNothing(experiment.tags),
  }
}

export function runJson(run: Run): object {
  return {
    info: runInfoJson(run),
    data: {
      metrics: listOrNothing(run.metrics.map(metricJson)),
      params: listOrNothing(run.params),
      tags: listOrNothing(run.tags),
    },
    inputs: {
      dataset_inputs: listOrNothing(run.inputs.map(inputJson)),
      model_inputs: listOrNothing(run.models.inputs.map(modelInputJson)),
    },
    outputs: run.models.outputs.length > 0 ? { model_outputs: run.models.outputs.map(outputJson) } : undefined,
  }
}

/** More than that of anything is written in turns with others. */
const LONG = 1_000

/** `{"run":…}` in pieces, for runs that logged very much. */
export async function* runPieces(run: Run): AsyncGenerator<string> {
  const { metrics, params, tags, inputs } = run
  if (metrics.length + params.length + tags.length + inputs.length <= LONG && isShort(inputs)) {
    return yield `{"run":${JSON.stringify(runJson(run))}}`
  }
  const outputs = run.models.outputs.length > 0 ? { model_outputs: run.models.outputs.map(outputJson) } : undefined
  yield `{"run":{"info":${JSON.stringify(runInfoJson(run))},"data":{`
  yield* listsJson([
    ['metrics', metrics, (metric) => metricJson(metric as MetricPoint)],
    ['params', params],
    ['tags', tags],
  ])
  yield '},"inputs":{'
  yield* listsJson([
    ['dataset_inputs', inputs, (input) => inputJson(input as InputRow)],
    ['model_inputs', run.models.inputs, (input) => modelInputJson(input as ModelInput)],
  ])
  yield `}${outputs === undefined ? '' : `,"outputs":${JSON.stringify(outputs)}`}}}`
}

/** The JSON of a run as one text. */
export async function runText(run: Run): Promise<string> {
  let text = ''
  for await (const piece of runPieces(run)) text += piece
  // Without the outer object of the answer of one run.
  return text.slice('{"run":'.length, -1)
}

type LongList = [name: string, items: readonly unknown[], write?: (item: unknown) => object]

/** Members that are lists, those that are empty left out. */
async function* listsJson(lists: readonly LongList[]): AsyncGenerator<string> {
  let text = ''
  let isFirst = true
  for (const [name, items, write = (item: unknown) => item as object] of lists.filter((list) => list[1].length > 0)) {
    text += `${isFirst ? '' : ','}"${name}":[`
    isFirst = false
    for (const [i, item] of items.entries()) {
      text += `${i === 0 ? '' : ','}${JSON.stringify(write(item))}`
      if (text.length < PIECE_CHARS) continue
      yield text
      text = ''
      await setImmediate()
    }
    text += ']'
  }
  yield text
}

function isShort(inputs: readonly InputRow[]): boolean {
  let chars = 0
  for (const { dataset } of inputs)
    chars += dataset.source.length + (dataset.schema?.length ?? 0) + (dataset.profile?.length ?? 0)
  return chars <= PIECE_CHARS
}

export function runInfoJson(run: Run): object {
  return {
    run_id: run.runId,
    run_uuid: run.runId,
    run_name: run.name,
    experiment_id: run.experimentId,
    user_id: run.userId,
    status: run.status,
    start_time: run.startMs,
    end_time: run.endMs ?? undefined,
    artifact_uri: run.artifactUri,
    lifecycle_stage: run.lifecycleStage,
  }
}

export function metricJson(metric: MetricPoint): object {
  return {
    key: metric.key,
    value: doubleJson(metric.value),
    timestamp: metric.timestampMs,
    step: int64Json(metric.step),
  }
}

export function loggedModelJson(model: LoggedModel): object {
  const metrics = model.metrics.map(({ runId, datasetName, datasetDigest, ...point }) => ({
    ...metricJson({ ...point, value: Number(point.value), step: BigInt(point.step) }),
    model_id: model.modelId,
    run_id: runId,
    dataset_name: datasetName ?? undefined,
    dataset_digest: datasetDigest ?? undefined,
  }))
  return {
    info: {
      model_id: model.modelId,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.creationMs,
      last_updated_timestamp_ms: model.lastUpdateMs,
      artifact_uri: model.artifactUri,
      status: MODEL_STATUS[model.status],
      model_type: model.modelType ?? undefined,
      source_run_id: model.sourceRunId ?? undefined,
      tags: listOrNothing(model.tags),
    },
    data: { params: listOrNothing(model.params), metrics: listOrNothing(metrics) },
  }
}

const MODEL_STATUS = {
  PENDING: 'LOGGED_MODEL_PENDING',
  READY: 'LOGGED_MODEL_READY',
  FAILED: 'LOGGED_MODEL_UPLOAD_FAILED',
} as const

export function artifactJson({ path, isDir, bytes }: ArtifactFile): object {
  return { path, is_dir: isDir, file_size: bytes ?? undefined }
}

export function listOrNothing<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined
}

function inputJson({ dataset, tags }: InputRow): object {
  const { sourceType, schema, profile, ...rest } = dataset
  return {
    tags: listOrNothing(tags),
    dataset: { ...rest, source_type: sourceType, schema: schema ?? undefined, profile: profile ?? undefined },
  }
}

type ModelInput = Run['models']['inputs'][number]
const modelInputJson = ({ modelId }: ModelInput) => ({ model_id: modelId })
const outputJson = ({ modelId, step }: Run['models']['outputs'][number]) => ({
  model_id: modelId,
  step: int64Json(step),
})

/** An int64 as a number where a double holds it, else as text, which protobuf's JSON takes for one. */
export function int64Json(value: number | bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}

/** JSON has neither NaN nor infinity: MLflow writes the text NaN and the greatest double. */
function doubleJson(value: number): number | string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE
  if (value === Number.NEGATIVE_INFINITY) return -Number.MAX_VALUE
  return value
}
