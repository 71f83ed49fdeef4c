/**
 * Learns what turns the probabilities of a model into ones that come true as often as they say, from rows that the model did
 * not learn from (predictions out of fold), and takes it only where it helps on rows that the calibration did not see.
 */
import { type Calibration, calibrated, ISOTONIC_POINTS_MAX, logOdds } from '../model/calibration.ts'
import { log, sigmoid } from '../numbers/exp.ts'

/** Of each row: label, probability out of fold, weight and fold. */
export type OutOfFold = { labels: Uint8Array; scores: Float64Array; weights: Float64Array | null; folds: Uint8Array }

export type CalibrationKind = Calibration['kind']

/** `losses`: mean log-loss by cross-validation, of none and of each kind that was tried. */
export type ChosenCalibration = {
  calibration: Calibration | null
  losses: { none: number } & Partial<Record<CalibrationKind, number>>
}

/**
 * The kind with the least log-loss by cross-validation over the folds, fitted on all rows; null where none is better than no
 * calibration by more than one standard error of the paired difference.
 */
export function chooseCalibration(rows: OutOfFold, kinds: readonly CalibrationKind[]): ChosenCalibration {
  const before = lossesOf(rows, (i) => rows.scores[i]!)
  const losses: ChosenCalibration['losses'] = { none: mean(before, rows.weights) }
  let best: { kind: CalibrationKind; loss: number } | undefined
  for (const kind of kinds) {
    const scores = crossCalibrated(rows, kind)
    const after = lossesOf(rows, (i) => scores[i]!)
    const loss = mean(after, rows.weights)
    losses[kind] = loss
    const gains = before.map((value, i) => value - after[i]!)
    if (losses.none - loss > errorOfMean(gains, rows.weights) && loss < (best?.loss ?? Infinity)) best = { kind, loss }
  }
  return { calibration: best ? fitCalibration(best.kind, rows) : null, losses }
}

function crossCalibrated(rows: OutOfFold, kind: CalibrationKind): Float64Array {
  const result = new Float64Array(rows.labels.length)
  for (const fold of new Set(rows.folds)) {
    const others = rowsWhere(rows, (f) => f !== fold)
    const calibration = fitCalibration(kind, others)
    for (let i = 0; i < result.length; i++) {
      if (rows.folds[i] === fold) result[i] = calibrated(calibration, rows.scores[i]!)
    }
  }
  return result
}

function rowsWhere({ labels, scores, weights, folds }: OutOfFold, takes: (fold: number) => boolean): OutOfFold {
  const keep = (_: number, i: number) => takes(folds[i]!)
  return {
    labels: labels.filter(keep),
    scores: scores.filter(keep),
    weights: weights?.filter(keep) ?? null,
    folds: folds.filter(keep),
  }
}

export function fitCalibration(kind: CalibrationKind, rows: Omit<OutOfFold, 'folds'>): Calibration {
  return kind === 'platt' ? fitPlatt(rows) : fitIsotonic(rows)
}

/**
 * A logistic regression of the label on the log-odds (Platt 1999), by Newton's method; labels are drawn in a little, as
 * Platt does, so that separated classes end. A line that would fall is level: order is never turned round.
 */
function fitPlatt({ labels, scores, weights }: Omit<OutOfFold, 'folds'>): Calibration {
  const x = Float64Array.from(scores, logOdds)
  let [positives, negatives] = [0, 0]
  for (let i = 0; i < labels.length; i++) {
    const w = weights ? weights[i]! : 1
    if (labels[i] === 1) positives += w
    else negatives += w
  }
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (negatives + 2)]
  let slope = 1
  let offset = 0
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let [g0, g1, h00, h01, h11] = [0, 0, RIDGE, 0, RIDGE]
    for (let i = 0; i < x.length; i++) {
      const w = weights ? weights[i]! : 1
      const p = sigmoid(slope * x[i]! + offset)
      const [gap, h] = [w * (p - (labels[i] === 1 ? high : low)), w * p * (1 - p)]
      g0 += gap
      g1 += gap * x[i]!
      h00 += h
      h01 += h * x[i]!
      h11 += h * x[i]! * x[i]!
    }
    const determinant = h00 * h11 - h01 * h01
    const [down, turn] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant]
    // A step of Newton's may leave far from the place; a bounded one comes back.
    offset -= Math.max(-STEP_MAX, Math.min(STEP_MAX, down))
    slope -= Math.max(-STEP_MAX, Math.min(STEP_MAX, turn))
    if (Math.abs(down) + Math.abs(turn) < 1e-10) break
  }
  if (slope > 0) return { kind: 'platt', slope, offset }
  const share = (positives + 1) / (positives + negatives + 2)
  return { kind: 'platt', slope: 0, offset: log(share / (1 - share)) }
}

const NEWTON_STEPS = 100
const STEP_MAX = 2
const RIDGE = 1e-9

/**
 * The rising steps that are nearest to the labels (pool adjacent violators, Ayer et al. 1955), joined by straight lines
 * between the middles of neighbouring steps, so that no row near an edge jumps.
 */
function fitIsotonic({ labels, scores, weights }: Omit<OutOfFold, 'folds'>): Calibration {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]! || a - b)
  const blocks: Block[] = []
  for (let i = 0; i < order.length; ) {
    // Rows of one score are one block before any is compared: their order must not matter.
    const block: Block = { weight: 0, x: 0, y: 0 }
    const score = scores[order[i]!]!
    for (; i < order.length && scores[order[i]!] === score; i++) {
      const w = weights ? weights[order[i]!]! : 1
      block.weight += w
      block.x += w * score
      block.y += w * labels[order[i]!]!
    }
    blocks.push(block)
    while (blocks.length > 1 && !rises(blocks[blocks.length - 2]!, blocks[blocks.length - 1]!)) {
      const [b, a] = [blocks.pop()!, blocks[blocks.length - 1]!]
      a.weight += b.weight
      a.x += b.x
      a.y += b.y
    }
  }
  const points = thinned(blocks.map(({ weight, x, y }) => ({ x: x / weight, y: y / weight })))
  return { kind: 'isotonic', from: points.map(({ x }) => x), to: points.map(({ y }) => y) }
}

/** Sums over rows of neighbouring scores. */
type Block = { weight: number; x: number; y: number }

function rises(before: Block, after: Block): boolean {
  return before.y * after.weight < after.y * before.weight
}

/** Means of rising blocks rise, but for the last bits; and no more points than a file may have. */
function thinned(points: { x: number; y: number }[]): { x: number; y: number }[] {
  const rising: { x: number; y: number }[] = []
  for (const { x, y } of points) {
    const before = rising[rising.length - 1]
    if (!before || (x > before.x && y >= before.y)) rising.push({ x: Math.min(1, x), y: Math.min(1, y) })
  }
  if (rising.length <= ISOTONIC_POINTS_MAX) return rising
  const step = (rising.length - 1) / (ISOTONIC_POINTS_MAX - 1)
  return Array.from({ length: ISOTONIC_POINTS_MAX }, (_, i) => rising[Math.round(i * step)]!)
}

/** Of log-loss, as it is measured (measure/classification.ts), with a logarithm that is the same everywhere. */
function lossesOf({ labels }: OutOfFold, scoreOf: (row: number) => number): Float64Array {
  return Float64Array.from(labels, (label, i) => {
    const p = Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, scoreOf(i)))
    return -log(label === 1 ? p : 1 - p)
  })
}

function mean(values: Float64Array, weights: Float64Array | null): number {
  let [sum, total] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const w = weights ? weights[i]! : 1
    sum += w * values[i]!
    total += w
  }
  return sum / total
}

function errorOfMean(values: Float64Array, weights: Float64Array | null): number {
  const middle = mean(values, weights)
  let [squares, total] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const w = weights ? weights[i]! : 1
    squares += (w * (values[i]! - middle)) ** 2
    total += w
  }
  return Math.sqrt(squares) / total
}
