import type { Model } from '../../config/project.ts'
import type { LossCurve } from '../../ml/learn/boosting/loss-curve.ts'
import type { ChosenCalibration } from '../../ml/learn/calibrate.ts'
import { heldOut } from '../../ml/learn/hold-out.ts'
import { hasTwoOutcomes } from '../../ml/learn/task.ts'
import type { Segment } from '../../ml/measure/segments.ts'
import type { Outcome } from '../../ml/model/outcome.ts'
import { type ReadableModel, readableModel } from '../../ml/model/readable.ts'
import type { Evaluation } from '../evaluate.ts'
import { type Frame, framePart } from '../frame.ts'
import type { Measured } from '../measured.ts'
import type { ChampionFile } from './champion.ts'
import { otherRows } from './changes.ts'
import { type Comparison, compareWithChampion } from './compare.ts'
import { curvesOf, learningCurve } from './curves.ts'
import { type Hindsight, type HindsightParts, hindsightOf } from './hindsight.ts'
import { type FeatureLeak, leaksOf } from './leaks.ts'
import { type FittedParts, type Reasons, reasonsOf } from './reasons.ts'
import { segmentsOf } from './segments.ts'

/** What is told of a model beside its evaluation; the same training with the same champion gives the same. */
export type Report = {
  segments: Segment[]
  /** What was tried; null where nothing was. `kind`: null where nothing helped. */
  calibration: { kind: string | null; losses: Record<string, number> } | null
  /** By feature, those with findings first. */
  leaks: FeatureLeak[]
  /** Null where the project does not ask for it, or the training is of what was served. */
  hindsight: Hindsight | { reason: string } | null
  /** Null where no version was in Production. */
  champion: Comparison | null
  /** What the model goes by. */
  reasons: Reasons
  /** The curves that it is the sum of; null where it is none. */
  readable: ReadableModel | null
  /** Artifacts by their names. */
  images: Record<string, string>
}

export type ReportParts = {
  /** All rows but those that no fit sees, and which of them measure the model. */
  frame: Frame
  test: Uint32Array
  measured: Measured
  held: { frame: Frame; measured: Measured } | null
  definition: Pick<Model, 'split' | 'segments'>
  outcome: Outcome
  champion: ChampionFile | null
  calibrated: ChosenCalibration | null
  evaluation: Evaluation
  /** The loss while it learned, where it learns step by step. */
  curves: readonly LossCurve[]
  served: ServedParts | null
  fitted: FittedParts
}

/** The same rows as they were known at T, and what hindsight asks of them (hindsight.ts), before any calibration. */
export type ServedParts = { frame: Frame } & Pick<HindsightParts, 'outputs' | 'live' | 'asServed'>

export async function reportOf(parts: ReportParts): Promise<Report> {
  const { frame, test, measured, definition, champion, calibrated, evaluation, served, fitted } = parts
  const reason = served ? otherRows(frame, served.frame) : undefined
  return {
    leaks: leaksOf(frame, served && reason === undefined ? served.frame : null),
    hindsight:
      served &&
      (reason ? { reason } : await hindsightOf({ ...served, restated: frame, served: served.frame, measured })),
    segments: segmentsOf(frame.inputs, test, measured, definition.segments),
    calibration: calibrated && { kind: calibrated.calibration?.kind ?? null, losses: calibrated.losses },
    champion: champion && compareWithChampion(champion, comparedRows(parts, champion)),
    reasons: reasonsOf({ ...fitted, frame, test }),
    readable: readableModel(fitted.model.learned, fitted.model.encoder.spec),
    images: { ...curvesOf(evaluation, measured), ...learningCurve(parts.curves) },
  }
}

/**
 * The rows that no fit sees, where there are some: they are the same entities for every version, so the champion has not seen
 * them either; where its fit left out fewer, those alone. Else the rows that measure the new one.
 */
function comparedRows({ frame, test, measured, held, definition, outcome }: ReportParts, champion: ChampionFile) {
  const theirs = 'holdOut' in champion ? champion.holdOut : 0
  if (held && theirs > 0) {
    const both = theirs < definition.split.holdOut ? heldByBoth(held, theirs) : held
    if (both) return { ...both.frame, outcome, measured: both.measured, unseen: true }
  }
  const { inputs, rows } = held ? held.frame : framePart(frame, test)
  return { inputs, rows, outcome, measured: held ? held.measured : measured, unseen: false }
}

/** Those of them whose entities a smaller share would keep too; none where nothing could be told apart. */
function heldByBoth({ frame, measured }: NonNullable<ReportParts['held']>, share: number): ReportParts['held'] {
  const out = heldOut(frame.entityKeys, share)
  const rows = Uint32Array.from(frame.entities.keys()).filter((r) => out[frame.entities[r]!] === 1)
  const part = framePart(frame, rows)
  if (!hasTwoOutcomes(part.target)) return null
  const outputs = takeOutputs(measured.outputs, frame.rows, rows)
  return { frame: part, measured: { target: part.target, outputs, entities: part.entities, weights: part.weights } }
}

function takeOutputs(outputs: Float64Array, all: number, rows: Uint32Array): Float64Array {
  const width = all === 0 ? 1 : outputs.length / all
  return Float64Array.from(
    { length: rows.length * width },
    (_, i) => outputs[rows[Math.floor(i / width)]! * width + (i % width)]!,
  )
}
