import { describe, expect, it } from 'vitest'
import { dueAfter, dueBetween, faultOfCron, nextDue, type Timing } from '../../src/base/due-times.ts'

const PARIS = (cron: string): Timing => ({ cron, zone: 'Europe/Paris' })
const at = (text: string) => Date.parse(text)
const shown = (ms: readonly number[]) => ms.map((one) => new Date(one).toISOString().slice(0, 16))

describe('on 2026-03-29, when clocks in Paris go from 02:00 to 03:00', () => {
  it('is a time that does not exist due at the first moment after the gap, once', () => {
    expect(shown(dueAfter(PARIS('30 2 * * *'), at('2026-03-28T12:00:00Z'), 3))).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:30',
      '2026-03-31T00:30',
    ])
  })

  it('is every half hour each half hour that there is', () => {
    const due = dueAfter(PARIS('*/30 * * * *'), at('2026-03-29T00:15:00Z'), 4)
    expect(shown(due)).toEqual(['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30', '2026-03-29T02:00'])
  })
})

describe('on 2026-10-25, when clocks in Paris go from 03:00 to 02:00', () => {
  it('is a time that is there twice due at the first of the two, once', () => {
    expect(shown(dueAfter(PARIS('30 2 * * *'), at('2026-10-24T12:00:00Z'), 2))).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ])
    expect(nextDue(PARIS('30 2 * * *'), at('2026-10-25T00:30:00Z'))).toBe(at('2026-10-26T01:30:00Z'))
    expect(dueBetween(PARIS('30 2 * * *'), at('2026-10-25T00:30:00Z'), at('2026-10-25T22:00:00Z'), 9)).toEqual([])
  })

  it('is every hour each of both', () => {
    expect(shown(dueAfter(PARIS('0 * * * *'), at('2026-10-24T23:30:00Z'), 3))).toEqual([
      '2026-10-25T00:00',
      '2026-10-25T01:00',
      '2026-10-25T02:00',
    ])
  })
})

describe('what is due between two moments', () => {
  const rules = ['30 2 * * *', '*/20 * * * *', '0 6 2 * *', '15,45 1-3 * * *', '0 0 L * *', '10 2 * * 0']
  const timings: Timing[] = [
    ...rules.map(PARIS),
    ...rules.map((cron) => ({ cron, zone: 'UTC' })),
    { everyMs: 7_000_000 },
  ]

  it('is the same found from its end as found from its beginning, over both changes of clocks', () => {
    for (const timing of timings) {
      for (const [from, to] of [
        ['2026-03-27T23:59:59.999Z', '2026-03-30T01:00:00.000Z'],
        ['2026-10-24T00:00:00.000Z', '2026-10-26T01:30:00.000Z'],
      ] as const) {
        const forward = dueAfter(timing, at(from), 230).filter((ms) => ms <= at(to))
        expect(dueBetween(timing, at(from), at(to), 1000)).toEqual(forward)
        expect(dueBetween(timing, at(from), at(to), 2)).toEqual(forward.slice(-2))
      }
    }
  })

  it('has its end and not its beginning', () => {
    const due = at('2026-05-02T04:00:00Z')
    expect(dueBetween(PARIS('0 6 2 * *'), due - 1, due, 5)).toEqual([due])
    expect(dueBetween(PARIS('0 6 2 * *'), due, due + 1, 5)).toEqual([])
    expect(dueBetween({ everyMs: 1000 }, 5000, 7000, 5)).toEqual([6000, 7000])
    expect(dueBetween({ everyMs: 1000 }, 5000, 4000, 5)).toEqual([])
  })
})

describe('a rule', () => {
  it.each(['* * *', '61 * * * *', '* * * * * *', 'a b c d e', '0 0 30 2 *', ''])('that is none is said: %s', (cron) => {
    expect(faultOfCron(cron, 'UTC')).toMatch(/\w/)
  })
  it.each(['0 6 2 * *', '0 0 29 2 *', '0 0 L * *', '0 9 * * MON-FRI'])('that is one has no fault: %s', (cron) => {
    expect(faultOfCron(cron, 'Europe/Paris')).toBeUndefined()
  })
})
