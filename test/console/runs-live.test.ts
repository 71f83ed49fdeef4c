import { expect, it } from 'vitest'
import { cellOf, patched } from '../../console/pages/experiments/cells.ts'

const page = {
  run_ids: ['a', 'b', 'c'],
  columns: [
    { column: 'metrics.x', values: [1, 2, 3] },
    { column: 'params.p', values: ['1', '2', null] },
  ],
  total: 3,
  next_page_token: null,
}

it('of a page the rows that changed are others, and the rest is the same', () => {
  // In another order, without a column, and with a run that is on another page.
  const fresh = { ...page, run_ids: ['c', 'z', 'a'], columns: [{ column: 'metrics.x', values: [30, 0, 10] }] }
  const next = patched(page, fresh)
  expect(next.run_ids).toBe(page.run_ids)
  expect([0, 1, 2].map((at) => cellOf({ page: next, at }, 'metrics.x'))).toEqual([10, 2, 30])
  expect(next.columns[1]).toBe(page.columns[1])
  expect(page.columns[0]!.values).toEqual([1, 2, 3])
})
