import type { Basis } from './design.ts'

/**
 * What is added to the loss for weights w: w S w / 2. Of a curve the squared second differences of its weights, times
 * `smoothing` (P-splines, Eilers and Marx 1996), so that it bends only as far as the rows make it; of every weight but the
 * intercept its square, times `ridge`.
 */
export type Penalty = { smoothing: number; ridge: number }

/** S, of which the lower triangle is written, row after row. */
export function penaltyMatrix({ columns, width }: Basis, { smoothing, ridge }: Penalty): Float64Array {
  const s = new Float64Array(width * width)
  for (let i = 1; i < width; i++) s[i * width + i] = ridge
  for (const { kind, at, count } of columns) {
    if (kind !== 'curve') continue
    for (let i = at; i + 2 < at + count; i++) {
      for (let a = 0; a < 3; a++) {
        for (let b = 0; b <= a; b++) s[(i + a) * width + i + b]! += smoothing * DIFFERENCE[a]! * DIFFERENCE[b]!
      }
    }
  }
  return s
}

const DIFFERENCE = [1, -2, 1] as const

/** S w into `out`. */
export function timesPenalty(s: Float64Array, width: number, w: Float64Array, at: number, out: Float64Array): void {
  out.fill(0)
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < i; j++) {
      const x = s[i * width + j]!
      if (x === 0) continue
      out[i]! += x * w[at + j]!
      out[j]! += x * w[at + i]!
    }
    out[i]! += s[i * width + i]! * w[at + i]!
  }
}
