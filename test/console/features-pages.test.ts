import { expect, test } from 'vitest'
import { freshnessOf, ttlText } from '../../console/pages/features/freshness.ts'
import { historyLines, numberOfCell } from '../../console/pages/features/history-lines.ts'
import { lineageOf } from '../../console/pages/features/lineage.ts'
import { barsOf, linesOf } from '../../console/pages/features/statistics.ts'
import type { HistoryAnswer } from '../../src/wire/entities.ts'
import type { FeatureViewAnswer, MomentsStatisticsAnswer } from '../../src/wire/features.ts'

const NOW = Date.parse('2024-02-01T00:00:00Z')
const JANUARY = '2024-01-31T00:00:00.000000Z'

test('live values are fresh up to their ttl, and without one for ever; what was never brought is none', () => {
  const view = { materialized: true, valid_at: JANUARY, ttl_seconds: 86_400 }
  expect(freshnessOf(view, NOW)).toBe('fresh')
  expect(freshnessOf(view, NOW + 1)).toBe('stale')
  expect(freshnessOf({ ...view, ttl_seconds: null }, NOW + 1e12)).toBe('fresh')
  expect(freshnessOf({ ...view, materialized: false }, NOW)).toBe('never')
  expect([45 * 86_400, 43_200, 90, null].map((s) => ttlText(s, 'no limit'))).toEqual([
    '45 d',
    '12 h',
    '90 s',
    'no limit',
  ])
})

const VIEW = {
  name: 'habits',
  source: 'customers',
  features: [
    { name: 'n', type: 'Int64', column: 'n', sql: null },
    { name: 'tier', type: 'String', column: 'tier', sql: null },
  ],
  services: [{ name: 'all', features: ['n'] }],
  on_demand_views: ['per_year'],
  models: [{ name: 'a b', service: 'all' }],
} as unknown as FeatureViewAnswer

test('the lineage of a view leads from its source to its models; every edge has both ends', () => {
  const { nodes, edges } = lineageOf(VIEW)
  expect(nodes.map((node) => `${node.kind} ${node.name}`)).toEqual([
    'source customers',
    'view habits',
    'computed per_year',
    'service all',
    'model a b',
  ])
  expect(nodes.at(-1)?.href).toBe('#/models/a%20b')
  const ids = new Set(nodes.map((node) => node.id))
  for (const { from, to } of edges) expect([ids.has(from), ids.has(to)]).toEqual([true, true])
  expect(edges).toHaveLength(4)
})

test('a feature over the months: the mean of numbers, the share of the most frequent value of texts, gaps where it was not', () => {
  const feature = { nulls: 0, nullShare: 0, distinct: 2, min: null, max: null, quantiles: null }
  const moments = [
    { rows: 4, features: [{ ...feature, name: 'n', type: 'Int64', mean: 2, top: null }] },
    {
      rows: 4,
      features: [
        { ...feature, name: 'n', type: 'Int64', mean: 3, top: null },
        {
          ...feature,
          name: 'tier',
          type: 'String',
          mean: null,
          nulls: 1,
          nullShare: 0.25,
          top: [{ value: 'gold', count: 2 }],
        },
      ],
    },
  ] as unknown as MomentsStatisticsAnswer['moments']
  const [n, tier] = linesOf(VIEW, moments)
  expect([n?.centre, tier?.centre, tier?.nullShare]).toEqual([
    [2, 3],
    [null, 2 / 3],
    [null, 0.25],
  ])
})

test('bars are of the newest month that has them, beside those of the month before, without empty ends', () => {
  const column = (histogram: unknown) => ({ name: 'n', type: 'Int64', snapshots: [], histogram }) as never
  const edges = [0, 1, 2]
  expect(barsOf(column({ kind: 'bins', edges, counts: [[0, 1, 2, 0], null, [0, 3, 4, 0]] }))).toMatchObject({
    counts: [3, 4],
    before: [1, 2],
  })
  expect(barsOf(column({ kind: 'bins', edges, counts: [[0, 3, 4, 1]] }))).toMatchObject({
    counts: [0, 3, 4, 1],
    before: undefined,
  })
  expect(barsOf(column(null))).toBeUndefined()
})

test('of several versions of a moment the newest that was not withdrawn counts', () => {
  const fact = (valid: string, version: number, value: number | null, withdrawn = false) => ({
    view: 'v',
    valid_at: valid,
    recorded_at: JANUARY,
    available_at: null,
    withdrawn_at: withdrawn ? JANUARY : null,
    snapshot: `s/${valid}/v${version}`,
    deleted: false,
    values: [value],
  })
  const answer = {
    views: [{ view: 'v', source: 's', features: [{ name: 'n', type: 'Int64' }] }],
    facts: [fact('2', 1, 5), fact('1', 3, 9, true), fact('1', 2, 2), fact('1', 1, 1)],
  } as unknown as HistoryAnswer
  const [line] = historyLines(answer)
  expect(line?.points.map(({ at, value, snapshot }) => [at, value, snapshot])).toEqual([
    ['1', 2, 's/1/v2'],
    ['2', 5, 's/2/v1'],
  ])
  expect(line?.others).toBe(2)
  expect([1, true, 'x', null].map(numberOfCell)).toEqual([1, 1, null, null])
})
