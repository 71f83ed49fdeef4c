import { expect, it } from 'vitest'
import { valuesOfRows } from '../../src/wire/invocations.ts'

it('a date of a row of ones own is a date, or its age in days as a DataFrame of the signature has it; a greater number is no age', () => {
  const read = (type: 'Date' | 'UnixTimestamp', k: unknown) => valuesOfRows([{ k }], [{ name: 'k', type }])[0]![0]
  expect(read('Date', '2024-01-31')).toBe('2024-01-31')
  expect(read('Date', 12.5)).toBe(12.5)
  expect(read('UnixTimestamp', -3)).toBe(-3)
  expect(read('UnixTimestamp', null)).toBeNull()
  // Seconds, as every other door reads them.
  expect(read('UnixTimestamp', 1_706_659_200)).toBe('2024-01-31T00:00:00.000000Z')
  expect(() => read('Date', 20_240_131)).toThrow(/'k' must be Date or null/)
})
