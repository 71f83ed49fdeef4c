import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FIRST_INSTANT, LAST_INSTANT, nextInstant, parseInstant, previousInstant } from '../../src/base/instant.ts'
import {
  ALL_TIME,
  broughtUpTo,
  type Coverage,
  reachesBeyond,
  STRETCHES_MAX,
  stretchesIn,
  withBrought,
} from '../../src/features/online/coverage.ts'

const day = (n: number) => parseInstant(`2024-01-${String(n).padStart(2, '0')}`)
const days = (from: number, to: number) => ({ from: day(from), to: day(to) })

test('calls without bounds leave one stretch', () => {
  let coverage: Coverage = []
  for (const seq of [3, 7, 9]) coverage = withBrought(coverage, ALL_TIME, seq)
  expect(coverage).toEqual([{ ...ALL_TIME, seq: 9 }])
  expect(broughtUpTo(coverage, ALL_TIME)).toBe(9)
  expect(reachesBeyond(coverage, ALL_TIME)).toBe(false)
})

test('what a window leaves out is not brought, on both sides of it', () => {
  const coverage = withBrought([], days(10, 20), 4)
  expect(coverage).toEqual([{ ...days(10, 20), seq: 4 }])
  expect(broughtUpTo(coverage, days(10, 20))).toBe(4)
  expect(broughtUpTo(coverage, { from: previousInstant(day(10)), to: day(20) })).toBe(0)
  expect(broughtUpTo(coverage, { from: day(10), to: nextInstant(day(20)) })).toBe(0)
  expect(stretchesIn(coverage, ALL_TIME)).toEqual([
    { from: FIRST_INSTANT, to: previousInstant(day(10)), seq: 0 },
    { ...days(10, 20), seq: 4 },
    { from: nextInstant(day(20)), to: LAST_INSTANT, seq: 0 },
  ])
})

test('the record is a function of event time, as a list of days with the greatest delivery brought for each', () => {
  const window = fc.tuple(
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 0, max: 10 }),
    fc.integer({ min: 1, max: 5 }),
  )
  fc.assert(
    fc.property(fc.array(window, { maxLength: 30 }), (calls) => {
      let coverage: Coverage = []
      const slow = new Array<number>(31).fill(0)
      for (const [from, length, seq] of calls) {
        const to = Math.min(30, from + length)
        coverage = withBrought(coverage, days(from, to), seq)
        for (let d = from; d <= to; d++) slow[d] = Math.max(slow[d] ?? 0, seq)
      }
      for (let d = 1; d <= 30; d++) expect(broughtUpTo(coverage, days(d, d))).toBe(slow[d])
      // In order and apart.
      for (const [i, stretch] of coverage.entries()) {
        expect(stretch.from <= stretch.to && stretch.seq > 0).toBe(true)
        expect((coverage[i - 1]?.to ?? '') < stretch.from).toBe(true)
      }
    }),
  )
})

test('the record is bounded, and where it is cut it claims less and never more', () => {
  const at = (n: number) =>
    parseInstant(`2024-01-01T${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}:00Z`)
  for (const gap of [1, 2]) {
    let coverage: Coverage = []
    const calls = Array.from({ length: 300 }, (_, i) => ({
      from: at(i * gap),
      to: previousInstant(at(i * gap + 1)),
      seq: 300 + (i % 7),
    }))
    for (const { seq, ...window } of calls) coverage = withBrought(coverage, window, seq)
    expect(coverage.length).toBeLessThanOrEqual(STRETCHES_MAX)
    for (const { seq, ...window } of calls) expect(broughtUpTo(coverage, window)).toBeLessThanOrEqual(seq)
    for (const { seq, ...window } of calls.slice(-50)) expect(broughtUpTo(coverage, window)).toBe(seq)
  }
})
