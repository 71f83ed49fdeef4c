import { describe, expect, test } from 'vitest'
import { beforeOf, sourceOfFile, stabilityIndex } from '../../console/pages/data/months.ts'
import { momentText } from '../../console/ui/format.ts'

const at = (asOf: string, version: number, withdrawn: object | null = null) => ({
  id: `s/${asOf}/v${version}`,
  as_of: `${asOf}T00:00:00.000000Z`,
  version,
  withdrawn,
})

test('a moment is shown as the command line shows it', () => {
  expect(momentText('2024-01-31T00:00:00.000000Z')).toBe('2024-01-31')
  expect(momentText('2024-01-31T12:30:00.000000Z')).toBe('2024-01-31T12:30:00Z')
  expect(momentText('2024-01-31T12:30:00.120000Z')).toBe('2024-01-31T12:30:00.12Z')
})

test('a snapshot is compared with the version before it, also a withdrawn one; a first version with what counts of the month before', () => {
  const all = [
    at('2024-01-31', 1),
    at('2024-01-31', 2, {}),
    at('2024-01-31', 3),
    at('2024-02-29', 1, {}),
    at('2024-03-31', 1),
    at('2024-03-31', 2),
  ]
  expect(beforeOf(all[2]!, all)?.id).toBe('s/2024-01-31/v2')
  expect(beforeOf(all[4]!, all)?.id).toBe('s/2024-01-31/v3')
  expect(beforeOf(all[0]!, all)).toBeUndefined()
})

describe('the stability index', () => {
  test('is nothing for equal shares, whatever the number of rows', () => {
    expect(stabilityIndex([10, 20, 30], [1000, 2000, 3000])).toBeCloseTo(0, 12)
  })
  test('is beyond 0.2 for a shift, and has a value where a bin is empty', () => {
    expect(stabilityIndex([80, 20], [50, 50])).toBeGreaterThan(0.2)
    expect(stabilityIndex([0, 100], [50, 50])).toBeGreaterThan(1)
  })
  test('is not told of nothing, nor of other bins', () => {
    expect(stabilityIndex([0, 0], [1, 1])).toBeNull()
    expect(stabilityIndex([1, 1], [1, 1, 1])).toBeNull()
  })
})

test('a dropped file is of the source whose file or name it has, and of none where two could be meant', () => {
  const sources = [
    { name: 'users', file: 'users.csv' },
    { name: 'orders', file: 'Bestellungen.xlsx' },
    { name: 'table', file: null },
  ]
  expect(sourceOfFile('users.csv', sources)).toBe('users')
  expect(sourceOfFile('USERS.csv.gz', sources)).toBe('users')
  expect(sourceOfFile('bestellungen.csv', sources)).toBe('orders')
  expect(sourceOfFile('orders.parquet', sources)).toBe('orders')
  expect(sourceOfFile('users (2).csv', sources)).toBeNull()
  expect(sourceOfFile('table.csv', sources)).toBeNull()
  expect(
    sourceOfFile('a.csv', [
      { name: 'x', file: 'a.parquet' },
      { name: 'a', file: 'b.csv' },
    ]),
  ).toBeNull()
})
