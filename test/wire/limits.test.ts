import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { bounded, LIMITS, overLimit, requireWithin, shown } from '../../src/wire/limits.ts'
import { requireWellFormed } from '../../src/wire/well-formed.ts'

const DOCUMENT = fileURLToPath(new URL('../../docs/reference/limits.md', import.meta.url))

it('the table of limits is the one in docs/reference/limits.md', () => {
  const rows = readFileSync(DOCUMENT, 'utf8').matchAll(/^\| `(\w+)` \| ([\d,]+) \| (.+) \|$/gm)
  const written = [...rows].map(([, name, value, meaning]) => [name, Number(value!.replaceAll(',', '')), meaning])
  expect(written).toEqual(Object.entries(LIMITS).map(([name, { value, meaning }]) => [name, value, meaning]))
})

it('a refusal names the limit, and how many there were', () => {
  expect(() => requireWithin('orderBy', 21, "'order_by'")).toThrow(
    "'order_by' is too long: 21; at most 20 (limit orderBy)",
  )
  expect(() => requireWithin('orderBy', 20, "'order_by'")).not.toThrow()
  expect(overLimit('bodyDepth', 'x').code).toBe('invalid_argument')
})

it('a value of a caller is told in short, however large or deep it is', () => {
  let deep: unknown = 1
  for (let i = 0; i < 200_000; i++) deep = [deep]
  expect(shown(deep)).toBe('a list of 1')
  expect(shown('x'.repeat(1e6)).length).toBeLessThan(110)
  expect(shown(5)).toBe('5')
  expect(shown({ a: 1 })).toBe('an object')
  expect(bounded('é'.repeat(1e6)).length).toBeLessThan(4_010)
})

it('text that no database keeps, and what is too deep, is refused without recursion', () => {
  let deep: unknown = 'end'
  for (let i = 0; i < 200_000; i++) deep = i % 2 ? [deep] : { a: deep }
  expect(() => requireWellFormed(deep, 'the body')).toThrow(/limit bodyDepth/)
  expect(() => requireWellFormed({ a: ['\ud800'] }, 'the body')).toThrow(/lone surrogate/)
  expect(() => requireWellFormed({ '\udc00': 1 }, 'the body')).toThrow(/lone surrogate/)
  expect(() => requireWellFormed([{ a: 'x\0y' }], 'the body')).toThrow(/NUL/)
  expect(() => requireWellFormed({ a: ['😀', null, 5, true, { b: 'ü' }] }, 'the body')).not.toThrow()
})
