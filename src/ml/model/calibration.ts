import { log, sigmoid } from '../numbers/exp.ts'

/**
 * What turns the probability of a model into one that comes true as often as it says; it never changes the order of two rows
 * but to make them equal. `platt`: a line through the log-odds, sigmoid(slope * log-odds + offset). `isotonic`: straight
 * lines between points that rise in both coordinates, level beyond the ends.
 */
export type Calibration =
  | { kind: 'platt'; slope: number; offset: number }
  | { kind: 'isotonic'; from: readonly number[]; to: readonly number[] }

/** Probabilities are kept so far away from 0 and 1 before their log-odds are taken: a forest says 0 and 1. */
export const PROBABILITY_MIN = 1e-6
/** Points of an isotonic curve; a file may not have more. */
export const ISOTONIC_POINTS_MAX = 1_000

export function calibrated(calibration: Calibration, probability: number): number {
  if (calibration.kind === 'platt') return sigmoid(calibration.slope * logOdds(probability) + calibration.offset)
  const { from, to } = calibration
  // The first point that is not below: the points are few, and few steps find it.
  let low = 0
  let high = from.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (from[middle]! < probability) low = middle + 1
    else high = middle
  }
  if (low === 0) return to[0]!
  if (low === from.length) return to[low - 1]!
  const [x0, x1, y0, y1] = [from[low - 1]!, from[low]!, to[low - 1]!, to[low]!]
  return y0 + ((probability - x0) / (x1 - x0)) * (y1 - y0)
}

export function logOdds(probability: number): number {
  const p = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, probability))
  return log(p / (1 - p))
}

/** What is wrong with a calibration that a file has, or undefined: after this check every answer is a probability. */
export function findCalibrationFault(calibration: Calibration): string | undefined {
  if (calibration.kind === 'platt') {
    const { slope, offset } = calibration
    if (!Number.isFinite(slope) || !Number.isFinite(offset)) return 'the line of its calibration is not finite'
    return slope >= 0 ? undefined : 'its calibration falls where the probability rises'
  }
  const { from, to } = calibration
  if (from.length === 0 || from.length !== to.length)
    return `its calibration has ${from.length} and ${to.length} points`
  if (from.length > ISOTONIC_POINTS_MAX) return `its calibration has more than ${ISOTONIC_POINTS_MAX} points`
  for (const [i, x] of from.entries()) {
    const y = to[i]!
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return `point ${i} of its calibration is no pair of probabilities`
    if (i > 0 && !(x > from[i - 1]! && y >= to[i - 1]!)) return `point ${i} of its calibration does not rise`
  }
  return undefined
}
