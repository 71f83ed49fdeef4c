import { exp, sigmoid } from '../numbers/exp.ts'

/** What makes a model's sums its outputs: probabilities of one class or of several, or the sums as they are. */
export const LINKS = ['logit', 'softmax', 'identity'] as const
export type Link = (typeof LINKS)[number]

/** What outputs of each are. */
export const OUTCOME_OF_LINK = { logit: 'binary', softmax: 'multiclass', identity: 'regression' } as const

/** Makes outputs of the `count` sums that begin at `at`, in their place. */
export function applyLink(link: Link, sums: Float64Array, at: number, count: number): void {
  if (link === 'logit') sums[at] = sigmoid(sums[at]!)
  if (link === 'softmax') softmax(sums, at, count)
}

/** The outputs of many rows, row after row; `addSums` adds those of row r into `out` from `to` on. */
export function linkedRows(
  { outputs, link }: { outputs: number; link: Link },
  rows: number,
  addSums: (r: number, out: Float64Array, to: number) => void,
): Float64Array {
  const out = new Float64Array(rows * outputs)
  for (let r = 0; r < rows; r++) {
    addSums(r, out, r * outputs)
    applyLink(link, out, r * outputs, outputs)
  }
  return out
}

/** Shares that sum to 1; the greatest sum is taken off first, so that none overflows. */
export function softmax(sums: Float64Array, at: number, count: number): void {
  let most = -Infinity
  for (let k = 0; k < count; k++) most = Math.max(most, sums[at + k]!)
  let total = 0
  for (let k = 0; k < count; k++) {
    const e = exp(sums[at + k]! - most)
    sums[at + k] = e
    total += e
  }
  for (let k = 0; k < count; k++) sums[at + k]! /= total
}
