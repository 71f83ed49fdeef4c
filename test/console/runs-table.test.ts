import { describe, expect, it } from 'vitest'
import { layoutOf, pagesInSight } from '../../console/pages/experiments/row-layout.ts'
import {
  bestOf,
  moved,
  nextSort,
  readColumns,
  readTableSearch,
  searchOfView,
  usualColumns,
  viewStateOf,
  writeColumns,
} from '../../console/pages/experiments/table-state.ts'
import { viewState } from '../../src/wire/runs.ts'

describe('rows with others opened below them', () => {
  it('stand as a slow list of all of them does', () => {
    for (let seed = 0; seed < 200; seed++) {
      const rows = seed % 9
      const opened = Array.from({ length: seed % 4 }, (_, i) => ({
        key: `k${i}`,
        after: (seed * 7 + i * 3) % 10,
        count: (seed + i) % 5,
      }))
      const last = new Map(opened.filter((one) => one.count > 0).map((one) => [one.after, one]))
      const below = (after: number) =>
        Array.from({ length: last.get(after)?.count ?? 0 }, (_, at) => ({
          level: 1,
          key: last.get(after)!.key,
          after,
          at,
        }))
      const expected = Array.from({ length: rows }, (_, at) => at).flatMap((at) => [{ level: 0, at }, ...below(at)])
      const layout = layoutOf(rows, opened)
      expect(layout.count).toBe(expected.length)
      expect(expected.map((_, index) => layout.placeOf(index))).toEqual(expected)
    }
  })

  it('name the pages in sight once each', () => {
    const layout = layoutOf(10_000, [{ key: 'a', after: 99, count: 250 }])
    expect(pagesInSight(layout, 90, 110)).toEqual([
      { key: null, page: 0 },
      { key: 'a', page: 0 },
    ])
    expect(pagesInSight(layout, 349, 352)).toEqual([
      { key: 'a', page: 2 },
      { key: null, page: 1 },
    ])
    expect(pagesInSight(layoutOf(0, []), 0, 30)).toEqual([])
  })
})

describe('how somebody looks at the runs', () => {
  const search = {
    filter: "metrics.a > 1 and params.b = 'x~y'",
    columns: ['200~metrics.a', 'params.12~b', 'attributes.status'],
    sort: ['-metrics.a', 'params.12~b'],
    stage: 'deleted' as const,
    group: 'params.kind',
    nested: true,
    differences: true,
    transposed: true,
    view: 3,
  }

  it('comes back from the address as it went there', () => {
    expect(readTableSearch(JSON.parse(JSON.stringify(search)))).toEqual(search)
    const odd = { filter: '', columns: 'metrics.a', runs: ['no', 'a'.repeat(32)], view: 'x', stage: 'no' }
    expect(readTableSearch(odd)).toEqual({ columns: ['metrics.a'], runs: ['a'.repeat(32)] })
  })

  it('comes back from a saved view with its widths, order and all else, and the server takes it', () => {
    const state = viewStateOf(search, readColumns(search.columns))
    expect(viewState.parse(state)).toEqual(state)
    expect(state.columns).toEqual([
      { column: 'metrics.a', width: 200 },
      { column: 'params.12~b', width: 140 },
      { column: 'attributes.status', width: 110 },
    ])
    expect(searchOfView(3, state)).toEqual(search)
    expect(searchOfView(4, {})).toEqual({ view: 4 })
  })

  it('leaves out columns that are none, and those named twice', () => {
    const given = ['metrics.a', 'nonsense', '90~metrics.a', 'metrics.', '99999~x']
    expect(readColumns(given).map((c) => c.column)).toEqual(['metrics.a'])
    const columns = [
      { column: 'metrics.a', width: 140 },
      { column: 'metrics.b', width: 99.6 },
    ]
    expect(writeColumns(columns)).toEqual(['metrics.a', '100~metrics.b'])
  })

  it('begins with what most of the newest runs have', () => {
    const recent = ['params.a', 'metrics.x', 'tags.t', 'metrics.y'].map((column) => ({ column, runs: 1 }))
    expect(usualColumns(recent).slice(2)).toEqual(['metrics.x', 'metrics.y', 'params.a'])
  })

  it('sorts down, then up, then not at all', () => {
    expect(nextSort([], 'metrics.a')).toEqual(['-metrics.a'])
    expect(nextSort(['-metrics.a'], 'metrics.a')).toEqual(['metrics.a'])
    expect(nextSort(['metrics.a'], 'metrics.a')).toEqual([])
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
  })

  it.each([
    ['val/loss', 'min'],
    ['rmse', 'min'],
    ['train_mae', 'min'],
    ['auc', 'max'],
    ['accuracy', 'max'],
    ['closs', 'max'],
  ])('takes for the best of %s its %s', (metric, best) => {
    expect(bestOf(metric)).toBe(best)
  })
})
