/** What a thread does with the rows of one shard: the same for the one that grows the trees and for its helpers. */
import type { Kernels } from './kernel-set.ts'
import { BLOCK_ROWS, type Layout, rangeAt } from './layout.ts'
import type { Views } from './memory.ts'

export const WORK = { gradients: 1, residuals: 2, root: 3, split: 4, finish: 5 } as const

/** The buffer of a leaf whose rows have not been moved: all rows in their order. */
export const BASE = 2

/** Told to the threads as words, in this order. */
export type Work =
  | { work: typeof WORK.gradients; shift: number }
  | { work: typeof WORK.residuals }
  /** Sums the root of an output: from the records in the first buffer where it has only some of the rows. */
  | { work: typeof WORK.root; output: number; sampled: boolean }
  /** Moves the records of `leaf` from `buffer`; what goes right belongs to `fresh`. Then sums `summed`, one of the two, or none (-1). */
  | {
      work: typeof WORK.split
      output: number
      leaf: number
      fresh: number
      column: number
      buffer: number
      summed: number
    }
  /** Adds the values of `count` leaves to the margins; each leaf has its buffer at `ranges`. */
  | { work: typeof WORK.finish; output: number; count: number }

export type Working = { kernels: Kernels; layout: Layout; views: Views }

/** Does a piece of work on a shard. Sums go to `histogram`, on top of what is there. */
export function workOnShard(
  { kernels, layout, views }: Working,
  words: Int32Array,
  shard: number,
  histogram: number,
): void {
  const from = shard * layout.shardRows
  const to = Math.min(layout.rows, from + layout.shardRows)
  const { binStride } = layout
  const work = words[0]!
  if (work === WORK.gradients) writeGradients(kernels, layout, views, from, to, words[1]!)
  else if (work === WORK.residuals) measureBlocks(kernels, layout, from, to)
  else if (work === WORK.root) {
    const pairs = layout.pairs + words[1]! * layout.pairStride
    const range = rangeAt(layout, 0, shard)
    const [first, last] = [views.words[range]!, views.words[range + 1]!]
    if (words[2] === 0) {
      const bins = layout.bins + first * binStride
      kernels.sum(bins, binStride, pairs + first * 4, 4, last - first, layout.columns, histogram)
    } else sumMoved(kernels, layout, 0, first, last, histogram)
  } else if (work === WORK.split) splitShard({ kernels, layout, views }, words, shard, histogram)
  else if (work === WORK.finish) addLeaves(kernels, layout, views, words[1]!, words[2]!, shard)
}

function splitShard({ kernels, layout, views }: Working, words: Int32Array, shard: number, histogram: number): void {
  const { binStride, recordStride, moved } = layout
  const [leaf, fresh, column, buffer, summed] = [words[2]!, words[3]!, words[4]!, words[5]!, words[6]!]
  const range = rangeAt(layout, leaf, shard)
  const [first, last] = [views.words[range]!, views.words[range + 1]!]
  const target = buffer === 0 ? 1 : 0
  const left =
    buffer === BASE
      ? kernels.takeRecords(
          layout.bins,
          binStride,
          layout.pairs + words[1]! * layout.pairStride,
          moved[0],
          first,
          last,
          column,
          layout.goesLeft,
        )
      : kernels.moveRecords(moved[buffer as 0 | 1], moved[target], recordStride, first, last, column, layout.goesLeft)
  const other = rangeAt(layout, fresh, shard)
  views.words[range + 1] = first + left
  views.words[other] = first + left
  views.words[other + 1] = last
  if (summed === leaf) sumMoved(kernels, layout, target, first, first + left, histogram)
  else if (summed === fresh) sumMoved(kernels, layout, target, first + left, last, histogram)
}

function sumMoved(
  kernels: Kernels,
  { moved, recordStride, binStride, columns }: Layout,
  buffer: 0 | 1,
  from: number,
  to: number,
  histogram: number,
): void {
  const at = moved[buffer] + from * recordStride
  kernels.sum(at, recordStride, at + binStride, recordStride, to - from, columns, histogram)
}

function writeGradients(kernels: Kernels, layout: Layout, { doubles }: Views, from: number, to: number, shift: number) {
  const { margins, marginStride, outputs, labels, values, weights, pairs, pairStride } = layout
  const byGradient = doubles[layout.settings / 8]!
  const byHessian = doubles[layout.settings / 8 + 1]!
  if (layout.kind === 'binary') {
    kernels.logisticGradients(margins, labels, weights, pairs, from, to, byGradient, byHessian, shift)
  } else if (layout.kind === 'regression') {
    kernels.squaredGradients(margins, values, weights, pairs, from, to, byGradient, byHessian, shift)
  } else {
    kernels.softmaxGradients(
      margins,
      marginStride,
      outputs,
      labels,
      weights,
      pairs,
      pairStride,
      from,
      to,
      byGradient,
      byHessian,
      shift,
    )
  }
}

function measureBlocks(kernels: Kernels, layout: Layout, from: number, to: number): void {
  for (let block = from; block < to; block += BLOCK_ROWS) {
    const out = layout.blocks + (block / BLOCK_ROWS) * 16
    const end = Math.min(to, block + BLOCK_ROWS)
    kernels.measureResiduals(layout.margins, layout.values, layout.weights, block, end, out)
  }
}

function addLeaves(kernels: Kernels, layout: Layout, views: Views, output: number, count: number, shard: number): void {
  const margins = layout.margins + output * layout.marginStride
  for (let leaf = 0; leaf < count; leaf++) {
    const range = rangeAt(layout, leaf, shard)
    const [from, to] = [views.words[range]!, views.words[range + 1]!]
    const value = views.doubles[layout.leafValues / 8 + leaf]!
    const buffer = views.bytes[layout.leafBuffers + leaf]!
    if (buffer === BASE) kernels.addToAll(margins, from, to, value)
    else kernels.addToMargins(layout.moved[buffer as 0 | 1], layout.recordStride, from, to, value, margins)
  }
}
