import { expect, test } from 'vitest'
import { type Looked, problemsOf } from '../../src/overview/problems.ts'

const NOW = '2026-11-27T12:00:00.000000Z'
const well: Looked = {
  sources: [
    {
      name: 'users',
      kind: 'snapshot',
      newest: {} as never,
    },
  ],
  views: [{ name: 'usage', source: 'users', state: 'fresh', validAt: NOW, materializedAt: NOW, rows: 3, ttlMs: null }],
  models: [
    {
      name: 'churn',
      views: ['usage'],
      live: { version: '3', runId: 'r' },
      problem: null,
      perSecond: 10,
      refusedPerSecond: 0,
      p99Ms: 3,
    },
  ],
  runs: [],
  delivery: undefined,
  requests: [],
  alerts: [],
  apart: [],
  away: [],
  nowMs: Date.parse(NOW),
}
const run = (more: object) => ({
  ...{ id: 'r1', flow: 'train_baseline', state: 'failed' as const, error: { code: null, message: 'no rows' } },
  ...{ submittedAt: '2026-11-27T11:00:00.000000Z', startedAt: null, finishedAt: '2026-11-27T11:30:00.000000Z' },
  ...more,
})
const codes = (more: Partial<Looked>) =>
  problemsOf({ ...well, ...more }).map(({ severity, code }) => `${severity} ${code}`)

test('an empty list means that predictions are answered with fresh features', () => {
  expect(problemsOf(well)).toEqual([])
})

test('each problem says what to do, and the worst stand first', () => {
  const [model] = well.models
  const [view] = well.views
  const all = problemsOf({
    ...well,
    sources: [{ name: 'users', kind: 'snapshot', newest: null }],
    views: [
      { ...view!, state: 'empty' },
      { ...view!, name: 'b', state: 'stale' },
      { ...view!, name: 'c', state: 'not_materialized' },
    ],
    models: [
      { ...model!, live: null },
      { ...model!, name: 'd', problem: 'its file is damaged' },
      { ...model!, refusedPerSecond: 5 },
    ],
    runs: [run({}), run({ id: 'r2', flow: 'materialize', state: 'waiting', finishedAt: null })],
    delivery: { id: 4, state: 'refused', findings: [] } as never,
    requests: [{ id: 7, name: 'churn', version: 4, target: 'Production', askedBy: 'ada', expiresAt: NOW } as never],
    alerts: [
      {
        rule: 'drifts',
        severity: 'warn',
        says: 'drift.share is 0.5',
        next: 'Look at the report.',
        acknowledgedAt: null,
      },
      { rule: 'known', severity: 'critical', says: 'slow', next: 'Look.', acknowledgedAt: NOW },
    ] as never,
    apart: [{ model: 'churn', host: 'b', pid: 9, version: null, here: '3' }],
    away: [
      { needed: true, says: 'the database does not answer' },
      { needed: false, says: 'the object store does not answer' },
    ],
  })
  expect(all.map(({ severity }) => severity)).toEqual([...all.map(({ severity }) => severity)].sort())
  expect(new Set(all.map(({ code }) => code)).size).toBe(all.length)
  expect(all.every((problem) => problem.do.length > 10 && problem.what.length > 10)).toBe(true)
})

test('a view that nothing live reads is no emergency', () => {
  const stale = { ...well.views[0]!, state: 'stale' as const }
  expect(codes({ views: [stale] })).toEqual(['bad view_stale'])
  expect(codes({ views: [{ ...stale, name: 'unread' }] })).toEqual(['warn view_stale'])
})

test('what went well since is mended, and what failed long ago is history', () => {
  expect(codes({ runs: [run({})] })).toEqual(['warn flow_failed'])
  expect(codes({ runs: [run({ id: 'r2', state: 'succeeded', error: null }), run({})] })).toEqual([])
  expect(codes({ runs: [run({ id: 'r2', state: 'running', finishedAt: null }), run({})] })).toEqual([
    'warn flow_failed',
  ])
  expect(codes({ runs: [run({ finishedAt: '2026-11-01T00:00:00.000000Z' })] })).toEqual([])
})

test('a run that nobody takes up says that no worker lives, and one that has just been asked for does not', () => {
  expect(codes({ runs: [run({ state: 'waiting', finishedAt: null })] })).toEqual(['bad flow_waits'])
  expect(codes({ runs: [run({ state: 'waiting', finishedAt: null, submittedAt: NOW })] })).toEqual([])
})
