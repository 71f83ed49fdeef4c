import type { Kernels } from '../kernel-set.ts'
import type { Views } from '../memory.ts'

type Moves = Pick<Kernels, 'moveRecords' | 'takeRecords' | 'addToMargins' | 'addToAll'>

/** The place is chosen without a branch, because nobody can predict which way a row goes. */
export function plainMoves({ bytes, words, doubles }: Views): Moves {
  return {
    moveRecords(source, target, stride, from, to, column, goesLeft) {
      const step = stride >>> 2
      let front = target / 4 + from * step
      const start = front
      let back = target / 4 + (to - 1) * step
      for (let row = from; row < to; row++) {
        const at = source + row * stride
        const left = bytes[goesLeft + bytes[at + column]!]!
        const place = left === 1 ? front : back
        for (let k = 0, own = at / 4; k < step; k++) words[place + k] = words[own + k]!
        front += left * step
        back -= (1 - left) * step
      }
      return (front - start) / step
    },
    takeRecords(bins, binStride, pairs, target, from, to, column, goesLeft) {
      const own = binStride >>> 2
      const step = own + 2
      let front = target / 4 + from * step
      const start = front
      let back = target / 4 + (to - 1) * step
      for (let row = from; row < to; row++) {
        const at = bins + row * binStride
        const left = bytes[goesLeft + bytes[at + column]!]!
        const place = left === 1 ? front : back
        for (let k = 0, bin = at / 4; k < own; k++) words[place + k] = words[bin + k]!
        words[place + own] = words[pairs / 4 + row]!
        words[place + own + 1] = row
        front += left * step
        back -= (1 - left) * step
      }
      return (front - start) / step
    },
    addToMargins(records, stride, from, to, value, margins) {
      for (let row = from; row < to; row++)
        doubles[margins / 8 + words[(records + (row + 1) * stride) / 4 - 1]!]! += value
    },
    addToAll(margins, from, to, value) {
      for (let row = from; row < to; row++) doubles[margins / 8 + row]! += value
    },
  }
}
