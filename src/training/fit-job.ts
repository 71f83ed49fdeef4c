/**
 * All that a fit computes: frame, split, learner, measures, model file, ONNX. From plain data to plain data, with no room
 * and no clock, so that it runs in a thread of its own (fit-thread.ts) and `/predict` of the same process goes on.
 */
import { PlatformError } from '../base/errors.ts'
import type { Model } from '../config/project.ts'
import type { TrainingData } from '../features/offline/read-training-set.ts'
import type { FoldScore } from '../ml/learn/auto/known-folds.ts'
import { isAuto } from '../ml/learn/auto/params.ts'
import { type Search, searchLearner } from '../ml/learn/auto/search.ts'
import type { LossCurve } from '../ml/learn/boosting/loss-curve.ts'
import type { Trainer } from '../ml/learn/given/params.ts'
import { type Fitted, type Learner, learnsAgain } from '../ml/learn/learners.ts'
import { type Split, type SplitBy, splitTrainingSet } from '../ml/learn/splits.ts'
import { takeRows } from '../ml/learn/take-rows.ts'
import { binaryLabels, lackedClasses } from '../ml/learn/task.ts'
import { chooseThreshold } from '../ml/measure/threshold.ts'
import { createEncoder, type EncoderSpec, encodeColumns } from '../ml/model/encoder.ts'
import { kindOf, predictAll } from '../ml/model/kinds.ts'
import { calibrateAll, createModel, encodeModel } from '../ml/model/model-file.ts'
import { encodeOnnx } from '../ml/model/onnx.ts'
import type { Label, Outcome } from '../ml/model/outcome.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import { type FitDefinition, fitAndScore, type How, mainOf, mainOfRandomRows, scoreHoldOut } from './fit-and-score.ts'
import { type Frame, type FrameOptions, frameOf, framePart } from './frame.ts'
import { type Measured, measuredRows } from './measured.ts'
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
  definition: FitDefinition
  /** The column that says how much a row counts. */
  weight: string | null
  /** The model in Production, which the new one is compared with; null where there is none. */
  champion: ChampionFile | null
  threads: number
  /** Of an interrupted search, what it has found (ml/learn/auto/known-folds.ts). */
  known?: Record<string, FoldScore>
  /** The ONNX file of a trainer, where the learner is one. */
  given?: Uint8Array
}

export type FitResult = {
  rows: number
  trainRows: number
  testRows: number
  holdOutRows: number
  splitBy: SplitBy
  /** By how much rows at random would have flattered its main measure (evaluate.ts). */
  flattery: number | null
  outcome: Outcome
  /** Of the model: early stopping may have ended before all that were asked for. */
  trees: number
  encoder: EncoderSpec
  /** The loss while it learned, of learners that learn step by step. */
  curves: LossCurve[]
  /** What was fitted: of 'auto' what the search took. */
  learner: Learner | Trainer
  search: Search | null
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
export async function runFitJob(job: FitJob, onFold: OnFold = () => {}): Promise<FitResult> {
  const { data, champion, threads, label, given } = job
  const frame = frameOf(data, frameOptions(job))
  const split = splitTrainingSet(frame, job.definition.split)
  refuseUnlearned(frame, split)
  const started = performance.now()
  const seen = withoutHoldOut(frame, split)
  const { learner, search } = await learnerOf(job, split.by, seen.frame, seen.train, onFold)
  const again = learnsAgain(learner)
  const definition = { ...job.definition, learner }
  const how = { definition, threads, by: split.by, ...(given ? { given } : {}) }
  const { encoder, matrix, learned, importance, scores, curves } = await fitAndScore(
    how,
    seen.frame,
    seen.train,
    seen.test,
  )
  const calibrating = again ? definition.calibration : 'none'
  const calibrated = await learnCalibration(calibrating, seen.frame, seen.train, async (learn, predict) => {
    return (await fitAndScore(how, seen.frame, learn, predict)).scores
  })
  const calibration = calibrated?.calibration ?? null
  const outputs = scores.slice()
  calibrateAll(calibration, scores)
  const test = measuredRows(seen.frame, seen.test, scores)
  const heldFrame = split.holdOut.length === 0 ? null : framePart(frame, split.holdOut)
  const holdOut = heldFrame && scoreHoldOut({ encoder, learned, calibration }, heldFrame)
  const trainTimeSec = (performance.now() - started) / 1000
  const outcome = outcomeOf(frame, test, definition.threshold)
  const randomRows = again ? await mainOfRandomRows(how, seen.frame, outcome) : null
  const model = createModel({ label, outcome, encoder, learned, calibration })
  const evaluation = evaluate({ test, holdOut, outcome, randomRows, encoder, importance })
  return {
    rows: frame.rows,
    trainRows: split.train.length,
    testRows: split.test.length,
    holdOutRows: split.holdOut.length,
    splitBy: split.by,
    flattery: randomRows === null ? null : randomRows - mainOf(test, outcome),
    outcome,
    trees: kindOf(learned).trees(learned),
    encoder,
    curves: curves ?? [],
    learner,
    search,
    trainTimeSec,
    evaluation,
    report: await reportOf({
      frame: seen.frame,
      test: seen.test,
      measured: test,
      held: heldFrame && holdOut && { frame: heldFrame, measured: holdOut },
      definition,
      outcome,
      champion,
      calibrated,
      evaluation,
      curves: curves ?? [],
      fitted: { model, matrix, importance },
      served: again ? servedParts({ ...job, definition }, split, seen, { encoder, learned, outputs }) : null,
    }),
    model: encodeModel(model),
    onnx: encodeOnnx(model),
  }
}

/** What is told of each fold of a search, so that one that is interrupted goes on where it was. */
export type OnFold = (name: string, score: FoldScore) => void

/** What the project names, or what a search among the rows that are learned from finds; an entity is in one of its folds. */
async function learnerOf(
  { definition: { learner }, threads, known = {} }: FitJob,
  by: SplitBy,
  frame: Frame,
  train: Uint32Array,
  onFold: OnFold,
): Promise<{ learner: Learner | Trainer; search: Search | null }> {
  if (!isAuto(learner)) return { learner, search: null }
  const find = (name: string) => (Object.hasOwn(known, name) ? known[name] : undefined)
  const together = by === 'rows' ? {} : { together: frame.entities }
  const task = { ...frame, ...together, train, groups: frame.entities }
  const search = await searchLearner(task, learner, { threads, known: { find, keep: onFold } })
  return { learner: search.learner, search }
}

/** The rows as they were served, divided as the restated ones are. */
function servedParts(
  job: FitJob & { definition: How['definition'] },
  split: Split,
  seen: ReturnType<typeof withoutHoldOut>,
  { encoder, learned, outputs }: Pick<Fitted, 'encoder' | 'learned'> & { outputs: Float64Array },
): ServedParts | null {
  const { served, definition, threads } = job
  if (served === null) return null
  const { train, test } = seen
  const frame = served === 'same' ? seen.frame : withoutHoldOut(frameOf(served, frameOptions(job)), split).frame
  return {
    frame,
    outputs,
    live() {
      const matrix = encodeColumns(createEncoder(encoder), frame.inputs, frame.rows)
      return predictAll(learned, takeRows(matrix, test))
    },
    asServed: async () => (await fitAndScore({ definition, threads, by: split.by }, frame, train, test)).scores,
  }
}

function frameOptions({ features, label, weight, definition: { predicts, positive } }: FitJob): FrameOptions {
  return { features, label, weight, predicts, positive }
}

/** A class that only measuring rows have could not be said, and would have no probability but 0. */
function refuseUnlearned({ target, classes }: Frame, { train, by }: Split): void {
  const lacked = lackedClasses(target, train).map((c) => JSON.stringify(classes[c]))
  if (lacked.length === 0) return
  const which = `${lacked.slice(0, 5).join(', ')}${lacked.length > 5 ? ' and others' : ''}`
  throw new PlatformError(
    'invalid_argument',
    `of the rows that are learned from (split by ${by}) none is of the class ${which}; take more periods with --from, ` +
      'another split, or one class for those that are rare',
  )
}

/** The frame without the rows that no fit sees, and the two parts by their places in it. */
function withoutHoldOut(frame: Frame, { train, test, holdOut }: Split) {
  if (holdOut.length === 0) return { frame, train, test }
  const open = Uint32Array.from([...train, ...test]).sort()
  const places = new Uint32Array(frame.rows)
  for (const [place, row] of open.entries()) places[row] = place
  return { frame: framePart(frame, open), train: train.map((r) => places[r]!), test: test.map((r) => places[r]!) }
}

/** The threshold that is given, or found on the rows that measure; 0.5 where nothing is said. */
function outcomeOf({ target, classes }: Frame, test: Measured, threshold: Model['threshold']): Outcome {
  if (target.kind === 'regression') return { kind: 'regression' }
  if (target.kind === 'multiclass') return { kind: 'multiclass', classes }
  const found =
    threshold === null || typeof threshold === 'number'
      ? (threshold ?? 0.5)
      : chooseThreshold(binaryLabels(test.target), test.outputs, threshold, test.weights ?? undefined)
  return { kind: 'binary', classes: classes as [Label, Label], threshold: found }
}
