import { expect, test } from 'vitest'
import { remembered } from '../../src/base/remembered.ts'

test('what was asked before is not made again; beyond the most it begins anew', () => {
  const made: string[] = []
  const of = remembered((text) => {
    made.push(text)
    return text.toUpperCase()
  }, 2)
  expect(['a', 'b', 'a', 'c', 'a', 'c'].map(of)).toEqual(['A', 'B', 'A', 'C', 'A', 'C'])
  expect(made).toEqual(['a', 'b', 'c', 'a'])
})

test('a long text is not kept', () => {
  let made = 0
  const of = remembered((text) => text.length + made++)
  expect([of('x'.repeat(300)), of('x'.repeat(300))]).toEqual([300, 301])
})
