import { expect, it } from 'vitest'
import { type Terms, unknownTerms, withTerms } from '../../src/base/terms.ts'

const terms = (periodMs: string, zone = 'UTC'): Terms => ({
  periodMs: Date.parse(periodMs),
  dueMs: Date.parse('2026-03-05T06:00:00Z'),
  ...{ zone, subject: 'users', about: 'users@2', schedule: 'retrain' },
})

it('puts what each term stands for into every text of an input, and leaves what is no text', () => {
  const input = {
    asOf: '{period}',
    dir: 'data/{yearmonth}/x',
    list: ['{day-31}', '{month-1}', '{month+11}'],
    reuse: true,
    n: 3,
    deep: { a: '{subject} {id} {schedule} {due} {due-90m}' },
  }
  expect(withTerms(input, terms('2026-01-31T00:00:00Z'))).toEqual({
    asOf: '2026-01-31T00:00:00.000000Z',
    dir: 'data/2026-01/x',
    list: ['2025-12-31', '2025-12-01', '2026-12-01'],
    reuse: true,
    n: 3,
    deep: { a: 'users users@2 retrain 2026-03-05T06:00:00.000000Z 2026-03-05T04:30:00.000000Z' },
  })
})

it('asks the zone which day it is, and says the day as a date', () => {
  const late = '2026-02-28T23:30:00Z'
  expect(withTerms('{day} {month}', terms(late))).toBe('2026-02-28 2026-02-01')
  expect(withTerms('{day} {month}', terms(late, 'Europe/Paris'))).toBe('2026-03-01 2026-03-01')
})

it('finds the words that are no terms', () => {
  expect(unknownTerms('{period} {perod} {month-1} {month-1d} {} {period-30d}')).toEqual(['perod', 'month-1d', ''])
})
