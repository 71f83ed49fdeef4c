import fc from 'fast-check'
import { expect, test } from 'vitest'
import { displayValue } from '../../src/values/display.ts'

test('a Float32 is shown by the fewest digits that name it among float32', () => {
  expect(displayValue('Float32', Math.fround(18.6))).toBe('18.6')
  expect(displayValue('Float32', Math.fround(29.85))).toBe('29.85')
  expect(displayValue('Float32', 16777216)).toBe('16777216')
  expect(displayValue('Float64', 18.600000381469727)).toBe('18.600000381469727')
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Math.fround(Number(displayValue('Float32', value))) === value).toBe(true)
    }),
  )
})

test('every other value is shown as it is', () => {
  expect([displayValue('Int64', 9007199254740993n), displayValue('Bool', null)]).toEqual(['9007199254740993', 'null'])
})
