/**
 * All that a fit computes: frame, split, learner, measures, model file, ONNX. From plain data to plain data, with no room
 * and no clock, so that it runs in a thread of its own (fit-thread.ts) and `/predict` of the same process goes on.
 */
import type { Model } from '../config/project.ts'
import type { TrainingData } from '../features/offline/read-training-set.ts'
import { type Fitted, fitLearner } from '../ml/learn/learners.ts'
import { splitRows } from '../ml/learn/split-rows.ts'
import { type Split, type SplitBy, splitTrainingSet } from '../ml/learn/splits.ts'
import { takeRows } from '../ml/learn/take-rows.ts'
import { binaryLabels, takeTarget } from '../ml/learn/task.ts'
import { rocAuc } from '../ml/measure/roc.ts'
import { chooseThreshold } from '../ml/measure/threshold.ts'
import type { Calibration } from '../ml/model/calibration.ts'
import { createEncoder, type EncoderSpec, encodeColumns } from '../ml/model/encoder.ts'
import { kindOf, predictAll } from '../ml/model/kinds.ts'
import { calibrateAll, createModel, encodeModel } from '../ml/model/model-file.ts'
import { encodeOnnx } from '../ml/model/onnx.ts'
import { type Outcome, yesOrNo } from '../ml/model/outcome.ts'
import { type Evaluation, evaluate, type Measured } from './evaluate.ts'
import { type Frame, frameOf, framePart } from './frame.ts'
import { learnCalibration } from './report/calibrate.ts'
import type { ChampionFile } from './report/champion.ts'
import { type Report, reportOf, type ServedParts } from './report/report.ts'

export type FitJob = {
  data: TrainingData
  /** The same rows as they were known at T, where they differ; null where nothing is to be said of hindsight. */
  served: TrainingData | 'same' | null
  /** Names of the columns, in the order of the feature service. */
  features: readonly string[]
  label: string
  definition: Pick<Model, 'learner' | 'split' | 'threshold' | 'calibration' | 'segments'>
  /** The model in Production, which the new one is compared with; null where there is none. */
  champion: ChampionFile | null
  threads: number
}

export type FitResult = {
  rows: number
  trainRows: number
  testRows: number
  holdOutRows: number
  splitBy: SplitBy
  flattery: number | null
  threshold: number
  outcome: Outcome
  /** Of the model: early stopping may have ended before all that were asked for. */
  trees: number
  encoder: EncoderSpec
  trainTimeSec: number
  evaluation: Evaluation
  report: Report
  model: Uint8Array
  onnx: Uint8Array
}

/**
 * Fits on the training part, measures on the rest, and keeps the model fitted on the training part: the one that was
 * measured. Rows that are held out are kept from the fit altogether. The signature comes from all others, so that a null that
 * only the measuring part has is part of it.
 */
export async function runFitJob(job: FitJob): Promise<FitResult> {
  const { data, features, label, definition, champion, threads } = job
  const frame = frameOf(data, features, label)
  const split = splitTrainingSet(frame, definition.split)
  const started = performance.now()
  const seen = withoutHoldOut(frame, split)
  const { encoder, matrix, learned, importance, scores } = await fitAndScore(
    { definition, threads },
    seen.frame,
    seen.train,
    seen.test,
  )
  const calibrated = await learnCalibration(definition.calibration, seen.frame, seen.train, async (learn, predict) => {
    return (await fitAndScore({ definition, threads }, seen.frame, learn, predict)).scores
  })
  const calibration = calibrated?.calibration ?? null
  const outputs = scores.slice()
  calibrateAll(calibration, scores)
  const test = measured(seen.frame, seen.test, scores)
  const heldFrame = split.holdOut.length === 0 ? null : framePart(frame, split.holdOut)
  const holdOut = heldFrame && scoreHoldOut({ encoder, learned, calibration }, heldFrame)
  const trainTimeSec = (performance.now() - started) / 1000
  const randomRowsAuc = await aucOfRandomRows({ definition, threads }, split.by, seen.frame)
  const threshold =
    typeof definition.threshold === 'number'
      ? definition.threshold
      : chooseThreshold(test.labels, test.scores, definition.threshold)
  const outcome = yesOrNo(threshold)
  const model = createModel({ label, outcome, encoder, learned, calibration })
  const evaluation = evaluate({ test, holdOut, threshold, randomRowsAuc, encoder, importance })
  return {
    rows: frame.rows,
    trainRows: split.train.length,
    testRows: split.test.length,
    holdOutRows: split.holdOut.length,
    splitBy: split.by,
    flattery: randomRowsAuc === null ? null : randomRowsAuc - rocAuc(test.labels, test.scores),
    threshold,
    outcome,
    trees: kindOf(learned).trees(learned),
    encoder,
    trainTimeSec,
    evaluation,
    report: await reportOf({
      frame: seen.frame,
      test: seen.test,
      outputs: scores,
      held: heldFrame && holdOut && { frame: heldFrame, outputs: holdOut.scores },
      definition,
      champion,
      calibrated,
      evaluation,
      fitted: { model, matrix, importance },
      served: servedParts(job, split, seen, { encoder, learned, outputs }),
    }),
    model: encodeModel(model),
    onnx: encodeOnnx(model),
  }
}

/** The rows as they were served, divided as the restated ones are. */
function servedParts(
  { data, served, features, label, definition, threads }: FitJob,
  split: Split,
  { train, test }: { train: Uint32Array; test: Uint32Array },
  { encoder, learned, outputs }: Pick<Fitted, 'encoder' | 'learned'> & { outputs: Float64Array },
): ServedParts | null {
  if (served === null) return null
  const { frame } = withoutHoldOut(frameOf(served === 'same' ? data : served, features, label), split)
  return {
    frame,
    outputs,
    live() {
      const matrix = encodeColumns(createEncoder(encoder), frame.inputs, frame.rows)
      return predictAll(learned, takeRows(matrix, test))
    },
    asServed: async () => (await fitAndScore({ definition, threads }, frame, train, test)).scores,
  }
}

type How = Pick<FitJob, 'definition' | 'threads'>

/** The frame without the rows that no fit sees, and the two parts by their places in it. */
function withoutHoldOut(frame: Frame, { train, test, holdOut }: Split) {
  if (holdOut.length === 0) return { frame, train, test }
  const open = Uint32Array.from([...train, ...test]).sort()
  const places = new Uint32Array(frame.rows)
  for (const [place, row] of open.entries()) places[row] = place
  return { frame: framePart(frame, open), train: train.map((r) => places[r]!), test: test.map((r) => places[r]!) }
}

async function fitAndScore({ definition, threads }: How, frame: Frame, train: Uint32Array, test: Uint32Array) {
  const fitted = await fitLearner({ ...frame, train }, definition.learner, { threads })
  return { ...fitted, scores: predictAll(fitted.learned, takeRows(fitted.matrix, test)) }
}

function scoreHoldOut(
  { encoder, learned, calibration }: Pick<Fitted, 'encoder' | 'learned'> & { calibration: Calibration | null },
  frame: Frame,
): Measured {
  const matrix = encodeColumns(createEncoder(encoder), frame.inputs, frame.rows)
  const scores = calibrateAll(calibration, predictAll(learned, matrix))
  return { labels: binaryLabels(frame.target), scores, entities: frame.entities }
}

/**
 * What the same learner would have been said to be, had the rows been split at random. Where entities stand in several
 * periods and their labels persist, that flatters; the difference says by how much.
 */
async function aucOfRandomRows(how: How, by: SplitBy, frame: Frame): Promise<number | null> {
  if (by === 'rows' || frame.periods.length < 2) return null
  const { train, test } = splitRows(frame.target, how.definition.split)
  const { scores } = await fitAndScore(how, frame, train, test)
  return rocAuc(binaryLabels(takeTarget(frame.target, test)), scores)
}

function measured(frame: Frame, rows: Uint32Array, scores: Float64Array): Measured {
  const entities = Uint32Array.from(rows, (r) => frame.entities[r]!)
  return { labels: binaryLabels(takeTarget(frame.target, rows)), scores, entities }
}
