/** One fit and what it says of rows: of those that measure it, of those that no fit sees, and of rows taken at random. */
import type { Model } from '../config/project.ts'
import type { Trainer } from '../ml/learn/given/params.ts'
import { type Fitted, fitLearner, type Learner } from '../ml/learn/learners.ts'
import { splitRows } from '../ml/learn/split-rows.ts'
import type { SplitBy } from '../ml/learn/splits.ts'
import { takeRows } from '../ml/learn/take-rows.ts'
import { lackedClasses } from '../ml/learn/task.ts'
import type { Calibration } from '../ml/model/calibration.ts'
import { createEncoder, encodeColumns } from '../ml/model/encoder.ts'
import { predictAll } from '../ml/model/kinds.ts'
import { calibrateAll } from '../ml/model/model-file.ts'
import type { Outcome } from '../ml/model/outcome.ts'
import { MAIN_MEASURE, scoresOf } from './evaluate.ts'
import type { Frame } from './frame.ts'
import { type Measured, measuredRows } from './measured.ts'

/** What of a model's definition a fit goes by. */
export type FitDefinition = Pick<
  Model,
  'predicts' | 'positive' | 'learner' | 'split' | 'threshold' | 'calibration' | 'segments'
>

export type How = {
  definition: Omit<FitDefinition, 'learner'> & { learner: Learner | Trainer }
  threads: number
  by: SplitBy
  given?: Uint8Array
}

/** Where an entity does not stand on both sides of the split, it does not in a fit that puts rows aside either. */
export async function fitAndScore(
  { definition, threads, by, given }: How,
  frame: Frame,
  train: Uint32Array,
  test: Uint32Array,
) {
  const together = by === 'rows' ? {} : { together: frame.entities }
  const fitted = await fitLearner({ ...frame, ...together, train }, definition.learner, {
    threads,
    ...(given ? { given } : {}),
  })
  return { ...fitted, scores: predictAll(fitted.learned, takeRows(fitted.matrix, test)) }
}

export function scoreHoldOut(
  { encoder, learned, calibration }: Pick<Fitted, 'encoder' | 'learned'> & { calibration: Calibration | null },
  frame: Frame,
): Measured {
  const matrix = encodeColumns(createEncoder(encoder), frame.inputs, frame.rows)
  const scores = calibrateAll(calibration, predictAll(learned, matrix))
  return { target: frame.target, outputs: scores, entities: frame.entities, weights: frame.weights }
}

/**
 * What the same learner would have been said to be, had the rows been split at random. Where entities stand in several
 * periods and their labels persist, that flatters; the difference says by how much.
 */
export async function mainOfRandomRows(how: How, frame: Frame, outcome: Outcome): Promise<number | null> {
  if (how.by === 'rows' || frame.periods.length < 2) return null
  const { train, test } = splitRows(frame.target, how.definition.split)
  if (lackedClasses(frame.target, train).length > 0) return null
  const { scores } = await fitAndScore({ ...how, by: 'rows' }, frame, train, test)
  return mainOf(measuredRows(frame, test, scores), outcome)
}

export function mainOf(rows: Measured, outcome: Outcome): number {
  return scoresOf(rows, outcome)[MAIN_MEASURE[outcome.kind]]!
}
