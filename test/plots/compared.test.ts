import { expect, test } from 'vitest'
import { boxesSvg, parallelSvg, quantile } from '../../src/plots/compared.ts'

const said = { title: 'T <b>', about: 'a' }

test('parallel axes: a line is open where it has no value, words stand in their order, and nothing is unescaped', () => {
  const svg = parallelSvg({
    ...said,
    axes: [{ name: 'depth' }, { name: '<script>', words: ['a', 'b&c'] }, { name: 'loss' }],
    lines: [
      { name: 'one', values: [1, 0, 0.5] },
      { name: 'two', values: [2, null, 0.25] },
    ],
  })
  expect(svg).not.toMatch(/<script>|<b>/)
  expect(svg).toContain('b&amp;c')
  const paths = [...svg.matchAll(/ d="([^"]*)"/g)].map(([, d]) => d)
  expect(paths.map((d) => d!.match(/M/g)?.length)).toEqual([1, 2])
})

test('boxes: quartiles as other tools count them, and a group without a number has its name alone', () => {
  expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile([1, 2, 3, 4], share))).toEqual([1, 1.75, 2.5, 3.25, 4])
  const svg = boxesSvg({
    ...said,
    label: 'loss',
    groups: [
      { name: 'a', values: [1, 2, 3, 4] },
      { name: 'none', values: [Number.NaN] },
    ],
  })
  expect(svg.match(/<rect class="area/g)?.length).toBe(1)
  expect(svg).toContain('>none<')
})
