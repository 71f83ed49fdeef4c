import { expect, test } from 'vitest'
import { judge } from '../../../src/monitoring/alerts/judge.ts'

const history = { kind: 'history', periods: 4, least: 3, sigmas: 3, side: 'both' } as const

test('above and below: the limit itself is not wrong', () => {
  expect(judge({ kind: 'above', limit: 0.3 }, { value: 0.3, earlier: [] })).toMatchObject({
    wrong: false,
    threshold: 0.3,
  })
  expect(judge({ kind: 'above', limit: 0.3 }, { value: 0.31, earlier: [] })).toMatchObject({ wrong: true })
  expect(judge({ kind: 'below', limit: 0.7 }, { value: 0.7, earlier: [] })).toMatchObject({ wrong: false })
  expect(judge({ kind: 'below', limit: 0.7 }, { value: 0.6, earlier: [] })).toMatchObject({ wrong: true })
})

test('of a figure that is missing nothing is said, and of a history that is too short neither', () => {
  expect(judge({ kind: 'above', limit: 0 }, { value: null, earlier: [] })).toBeNull()
  expect(judge(history, { value: 9, earlier: [1, 1] })).toBeNull()
})

test('a history is wrong beyond so many standard deviations from the mean of the last periods, on the side that counts', () => {
  // Mean 1, standard deviation (of n - 1) 0.1: the fifth is not looked at.
  const earlier = [1.1, 0.9, 1.1, 0.9, 100]
  const width = 3 * Math.sqrt(0.04 / 3)
  expect(judge(history, { value: 1 + width + 1e-9, earlier })).toMatchObject({ wrong: true })
  expect(judge(history, { value: 1 + width - 1e-9, earlier })).toMatchObject({ wrong: false })
  expect(judge(history, { value: 1 - width - 1e-9, earlier })).toMatchObject({ wrong: true })
  expect(judge({ ...history, side: 'above' }, { value: 0, earlier })).toMatchObject({ wrong: false })
  expect(judge({ ...history, side: 'below' }, { value: 9, earlier })).toMatchObject({ wrong: false })
  expect(judge({ ...history, side: 'below' }, { value: 0, earlier })).toMatchObject({ wrong: true })
})

test('its threshold is the end of that side', () => {
  const { threshold } = judge({ ...history, side: 'below' }, { value: 0.99, earlier: [1.1, 0.9, 1.1, 0.9] })!
  expect(threshold).toBeCloseTo(1 - 3 * Math.sqrt(0.04 / 3), 12)
})
