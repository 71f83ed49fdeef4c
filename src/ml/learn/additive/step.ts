/**
 * One step of a shape: not the best stump on its feature, as in boosting, but the mean of all of them, each weighted by
 * what it takes off the loss. That is as cheap by running sums, and smooth: it fits less of the noise at any one cut, as the
 * random cuts of EBM's first rounds do.
 */

/** By bin of values, and behind them the missing: gradient, hessian and rows. */
export type BinSums = { gradient: Float64Array; hessian: Float64Array; rows: Float64Array }

export type StepRules = { minSamplesLeaf: number }

/** Keeps a side without second derivatives from dividing by nothing. */
export const L2 = 1e-3

/** Writes the step of each bin into `step`, times `rate`. Categories, and the missing, take a step of their own each. */
export function findStep(
  sums: BinSums,
  valueBins: number,
  isCategory: boolean,
  rules: StepRules,
  rate: number,
  step: Float64Array,
): void {
  const { gradient, hessian, rows } = sums
  if (isCategory) {
    for (let b = 0; b <= valueBins; b++) step[b] = (-rate * gradient[b]!) / (hessian[b]! + CATEGORY_SMOOTH)
    return
  }
  step[valueBins] =
    rows[valueBins]! >= rules.minSamplesLeaf
      ? (-rate * gradient[valueBins]!) / (hessian[valueBins]! + CATEGORY_SMOOTH)
      : 0
  let [g, h, n] = [0, 0, 0]
  for (let b = 0; b < valueBins; b++) {
    g += gradient[b]!
    h += hessian[b]!
    n += rows[b]!
  }
  // `right` of a bin sums what the stumps say of it that have it on their right side; what is left of them comes from behind.
  let [gLeft, hLeft, nLeft, right, total] = [0, 0, 0, 0, 0]
  const whole = (g * g) / (h + L2)
  step[0] = 0
  for (let b = 0; b + 1 < valueBins; b++) {
    gLeft += gradient[b]!
    hLeft += hessian[b]!
    nLeft += rows[b]!
    step[b + 1] = 0
    left[b] = 0
    if (nLeft >= rules.minSamplesLeaf && n - nLeft >= rules.minSamplesLeaf) {
      const a = gLeft / (hLeft + L2)
      const c = (g - gLeft) / (h - hLeft + L2)
      const weight = Math.max(0, a * gLeft + c * (g - gLeft) - whole)
      total += weight
      left[b] = weight * a
      right += weight * c
    }
    step[b + 1] = right
  }
  if (!(total > 0)) {
    step.fill(0, 0, valueBins)
    return
  }
  let fromLeft = 0
  for (let b = valueBins - 1; b >= 0; b--) {
    if (b + 1 < valueBins) fromLeft += left[b]!
    step[b] = (-rate * (step[b]! + fromLeft)) / total
  }
}

const left = new Float64Array(256)

/** In rows of a whole hessian. */
const CATEGORY_SMOOTH = 10
