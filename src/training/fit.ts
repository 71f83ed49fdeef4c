import { canonicalJson, sha256Hex } from '../base/hash.ts'
import type { Log } from '../base/log.ts'
import type { Features } from '../features/features.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import { keepObjects } from '../lake/collect-objects.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { Work } from '../lake/work.ts'
import { type Fitted, fitLearner } from '../ml/learn/learners.ts'
import { splitRows } from '../ml/learn/split-rows.ts'
import { type Split, type SplitBy, splitTrainingSet } from '../ml/learn/splits.ts'
import { takeRows } from '../ml/learn/take-rows.ts'
import { binaryLabels, takeTarget } from '../ml/learn/task.ts'
import { rocAuc } from '../ml/measure/roc.ts'
import { chooseThreshold } from '../ml/measure/threshold.ts'
import { createEncoder, type EncoderSpec, encodeColumns } from '../ml/model/encoder.ts'
import { kindOf, predictAll } from '../ml/model/kinds.ts'
import { createModel, encodeModel } from '../ml/model/model-file.ts'
import { encodeOnnx } from '../ml/model/onnx.ts'
import { yesOrNo } from '../ml/model/outcome.ts'
import { type Evaluation, evaluate, type Measured, type Metrics } from './evaluate.ts'
import { type Frame, frameOf, framePart } from './frame.ts'
import type { Pinned } from './pin.ts'

/** What a fit gave, as plain JSON. The digests are of the bytes; `objectKey` is where they lie. */
export type Fit = {
  rows: number
  trainRows: number
  testRows: number
  holdOutRows: number
  splitBy: SplitBy
  flattery: number | null
  threshold: number
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
 * measured. Rows that are held out are kept from the fit altogether. The signature comes from all others, so that a null that
 * only the measuring part has is part of it.
 */
export async function fitModel(deps: Deps, pinned: Pinned, dataset: TrainingSetRef): Promise<Fit> {
  const { model: definition, service } = pinned.definitions
  const data = await deps.features.readTrainingSet(dataset)
  const names = service.features.map((f) => f.name)
  const frame = frameOf(data, names, dataset.label)
  const split = splitTrainingSet(frame, definition.split)
  const started = performance.now()
  const seen = withoutHoldOut(frame, split)
  const { encoder, learned, importance, scores } = await fitAndScore(pinned, seen.frame, seen.train, seen.test)
  const test = measured(seen.frame, seen.test, scores)
  const holdOut =
    split.holdOut.length === 0 ? null : scoreHoldOut({ encoder, learned }, framePart(frame, split.holdOut))
  const trainTimeSec = (performance.now() - started) / 1000
  const randomRowsAuc = await aucOfRandomRows(pinned, split.by, seen.frame)
  const threshold =
    typeof definition.threshold === 'number'
      ? definition.threshold
      : chooseThreshold(test.labels, test.scores, definition.threshold)
  const model = createModel({ label: dataset.label, outcome: yesOrNo(threshold), encoder, learned })
  const evaluation = evaluate({ test, holdOut, threshold, randomRowsAuc, encoder, importance })
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
    holdOutRows: split.holdOut.length,
    splitBy: split.by,
    flattery: randomRowsAuc === null ? null : randomRowsAuc - rocAuc(test.labels, test.scores),
    threshold,
    trees: kindOf(learned).trees(learned),
    encoder,
    metrics,
    model: stored,
    onnx,
    evaluation: report,
    finishedMs: deps.clock.nowMs(),
  }
}

/** The frame without the rows that no fit sees, and the two parts by their places in it. */
function withoutHoldOut(frame: Frame, { train, test, holdOut }: Split) {
  if (holdOut.length === 0) return { frame, train, test }
  const open = Uint32Array.from([...train, ...test]).sort()
  const places = new Uint32Array(frame.rows)
  for (const [place, row] of open.entries()) places[row] = place
  return { frame: framePart(frame, open), train: train.map((r) => places[r]!), test: test.map((r) => places[r]!) }
}

async function fitAndScore(pinned: Pinned, frame: Frame, train: Uint32Array, test: Uint32Array) {
  const fitted = await fitLearner({ ...frame, train }, pinned.definitions.model.learner, { threads: pinned.threads })
  return { ...fitted, scores: predictAll(fitted.learned, takeRows(fitted.matrix, test)) }
}

function scoreHoldOut({ encoder, learned }: Pick<Fitted, 'encoder' | 'learned'>, frame: Frame): Measured {
  const matrix = encodeColumns(createEncoder(encoder), frame.inputs, frame.rows)
  return { labels: binaryLabels(frame.target), scores: predictAll(learned, matrix), entities: frame.entities }
}

/**
 * What the same learner would have been said to be, had the rows been split at random. Where entities stand in several
 * periods and their labels persist, that flatters; the difference says by how much.
 */
async function aucOfRandomRows(pinned: Pinned, by: SplitBy, frame: Frame): Promise<number | null> {
  if (by === 'rows' || frame.periods.length < 2) return null
  const { train, test } = splitRows(frame.target, pinned.definitions.model.split)
  const { scores } = await fitAndScore(pinned, frame, train, test)
  return rocAuc(binaryLabels(takeTarget(frame.target, test)), scores)
}

function measured(frame: Frame, rows: Uint32Array, scores: Float64Array): Measured {
  const entities = Uint32Array.from(rows, (r) => frame.entities[r]!)
  return { labels: binaryLabels(takeTarget(frame.target, rows)), scores, entities }
}

async function keep(objects: ObjectStore, bytes: Uint8Array, kind: string): Promise<StoredFile> {
  const digest = sha256Hex(bytes)
  const objectKey = `models/${digest}.${kind}`
  await objects.put(objectKey, bytes)
  return { digest, objectKey, bytes: bytes.length }
}
