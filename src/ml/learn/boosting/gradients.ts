/**
 * Logistic loss: gradient and hessian of each row by its margin, as small whole numbers. Sums of whole numbers are exact in
 * any order, so a model has the same bytes for any number of threads; 7 bits are enough for the accuracy of floating point
 * (Shi et al. 2022, "Quantized training of GBDT"), here are 12 and 13.
 *
 * The fraction that is cut off is rounded up for as many rows as it says, spread evenly over the rows by multiples of the
 * golden ratio (Weyl): so the sum over many rows is right also where each gradient is below one unit.
 */
import { exp, log } from '../../numbers/exp.ts'

/** A gradient is within -GRADIENT_MAX … GRADIENT_MAX. */
export const GRADIENT_MAX = 2 ** 12 - 1
/** A hessian is within 0 … HESSIAN_MAX. */
export const HESSIAN_MAX = 2 ** 13 - 1

/** What one unit of a quantised gradient and hessian is. */
export type Units = { gradient: number; hessian: number }

export function unitsFor(weightMax: number): Units {
  return { gradient: weightMax / GRADIENT_MAX, hessian: weightMax / 4 / HESSIAN_MAX }
}

/** Writes gradient (high 16 bits) and hessian (low 16) of the rows into word `at` of their records. */
export function writeGradients(
  records: Int32Array,
  { stride, at }: { stride: number; at: number },
  { margins, labels, weights }: { margins: Float64Array; labels: Uint8Array; weights: Float64Array },
  units: Units,
  round: number,
): void {
  const byGradient = 1 / units.gradient
  const byHessian = 1 / units.hessian
  const shift = Math.imul(round, 0x2545f491)
  for (let i = 0, place = at; i < labels.length; i++, place += stride) {
    const p = 1 / (1 + exp(-margins[i]!))
    const weight = weights[i]!
    const g = (p - labels[i]!) * weight * byGradient
    const h = p * (1 - p) * weight * byHessian
    const spread = (Math.imul(i, 0x9e3779b1) + shift) | 0
    const up = (spread >>> 0) * 2 ** -32
    const upToo = (Math.imul(spread, 0x85ebca6b) >>> 0) * 2 ** -32
    records[place] = (Math.floor(g + up) << 16) | Math.floor(h + upToo)
  }
}

/** The margin at which the weighted share of positives is met: where boosting starts (Friedman 2001, section 4.5). */
export function baseMargin(labels: Uint8Array, weights: Float64Array): number {
  let positive = 0
  let all = 0
  for (let i = 0; i < labels.length; i++) {
    all += weights[i]!
    if (labels[i] === 1) positive += weights[i]!
  }
  return log(positive / (all - positive))
}

/** Weighted mean of the logistic loss. */
export function logisticLoss(margins: Float64Array, labels: Uint8Array, weights: Float64Array): number {
  let sum = 0
  let all = 0
  for (let i = 0; i < labels.length; i++) {
    const against = labels[i] === 1 ? -margins[i]! : margins[i]!
    // log(1 + e^x) is x to the last bit where x is great.
    sum += weights[i]! * (against > 40 ? against : log(1 + exp(against)))
    all += weights[i]!
  }
  return sum / all
}
