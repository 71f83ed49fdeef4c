import { createPrng } from '../../base/prng.ts'
import {
  type CalibrationKind,
  type ChosenCalibration,
  chooseCalibration,
  type OutOfFold,
} from '../../ml/learn/calibrate.ts'
import type { Target } from '../../ml/learn/task.ts'

/** `auto`: the better of both kinds; each is taken only where it helps by cross-validation. */
export type CalibrationRule = 'none' | 'auto' | CalibrationKind

const KINDS: Record<CalibrationRule, readonly CalibrationKind[]> = {
  none: [],
  auto: ['platt', 'isotonic'],
  platt: ['platt'],
  isotonic: ['isotonic'],
}

const FOLDS = 5
/** Which entities are in which fold is no choice of the user's. */
const FOLD_SEED = 20_240_229

type Rows = { target: Target; weights: Float64Array | null; entities: Uint32Array }

/**
 * What the probabilities go through, learned from the training rows alone: each fifth of the entities is predicted by a
 * model of the other four (`fitAndScore` gives the probabilities of its second rows), so no row is told by a model that saw
 * it. None where a rule does not ask for it, where labels are not of two classes, and where a fold lacks one of them.
 */
export async function learnCalibration(
  rule: CalibrationRule,
  { target, weights, entities }: Rows,
  train: Uint32Array,
  fitAndScore: (learn: Uint32Array, predict: Uint32Array) => Promise<Float64Array>,
): Promise<ChosenCalibration | null> {
  const kinds = KINDS[rule]
  if (kinds.length === 0 || target.kind !== 'binary') return null
  const foldOf = foldsOf(entities)
  const rows: OutOfFold = {
    labels: Uint8Array.from(train, (r) => target.labels[r]!),
    scores: new Float64Array(train.length),
    weights: weights && Float64Array.from(train, (r) => weights[r]!),
    folds: Uint8Array.from(train, (r) => foldOf[entities[r]!]!),
  }
  for (let fold = 0; fold < FOLDS; fold++) {
    const learn = train.filter((_, i) => rows.folds[i] !== fold)
    const places = Uint32Array.from(rows.folds.keys()).filter((i) => rows.folds[i] === fold)
    if (places.length === 0) continue
    if (!hasBoth(target.labels, learn)) return null
    const scores = await fitAndScore(
      learn,
      places.map((i) => train[i]!),
    )
    for (const [k, i] of places.entries()) rows.scores[i] = scores[k]!
  }
  return chooseCalibration(rows, kinds)
}

function foldsOf(entities: Uint32Array): Uint8Array {
  const count = entities.reduce((most, e) => Math.max(most, e + 1), 0)
  const prng = createPrng(FOLD_SEED)
  return Uint8Array.from({ length: count }, () => prng.int(FOLDS))
}

function hasBoth(labels: Uint8Array, rows: Uint32Array): boolean {
  return rows.some((r) => labels[r] === 1) && rows.some((r) => labels[r] === 0)
}
