import { expect, test } from 'vitest'
import { joined, pointsFor, smoothed } from '../../console/charts/joined.ts'

const curve = (run: string, x: number[], values: (number | 'NaN' | 'Infinity' | '-Infinity')[]) => {
  return { run, key: 'loss', points: x.length, thinned: false, x, values }
}
const options = { nameOf: ({ run }: { run: string }) => run, time: false, log: false, smooth: 0 }

test('curves over one axis run on over the points of others, and are broken where a value is no number', () => {
  const { x, lines } = joined([curve('a', [0, 10], [1, 2]), curve('b', [0, 5, 10], [3, 'NaN', 4])], options)
  expect(x).toEqual([0, 5, 10])
  expect(lines.map(({ values }) => values)).toEqual([
    [1, undefined, 2],
    [3, null, 4],
  ])
})

test('a logarithm has no place for zero, and time is in seconds', () => {
  const { x, lines } = joined([curve('a', [1000, 2500], [0, 2])], { ...options, time: true, log: true })
  expect([x, lines[0]!.values]).toEqual([
    [1, 2.5],
    [null, 2],
  ])
})

test('smoothing begins at the first value and leaves out what is no number', () => {
  expect(smoothed([1, 'NaN', 1, 1], 0.9).map((v) => v && Number(v.toFixed(9)))).toEqual([1, null, 1, 1])
  expect(smoothed([0, 1], 0.5)).toEqual([0, 2 / 3])
})

test('a hundred lines of ten charts stay below what one answer may have', () => {
  for (const lines of [1, 10, 11, 30, 31, 50]) expect(pointsFor(lines) * lines).toBeLessThanOrEqual(10_000)
  expect(pointsFor(100) * 100 * 10).toBeLessThanOrEqual(250_000)
})
