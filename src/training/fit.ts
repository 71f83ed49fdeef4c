import { canonicalJson, sha256Hex } from '../base/hash.ts'
import type { Log } from '../base/log.ts'
import type { Features } from '../features/features.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import { keepObjects } from '../lake/collect-objects.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { Work } from '../lake/work.ts'
import { fitLearner } from '../ml/learn/learners.ts'
import { splitRows } from '../ml/learn/split-rows.ts'
import { takeLabels, takeRows } from '../ml/learn/take-rows.ts'
import type { EncoderSpec } from '../ml/model/encoder.ts'
import { kindOf, probabilities } from '../ml/model/kinds.ts'
import { createModel, encodeModel } from '../ml/model/model-file.ts'
import { encodeOnnx } from '../ml/model/onnx.ts'
import { type Evaluation, evaluate, type Metrics } from './evaluate.ts'
import { frameOf } from './frame.ts'
import type { Pinned } from './pin.ts'

/** What a fit gave, as plain JSON. The digests are of the bytes; `objectKey` is where they lie. */
export type Fit = {
  rows: number
  trainRows: number
  testRows: number
  /** Of the model: early stopping may have ended before all that were asked for. */
  trees: number
  encoder: EncoderSpec
  metrics: Metrics
  model: StoredFile
  onnx: StoredFile
  evaluation: StoredFile
  finishedMs: number
}

export type StoredFile = { digest: string; objectKey: string; bytes: number }

type Deps = {
  features: Pick<Features, 'readTrainingSet'>
  objects: ObjectStore
  lake: { work: Pick<Work, 'alone'> }
  clock: { nowMs(): number }
  log: Log
}

/**
 * Fits on the training part, measures on the rest, and keeps the model fitted on the training part: the one that was
 * measured. The signature comes from all rows, so that a null that only the rest has is part of it.
 */
export async function fitModel(deps: Deps, pinned: Pinned, dataset: TrainingSetRef): Promise<Fit> {
  const { model: definition, service } = pinned.definitions
  const data = await deps.features.readTrainingSet(dataset)
  const names = service.features.map((f) => f.name)
  const frame = frameOf(data, names, dataset.label)
  const split = splitRows(frame.labels, definition.split)
  const started = performance.now()
  const task = { ...frame, train: split.train }
  const fitted = await fitLearner(task, definition.learner, { threads: pinned.threads })
  const { encoder, matrix, learned, importance } = fitted
  const scores = probabilities(learned, takeRows(matrix, split.test))
  const trainTimeSec = (performance.now() - started) / 1000
  const { label, threshold } = { label: dataset.label, threshold: definition.threshold }
  const model = createModel({ label, threshold, encoder, learned })
  const evaluation = evaluate(takeLabels(frame.labels, split.test), scores, threshold, encoder, importance)
  const [bytes, onnxBytes] = [encodeModel(model), encodeOnnx(model)]
  const [stored, onnx, report] = await keepObjects(deps.lake.work, () =>
    Promise.all([
      keep(deps.objects, bytes, 'weir'),
      keep(deps.objects, onnxBytes, 'onnx'),
      keep(deps.objects, Buffer.from(canonicalJson(evaluation satisfies Evaluation)), 'evaluation.json'),
    ]),
  )
  const metrics: Metrics = { ...evaluation.metrics, train_time_sec: trainTimeSec }
  deps.log.info({ model: pinned.model, rows: frame.rows, ...metrics }, 'fit')
  return {
    rows: frame.rows,
    trainRows: split.train.length,
    testRows: split.test.length,
    trees: kindOf(learned).trees(learned),
    encoder,
    metrics,
    model: stored,
    onnx,
    evaluation: report,
    finishedMs: deps.clock.nowMs(),
  }
}

async function keep(objects: ObjectStore, bytes: Uint8Array, kind: string): Promise<StoredFile> {
  const digest = sha256Hex(bytes)
  const objectKey = `models/${digest}.${kind}`
  await objects.put(objectKey, bytes)
  return { digest, objectKey, bytes: bytes.length }
}
