import { expect, it } from 'vitest'
import { blocksOf, withoutChance } from './page-blocks.ts'

it('finds the blocks of a page with their language, their note and their place', () => {
  const page = 'Words.\n\n```sh fails\nweir check\n```\n\n```ts weir.config.ts\nexport {}\n```\n'
  const blocks = blocksOf(page)
  expect(blocks.map(({ language, note, text }) => [language, note, text])).toEqual([
    ['sh', 'fails', 'weir check\n'],
    ['ts', 'weir.config.ts', 'export {}\n'],
  ])
  expect(blocks.map(({ from, to }) => page.slice(from, to))).toEqual(['weir check\n', 'export {}\n'])
})

it('leaves out of an output what differs from run to run, and nothing else', () => {
  const one = 'customers  1,200  1  accepted  34ac141b6d28\nknown at 2026-11-26T20:51:12.05552Z, 1.6 s'
  const other = 'customers   1,200   1  accepted   0f41b6d28aaa\n\nknown at 2031-01-01T00:00:00Z, 739 ms\n'
  expect(withoutChance(one)).toBe(withoutChance(other))
  expect(withoutChance('2024-01-31: 1,200 rows')).not.toBe(withoutChance('2024-02-29: 1,200 rows'))
  expect(withoutChance('val_auc 0.81')).not.toBe(withoutChance('val_auc 0.82'))
})
