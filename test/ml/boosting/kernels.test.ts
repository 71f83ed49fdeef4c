import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { LANES } from '../../../src/ml/learn/boosting/binned-table.ts'
import { kernelsOn } from '../../../src/ml/learn/boosting/kernels.ts'
import { createMemory, viewsOf } from '../../../src/ml/learn/boosting/memory.ts'
import { GRADIENT_MAX, HESSIAN_MAX } from '../../../src/ml/learn/boosting/objective.ts'

const KERNELS = ['javascript', 'fastest'] as const
/** Behind the constants of the module. */
const START = 65_536

function room(choice: (typeof KERNELS)[number], bytes: number) {
  const memory = createMemory(choice, START + bytes)
  return { kernels: kernelsOn(memory), ...viewsOf(memory) }
}

describe('a histogram', () => {
  const shapes = KERNELS.flatMap((choice) => [1, 3, 8, 14, 17].map((columns) => ({ choice, columns })))
  // Above a tile of 2,048 and blocks of 1,024 rows, with columns that fill groups of eight and leave some over.
  it.each(shapes)('is the sums that a slow obvious loop finds, on top of what is there: %o', ({ choice, columns }) => {
    const prng = createPrng(columns)
    const [rows, stride] = [5_001, 8 * Math.ceil(columns / 8) + 8]
    const histogram = START + rows * stride
    const { kernels, words, bytes } = room(choice, rows * stride + columns * LANES * 8)
    const slow = new Map<number, number>()
    const add = (at: number, more: number) => slow.set(at, (slow.get(at) ?? 0) + more)
    for (let r = 0; r < rows; r++) {
      const at = START + r * stride
      // The greatest of both signs too, which would overflow first.
      const g = r < 3_000 ? (r < 1_500 ? -GRADIENT_MAX : GRADIENT_MAX) : prng.int(2 * GRADIENT_MAX + 1) - GRADIENT_MAX
      const h = r < 3_000 ? HESSIAN_MAX : prng.int(HESSIAN_MAX + 1)
      words[(at + stride - 8) / 4] = (g << 16) | h
      for (let c = 0; c < columns; c++) {
        bytes[at + c] = r < 2_000 ? 255 : prng.int(256)
        if (r < 3 || r >= 4_998) continue
        add(2 * (c * LANES + bytes[at + c]!), 2 * h)
        add(2 * (c * LANES + bytes[at + c]!) + 1, 2 * g)
      }
    }
    kernels.clear(histogram, columns * LANES * 8)
    const first = START + 3 * stride
    for (let i = 0; i < 2; i++) kernels.sum(first, stride, first + stride - 8, stride, 4_995, columns, histogram)
    for (let i = 0; i < columns * LANES * 2; i++) {
      const word = words[histogram / 4 + i]!
      expect(i % 2 === 0 ? word >>> 0 : word, `word ${i}`).toBe(slow.get(i) ?? 0)
    }
  })

  it.each(KERNELS)('is right where the sums use all 32 bits, and so is what remains of a parent: %s', (choice) => {
    const rows = 66_000
    const { kernels, words } = room(choice, rows * 16 + 3 * LANES * 8)
    const [all, part] = [START + rows * 16, START + rows * 16 + LANES * 8]
    for (let r = 0; r < rows; r++) words[(START + r * 16) / 4 + 2] = (-GRADIENT_MAX << 16) | HESSIAN_MAX
    for (const [to, count] of [
      [all, rows],
      [part, 1_000],
    ] as const) {
      kernels.clear(to, LANES * 8)
      kernels.sum(START, 16, START + 8, 16, count, 1, to)
    }
    expect([words[all / 4]! >>> 0, words[all / 4 + 1]]).toEqual([rows * HESSIAN_MAX, -rows * GRADIENT_MAX])
    kernels.subtractHistogram(all, part, LANES * 8)
    expect([words[all / 4]! >>> 0, words[all / 4 + 1]]).toEqual([65_000 * HESSIAN_MAX, -65_000 * GRADIENT_MAX])
    kernels.addHistogram(all, part, LANES * 8)
    expect([words[all / 4]! >>> 0, words[all / 4 + 1]]).toEqual([rows * HESSIAN_MAX, -rows * GRADIENT_MAX])
  })
})

describe('a partition', () => {
  // Records of 16 to 48 bytes: all but the last have a loop of their own.
  const shapes = KERNELS.flatMap((choice) => [3, 14, 21, 30, 40].map((columns) => ({ choice, columns })))
  it.each(shapes)('moves every record once, who goes left to the front in order, others to the back: %o', (shape) => {
    const { choice, columns } = shape
    const prng = createPrng(9)
    const rows = 5_000
    const binStride = 8 * Math.ceil(columns / 8)
    const stride = binStride + 8
    const [bins, pairs] = [START, START + rows * binStride]
    const [one, two] = [pairs + rows * 4, pairs + rows * 4 + rows * stride]
    const goesLeft = two + rows * stride
    const { kernels, words, bytes } = room(choice, goesLeft + 256 - START)
    for (let i = 0; i < rows * binStride; i++) bytes[bins + i] = prng.int(256)
    for (let r = 0; r < rows; r++) words[pairs / 4 + r] = prng.int(2 ** 30)
    const rowAt = (buffer: number, i: number) => words[(buffer + (i + 1) * stride) / 4 - 1]!
    const binAt = (row: number, column: number) => bytes[bins + row * binStride + column]!
    const [from, to] = [17, 4_990]
    let before = Array.from({ length: to - from }, (_, i) => i + from)
    for (const [i, column] of [0, columns >> 1, columns - 1].entries()) {
      for (let b = 0; b < 256; b++) bytes[goesLeft + b] = prng.int(2)
      const [source, target] = i % 2 === 0 ? [two, one] : [one, two]
      words.fill(-1, target / 4, (target + rows * stride) / 4)
      const left =
        i === 0
          ? kernels.takeRecords(bins, binStride, pairs, target, from, to, column, goesLeft)
          : kernels.moveRecords(source, target, stride, from, to, column, goesLeft)
      const isLeft = (row: number) => bytes[goesLeft + binAt(row, column)] === 1
      const order = [...before.filter(isLeft), ...before.filter((row) => !isLeft(row)).reverse()]
      const moved = Array.from({ length: to - from }, (_, k) => rowAt(target, from + k))
      expect(moved).toEqual(order)
      expect(left).toBe(before.filter(isLeft).length)
      for (const k of [0, 3, to - from - 1]) {
        const at = target + (from + k) * stride
        expect(bytes.slice(at, at + binStride)).toEqual(
          bytes.slice(bins + moved[k]! * binStride, bins + (moved[k]! + 1) * binStride),
        )
        expect(words[(at + binStride) / 4]).toBe(words[pairs / 4 + moved[k]!])
      }
      expect([words[(target + from * stride) / 4 - 1], words[(target + to * stride) / 4]]).toEqual([-1, -1])
      before = moved
    }
  })
})

describe('gradients', () => {
  it('are those of the losses, and the same in both languages', () => {
    const prng = createPrng(5)
    const [rows, classes] = [1_003, 4]
    const stride = 8 * (rows + 5)
    const labels = START + classes * stride
    const [values, weights] = [labels + rows + 13, labels + rows + 13 + stride]
    const pairs = weights + stride
    const rooms = KERNELS.map((choice) => room(choice, pairs + classes * stride - START))
    const margins = Array.from({ length: classes * rows }, () => 3 * prng.normal())
    const known = Array.from({ length: rows }, () => prng.int(classes))
    const numbers = Array.from({ length: rows }, () => prng.normal())
    const heavy = Array.from({ length: rows }, () => Math.fround(prng.float()))
    const written = rooms.map(({ kernels, words, bytes, floats, doubles }) => {
      for (let k = 0; k < classes; k++) doubles.set(margins.slice(k * rows, (k + 1) * rows), (START + k * stride) / 8)
      bytes.set(known, labels)
      doubles.set(numbers, values / 8)
      floats.set(heavy, weights / 4)
      const take = (count: number) =>
        Array.from({ length: count * rows }, (_, i) => words[(pairs + Math.floor(i / rows) * stride) / 4 + (i % rows)]!)
      kernels.softmaxGradients(START, stride, classes, labels, weights, pairs, stride, 0, rows, 30_000, 90_000, 7)
      const softmax = take(classes)
      for (let r = 0; r < rows; r++) bytes[labels + r] = known[r]! & 1
      kernels.logisticGradients(START, labels, 0, pairs, 0, rows, 30_000, 200_000, 7)
      const logistic = take(1)
      kernels.squaredGradients(START, values, weights, pairs, 0, rows, 2_000, 60_000, 7)
      const squared = take(1)
      kernels.measureResiduals(START, values, weights, 0, rows, pairs)
      return { softmax, logistic, squared, residuals: [...doubles.slice(pairs / 8, pairs / 8 + 2)] }
    })
    expect(written[1]).toEqual(written[0])
    const { softmax, logistic, squared } = written[0]!
    const near = (pair: number, g: number, h: number) => {
      expect(Math.abs((pair >> 16) - g)).toBeLessThan(1.2)
      expect(Math.abs((pair & 0xffff) - h)).toBeLessThan(1.2)
    }
    for (let r = 0; r < rows; r++) {
      const p = 1 / (1 + Math.exp(-margins[r]!))
      near(logistic[r]!, (p - (known[r]! & 1)) * 30_000, p * (1 - p) * 200_000)
      near(squared[r]!, (margins[r]! - numbers[r]!) * heavy[r]! * 2_000, heavy[r]! * 60_000)
      const all = Array.from({ length: classes }, (_, k) => Math.exp(margins[k * rows + r]!)).reduce((a, b) => a + b)
      for (let k = 0; k < classes; k++) {
        const q = Math.exp(margins[k * rows + r]!) / all
        near(
          softmax[k * rows + r]!,
          (q - (known[r] === k ? 1 : 0)) * heavy[r]! * 30_000,
          q * (1 - q) * heavy[r]! * 90_000,
        )
      }
    }
  })

  it('below one unit still have the right sum', () => {
    const rows = 100_000
    const { kernels, words, bytes } = room('fastest', rows * 13 + 64)
    const [labels, pairs] = [START + rows * 8, START + rows * 9 + 32]
    bytes.fill(0, labels, pairs)
    // Of p = 1/2 and 0.2 units the gradient is 0.1 each.
    kernels.logisticGradients(START, labels, 0, pairs, 0, rows, 0.2, 0.4, 3)
    let [g, h] = [0, 0]
    for (let r = 0; r < rows; r++) {
      g += words[pairs / 4 + r]! >> 16
      h += words[pairs / 4 + r]! & 0xffff
    }
    expect(Math.abs(g - rows / 10)).toBeLessThan(20)
    expect(Math.abs(h - rows / 10)).toBeLessThan(20)
  })
})

describe('the kernels in WebAssembly', () => {
  it('were built, so that the tests above are of both', () => {
    expect(createMemory('fastest', 1).wasm).toBeDefined()
    expect(createMemory('javascript', 1).wasm).toBeUndefined()
    // Of more than 4 GiB there is no memory of WebAssembly.
    expect(() => createMemory('fastest', 2 ** 40)).toThrow()
  })
})
