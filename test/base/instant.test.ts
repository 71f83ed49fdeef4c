import { describe, expect, it } from 'vitest'
import { addMs, displayInstant, instantOfMs, msOfInstant, parseInstant } from '../../src/base/instant.ts'

describe('instants', () => {
  it.each([
    ['2024-01-31', '2024-01-31T00:00:00.000000Z'],
    ['2024-01-31T12:30', '2024-01-31T12:30:00.000000Z'],
    ['2024-01-31 12:30:05.123456000', '2024-01-31T12:30:05.123456Z'],
    ['2024-01-01T00:30:00+09:00', '2023-12-31T15:30:00.000000Z'],
    ['2024-01-01T00:30:00-0130', '2024-01-01T02:00:00.000000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected)
  })

  it.each(['2024-02-30', '2023-02-29', '31.01.2024', '', '2024-01-31T25:00:00', 'now'])('refuses %s', (text) => {
    expect(() => parseInstant(text, '--as-of')).toThrow(/--as-of: .* is not a date/)
  })

  it('keeps microseconds when it adds milliseconds', () => {
    expect(addMs('2024-01-31T23:59:59.999001Z', 1)).toBe('2024-02-01T00:00:00.000001Z')
  })

  it('goes to milliseconds and back', () => {
    expect(instantOfMs(msOfInstant('2024-01-31T12:30:05.123000Z'))).toBe('2024-01-31T12:30:05.123000Z')
  })

  it('shows the shortest form that loses nothing', () => {
    expect(displayInstant('2024-01-31T00:00:00.000000Z')).toBe('2024-01-31')
    expect(displayInstant('2024-01-31T12:00:00.000000Z')).toBe('2024-01-31T12:00:00Z')
    expect(displayInstant('2024-01-31T12:00:00.120000Z')).toBe('2024-01-31T12:00:00.12Z')
  })
})
