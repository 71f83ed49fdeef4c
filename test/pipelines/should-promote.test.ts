import { describe, expect, it } from 'vitest'
import { shouldPromote } from '../../src/pipelines/should-promote.ts'

const DELTA = 0.01

function compared(
  measure: string,
  candidate: number,
  champion: number,
  low: number | null,
  high: number | null,
  unseen = true,
) {
  const interval = low === null || high === null ? null : { low, high }
  return {
    version: 3,
    rows: 400,
    unseen,
    differences: { [measure]: { candidate, champion, difference: candidate - champion, interval } },
  }
}

describe('a candidate takes the place of the champion', () => {
  it('as in the stack before: 0.80 against 0.78 is enough for a delta of 0.01, and 0.785 is not', () => {
    expect(shouldPromote(compared('auc', 0.8, 0.78, 0.005, 0.035), 3, DELTA).promote).toBe(true)
    expect(shouldPromote(compared('auc', 0.785, 0.78, 0.001, 0.009), 3, DELTA)).toMatchObject({
      promote: false,
      why: 'better by 0.0050, which is not more than 0.01',
    })
  })

  it('where there is none, and never where it was not measured', () => {
    expect(shouldPromote(null, null, DELTA).promote).toBe(true)
    expect(shouldPromote(null, 3, DELTA).promote).toBe(false)
    expect(shouldPromote(compared('auc', Number.NaN, 0.7, null, null), 3, DELTA).promote).toBe(false)
    expect(shouldPromote({ version: 3, reason: 'it asks for the feature x' }, 3, DELTA).why).toBe(
      'version 3 could not be compared: it asks for the feature x',
    )
  })

  it('not when the difference may be chance, whatever it is', () => {
    expect(shouldPromote(compared('auc', 0.85, 0.78, -0.02, 0.16), 3, DELTA)).toMatchObject({
      promote: false,
      why: 'better by 0.0700, but that may be chance (95 % from -0.0200)',
    })
    expect(shouldPromote(compared('auc', 0.85, 0.78, null, null), 3, DELTA).promote).toBe(false)
  })

  it('by less loss where more classes or numbers are told', () => {
    expect(shouldPromote(compared('rmse', 10, 12, -3, -1), 3, DELTA).promote).toBe(true)
    expect(shouldPromote(compared('logloss', 0.6, 0.5, 0.05, 0.15), 3, DELTA).promote).toBe(false)
    expect(shouldPromote(compared('rmse', 10, 12, -3, 0.5), 3, DELTA).promote).toBe(false)
  })

  it('and where the champion may have learned from the rows, only when it wins all the same', () => {
    expect(shouldPromote(compared('auc', 0.7, 0.97, -0.3, -0.2, false), 3, DELTA).why).toContain(
      'so this decides nothing',
    )
    expect(shouldPromote(compared('auc', 0.99, 0.9, 0.05, 0.12, false), 3, DELTA).promote).toBe(true)
  })
})
