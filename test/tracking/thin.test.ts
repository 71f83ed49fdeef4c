import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Columns, createThinner } from '../../src/tracking/curves/thin.ts'

const number = fc.oneof(
  { weight: 8, arbitrary: fc.double({ noNaN: true }) },
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 2) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0) },
)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(-3000n, 9000n) },
  { weight: 1, arbitrary: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n) },
)
const curves = fc.array(fc.tuple(step, number), { minLength: 1, maxLength: 2000, size: 'max' })
const sizes = fc.integer({ min: 10, max: 200 })

function columns(points: readonly (readonly [bigint, number])[]): Columns {
  return { x: BigInt64Array.from(points, ([x]) => x), values: Float64Array.from(points, ([, v]) => v) }
}

function thinned(
  points: readonly (readonly [bigint, number])[],
  most: number,
  part = points.length,
): [bigint, number][] {
  const thinner = createThinner(most)
  for (let from = 0; from < points.length; from += part) thinner.add(columns(points.slice(from, from + part)))
  expect(thinner.count()).toBe(points.length)
  const { x, values } = thinner.points()
  return Array.from(x, (at, i) => [at, values[i]!])
}

const texts = (points: readonly (readonly [bigint, number])[]) => points.map(([x, v]) => `${x}:${v}`)
/** 0 and -0 are one value: neither is less. */
const values = (points: readonly (readonly [bigint, number])[]) =>
  points.map(([, v]) => v + 0).filter((v) => !Number.isNaN(v))
const least = (points: [bigint, number][]) => values(points).reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
const greatest = (points: [bigint, number][]) =>
  values(points).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)

describe('a curve that is thinned', () => {
  test('has no more points than asked for, all of them its own, in the order of x', () => {
    fc.assert(
      fc.property(curves, sizes, (points, most) => {
        const made = thinned(points, most)
        expect(made.length).toBeLessThanOrEqual(most)
        const own = new Set(texts(points))
        for (const text of texts(made)) expect(own.has(text)).toBe(true)
        for (const [i, [x]] of made.entries()) if (i > 0) expect(x >= made[i - 1]![0]).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  test('keeps the least and the greatest value of every stretch, its first and last point, and what is no number', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 600, maxLength: 2000, size: 'max' }), sizes, (all, most) => {
        const points = all.map((value, i): [bigint, number] => [BigInt(i), value])
        const made = thinned(points, most)
        expect([made[0]![0], made.at(-1)![0]]).toEqual([0n, BigInt(points.length - 1)])
        // Stretches of a power of two, so few that five points of each are no more than `most`.
        const slots = Math.floor(most / 5)
        let width = 1
        while (Math.floor((points.length - 1) / width) >= slots) width *= 2
        for (let from = 0; from < points.length; from += width) {
          const [here, kept] = [points, made].map((list) =>
            list.filter(([x]) => Number(x) >= from && Number(x) < from + width),
          )
          expect([least(kept!), greatest(kept!)]).toEqual([least(here!), greatest(here!)])
          expect([kept![0]![0], kept!.at(-1)![0]]).toEqual([here![0]![0], here!.at(-1)![0]])
          expect(kept!.some(([, v]) => Number.isNaN(v))).toBe(here!.some(([, v]) => Number.isNaN(v)))
        }
      }),
      { numRuns: 30 },
    )
  })

  test('is the same in whatever order and parts its points come', () => {
    fc.assert(
      fc.property(curves, sizes, fc.integer({ min: 1, max: 700 }), (points, most, part) => {
        const shuffled = [...points].sort((a, b) => (a[1] < b[1] ? -1 : 1))
        const made = texts(thinned(points, most))
        expect(texts(thinned(points, most, part))).toEqual(made)
        expect(texts(thinned(shuffled, most))).toEqual(made)
      }),
      { numRuns: 30 },
    )
  })

  test('can be thinned again, to the points that the whole gives', () => {
    const points = Array.from({ length: 12_345 }, (_, i): [bigint, number] => [BigInt(i), Math.sin(i * i)])
    expect(texts(thinned(thinned(points, 500), 100))).toEqual(texts(thinned(points, 100)))
  })

  test('with no more points than asked for is whole', () => {
    const points: [bigint, number][] = [
      [5n, Number.NaN],
      [3n, -0],
      [3n, -0],
      [2n ** 62n + 1n, Number.NEGATIVE_INFINITY],
    ]
    expect(texts(thinned(points, 10))).toEqual(['3:0', '3:0', '5:NaN', `${2n ** 62n + 1n}:-Infinity`])
  })
})
