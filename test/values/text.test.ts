import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { isNoValue, readAs } from '../../src/values/text.ts'
import type { ValueType } from '../../src/values/values.ts'

let duck: Duck
beforeAll(async () => {
  duck = await createDuck()
})
afterAll(() => duck.close())

/** Each text and what it is read as, `null` where it is not a value of the type. */
const CASES: [ValueType, [string, string | null][]][] = [
  [
    'Int64',
    [
      ['3', '3'],
      ['-0', '0'],
      ['007', '7'],
      ['3.0', '3'],
      ['3.', '3'],
      ['9223372036854775807', '9223372036854775807'],
    ],
  ],
  [
    'Int64',
    [
      ['9223372036854775808', null],
      ['3.5', null],
      ['1e3', null],
      ['+3', null],
      [' 3', null],
      ['', null],
      ['0x10', null],
      ['1_000', null],
      ['1,000', null],
    ],
  ],
  [
    'Int32',
    [
      ['2147483647', '2147483647'],
      ['-2147483648', '-2147483648'],
      ['2147483648', null],
    ],
  ],
  [
    'Float64',
    [
      ['.5', '0.5'],
      ['5.', '5.0'],
      ['-1.5e-3', '-0.0015'],
      ['1E5', '100000.0'],
      ['1e-400', '0.0'],
    ],
  ],
  [
    'Float64',
    [
      ['NaN', null],
      ['nan', null],
      ['inf', null],
      ['-Infinity', null],
      ['1e400', null],
      ['-1e400', null],
      ['1e', null],
      ['-', null],
      ['.', null],
      ['1 ', null],
      ['1,5', null],
    ],
  ],
  [
    'Float32',
    [
      ['0.1', '0.1'],
      ['16777217', '16777216.0'],
      ['3.4e38', '3.4e+38'],
      ['1e39', null],
      ['-1e39', null],
      ['1e400', null],
    ],
  ],
  [
    'Bool',
    [
      ['True', 'true'],
      ['FALSE', 'false'],
      ['1', null],
      ['t', null],
      ['yes', null],
      [' true', null],
    ],
  ],
  [
    'Date',
    [
      ['2024-02-29', '2024-02-29'],
      ['0001-01-01', '0001-01-01'],
      ['2023-02-29', null],
      ['2024-13-01', null],
      ['2024-2-9', null],
      ['0000-01-01', null],
      ['31.01.2024', null],
      ['2024-01-31T00:00:00Z', null],
    ],
  ],
  [
    'UnixTimestamp',
    [
      ['2024-01-31', '2024-01-31 00:00:00+00'],
      ['2024-01-31 12:00:00', '2024-01-31 12:00:00+00'],
      ['2024-01-31T12:00:00.123456Z', '2024-01-31 12:00:00.123456+00'],
      ['2024-01-31T12:00:00+0530', '2024-01-31 06:30:00+00'],
      ['2024-01-31T12:00:00-08', '2024-01-31 20:00:00+00'],
    ],
  ],
  [
    'UnixTimestamp',
    [
      ['2024-01-31T12:00', null],
      ['2024-01-31T24:00:00Z', null],
      ['2024-01-31T12:00:00+99', null],
      ['2024-01-31T12:00:60Z', null],
      ['2024-02-30T12:00:00Z', null],
      ['0000-01-01', null],
      ['1706659200', null],
    ],
  ],
  [
    'String',
    [
      ['', ''],
      [' x ', ' x '],
      ['NULL', 'NULL'],
      ['a\u0000b', null],
    ],
  ],
]

test.each(CASES)('%s is read strictly: %j', async (type, cases) => {
  const read = await Promise.all(cases.map(async ([text]) => [text, await readValue(type, text)]))
  expect(read).toEqual(cases)
})

async function readValue(type: ValueType, text: string): Promise<string | null> {
  const [row] = await duck.rows<{ value: string; none: boolean }>(
    `SELECT t::VARCHAR AS value, ${isNoValue(type, 'r', 't')} AS none FROM (SELECT r, ${readAs(type, 'r')} AS t FROM (SELECT $1::VARCHAR AS r))`,
    [text],
  )
  return row!.none ? null : row!.value
}
