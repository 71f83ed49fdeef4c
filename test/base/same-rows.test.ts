import { expect, test } from 'vitest'
import { requireSameRows } from '../../src/base/same-rows.ts'

test('rows in = rows out: a difference is an error with both numbers, and names the border', () => {
  expect(() => requireSameRows('a → b', 3, 3)).not.toThrow()
  for (const [rowsIn, rowsOut] of [
    [100_000, 2_048],
    [1, 2],
  ] as const) {
    expect(() => requireSameRows('a → b', rowsIn, rowsOut)).toThrow(
      `a → b: ${rowsIn} rows went in and ${rowsOut} came out. Nothing of it was kept.`,
    )
  }
})
