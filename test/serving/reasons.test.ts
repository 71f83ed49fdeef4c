import { expect, test } from 'vitest'
import { reasonsOf } from '../../src/serving/reasons.ts'

test('the reasons name the beginning, the five features that move most, and the others together', () => {
  const contributions = [0.01, -0.2, 0, 0.3, 0.002, -0.001, 0.05, 0.04]
  const values = [1, null, 5, 'DSL', 2n ** 60n, true, '2024-01-31', 0.25]
  expect(reasonsOf({ of: 1, unit: 'probability', base: 0.26537, contributions }, [...'abcdefgh'], values)).toEqual([
    'The model begins at 0.2654, the probability of 1 where nothing is known.',
    'd is "DSL", which raises it by 0.3.',
    'b is not known, which lowers it by 0.2.',
    'g is "2024-01-31", which raises it by 0.05.',
    'h is 0.25, which raises it by 0.04.',
    'a is 1, which raises it by 0.01.',
    'The other 2 features together raise it by 0.001.',
  ])
})

test('what moves nothing is no reason, and one other feature is said as one', () => {
  const none = reasonsOf({ of: null, unit: 'value', base: 12, contributions: [0, 0] }, ['a', 'b'], [1, 2])
  expect(none).toEqual(['The model begins at 12, the value where nothing is known.', 'No feature moves it.'])
  const six = reasonsOf(
    { of: 'gold', unit: 'score', base: 0, contributions: [6, 5, 4, 3, 2, -1] },
    [...'abcdef'],
    [0, 0, 0, 0, 0, 0],
  )
  expect(six[0]).toBe('The model begins at 0, the score of "gold" where nothing is known.')
  expect(six.at(-1)).toBe('The other feature lowers it by 1.')
})

test('the text of a caller is cut in a reason', () => {
  const said = reasonsOf({ of: 1, unit: 'log_odds', base: 0, contributions: [1] }, ['a'], ['x'.repeat(1e5)])
  expect(said[1]!.length).toBeLessThan(200)
})
