import { expect, test } from 'vitest'
import type { CanaryRules } from '../../../src/config/canary-shape.ts'
import { addTo, type Counts, count, noCounts, quantileMs, widthOf } from '../../../src/serving/arms/counts.ts'
import { judge } from '../../../src/serving/arms/judge.ts'
import { binOf, scoreDrift } from '../../../src/serving/arms/score-drift.ts'

const RULES: CanaryRules = {
  ...{ errors: 0.02, p99Times: 2, drift: null, quality: null, leastRequests: 100, promoteAfterMs: null },
}
type Side = { rows: number; failed?: number; ms?: (i: number) => number; model?: number; score?: (i: number) => number }
function side({ rows, failed = 0, ms = () => 1, model = 0.05, score = () => 0.5 }: Side): Counts {
  const counts = noCounts()
  for (let i = 0; i < rows; i++) {
    counts.rows++
    count(counts.ms, widthOf(ms(i)))
    count(counts.modelMs, widthOf(model))
    const said = score(i)
    count(counts.scores, binOf(said) ?? 0)
    counts.sum += said
    counts.squares += said * said
  }
  return { ...counts, failed }
}
const judged = (canary: Counts, champion = side({ rows: 1_000 }), rules: Partial<CanaryRules> = {}, sinceMs = 0) =>
  judge({
    windows: [{ says: 'since it began', canary, champion }],
    quality: null,
    rules: { ...RULES, ...rules },
    sinceMs,
  })

test('a canary that fails for 5 % of its keys is rolled back, with the numbers', () => {
  expect(judged(side({ rows: 190, failed: 10 }))).toEqual({
    verdict: 'roll_back',
    rule: 'errors',
    says: "it failed for 10 of 200 keys since it began, 5 % (2 % more than the champion's 0 % is the most)",
  })
})

test('before the least number of keys no rule judges', () => {
  expect(judged(side({ rows: 49, failed: 50 })).verdict).toBe('goes_on')
  expect(judged(side({ rows: 50, failed: 50 })).verdict).toBe('roll_back')
})

test('what fails as often as the champion goes on', () => {
  const both = side({ rows: 950, failed: 50 })
  expect(judged(both, both).verdict).toBe('goes_on')
})

test('a canary that doubles p99 is rolled back; a few slow answers of a hundred are chance', () => {
  const slow = (every: number, ms: number) => side({ rows: 200, ms: (i) => (i % every === 0 ? ms : 1) })
  expect(judged(slow(10, 3))).toMatchObject({ verdict: 'roll_back', rule: 'p99' })
  expect(judged(slow(100, 30)).verdict).toBe('goes_on')
  expect(judged(slow(10, 1.5)).verdict).toBe('goes_on')
})

test('a canary that holds up the process is seen by the time of its model, where all callers wait alike', () => {
  const waiting = { rows: 500, ms: () => 80 }
  const before = { beforeMs: 2 }
  const canary = { ...side({ ...waiting, model: 20 }), ...before }
  expect(judged(canary, side(waiting))).toMatchObject({ verdict: 'roll_back', rule: 'p99' })
  // Twice of nearly nothing is nothing that a caller waits for.
  expect(judged({ ...side({ ...waiting, model: 0.2 }), ...before }, side(waiting)).verdict).toBe('goes_on')
})

test('scores that are distributed otherwise are drift, and what chance brings is not', () => {
  const spread = (shift: number) => (i: number) => (((i * 7919) % 1000) / 1000) ** (1 + shift)
  const [champion, same, other] = [0, 0, 2].map((shift) => side({ rows: 2_000, score: spread(shift) })) as [
    Counts,
    Counts,
    Counts,
  ]
  expect(judged(same, champion, { drift: 0.1 }).verdict).toBe('goes_on')
  expect(judged(other, champion, { drift: 0.1 })).toMatchObject({ verdict: 'roll_back', rule: 'drift' })
  const few = scoreDrift(side({ rows: 100, score: spread(0) }), side({ rows: 100, score: spread(0.2) }))
  expect(few.value - few.noise).toBeLessThan(0.1)
})

test('live quality that is worse rolls back, once labels came', () => {
  const rules = { ...RULES, quality: { metric: 'auc' as const, worseBy: 0.02 } }
  const windows = [{ says: 'since it began', canary: side({ rows: 200 }), champion: side({ rows: 200 }) }]
  const of = (canary: number) =>
    judge({ windows, rules, sinceMs: 0, quality: { metric: 'auc', canary, champion: 0.8, better: 'more' } }).verdict
  expect([of(0.79), of(0.7)]).toEqual(['goes_on', 'roll_back'])
  expect(judge({ windows, rules, sinceMs: 0, quality: null }).verdict).toBe('goes_on')
})

test('it is promoted when no rule objected for so long, on enough keys', () => {
  const rules = { promoteAfterMs: 60_000 }
  expect(judged(side({ rows: 200 }), undefined, rules, 59_000).verdict).toBe('goes_on')
  expect(judged(side({ rows: 200 }), undefined, rules, 60_000).verdict).toBe('promote')
  expect(judged(side({ rows: 99 }), undefined, rules, 90_000).verdict).toBe('goes_on')
  expect(judged(side({ rows: 190, failed: 10 }), undefined, rules, 90_000).verdict).toBe('roll_back')
})

test('a quantile is that of all servers together, a tenth more at most', () => {
  const all = noCounts()
  for (const ms of [1, 5]) addTo(all, side({ rows: 500, ms: () => ms }))
  expect(all.rows).toBe(1_000)
  expect(quantileMs(all.ms, 0.4)).toBeGreaterThanOrEqual(1)
  expect(quantileMs(all.ms, 0.4)).toBeLessThan(1.11)
  expect(quantileMs(all.ms, 0.99)).toBeLessThan(5.51)
  expect(quantileMs({}, 0.5)).toBeNull()
})
