import { expect, test } from 'vitest'
import { axisColumns, groupsOf } from '../../console/pages/compare/columns.ts'

const row = (key: string, ...values: (string | number | null)[]) => ({ key, same: false, values })

test('a param is an axis of numbers where all of it are numbers, else of words in their order', () => {
  const [depth, kind, empty, loss] = axisColumns({
    params: [row('depth', '3', null, '1e2'), row('kind', 'b', 'a', null), row('empty', '', '1', null)],
    metrics: [row('loss', 0.5, 'NaN', 1)],
  })
  expect(depth).toEqual({ id: 'params.depth', name: 'depth', values: [3, null, 100] })
  expect(kind).toMatchObject({ words: ['a', 'b'], values: [1, 0, null] })
  expect(empty?.words).toEqual(['', '1'])
  expect(loss?.values).toEqual([0.5, null, 1])
  expect(groupsOf(kind!, depth!)).toEqual([{ name: 'b', values: [3] }])
})
