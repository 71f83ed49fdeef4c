import { expect, test } from 'vitest'
import { parseKey } from '../../src/features/define/keys.ts'
import type { ValueType } from '../../src/values/values.ts'

const TEXT = [{ name: 'user_id', type: 'String' }] as const
const NUMBER = [{ name: 'id', type: 'Int64' }] as const
const BOTH = [...TEXT, ...NUMBER]

test('a text key is taken as it is', () => {
  expect(parseKey(TEXT, '7590-VHVEG')).toEqual(['7590-VHVEG'])
  expect(parseKey(TEXT, { user_id: 'ä 😀' })).toEqual(['ä 😀'])
})

test('an integer key is a number, a bigint or digits, within its type', () => {
  expect(parseKey(NUMBER, 12)).toEqual(['12'])
  expect(parseKey(NUMBER, '-007')).toEqual(['-7'])
  expect(parseKey(NUMBER, 9223372036854775807n)).toEqual(['9223372036854775807'])
  for (const no of ['9223372036854775808', '1.5', 1.5, 1e300, 'x', '', ' 1']) {
    expect(() => parseKey(NUMBER, no), String(no)).toThrow(/must be an integer of type Int64/)
  }
})

test('a composite key needs all its parts', () => {
  expect(parseKey(BOTH, { user_id: 'a', id: 1 })).toEqual(['a', '1'])
  expect(() => parseKey(BOTH, { user_id: 'a' })).toThrow(/'id' must be an integer/)
  expect(() => parseKey(BOTH, 'a')).toThrow(/needs 'user_id', 'id'/)
})

test('what no text can be is refused', () => {
  expect(() => parseKey(TEXT, '')).toThrow(/'user_id' is empty/)
  expect(() => parseKey(TEXT, 5)).toThrow(/must be a string/)
  expect(() => parseKey(TEXT, 'a\0')).toThrow(/characters that no text may hold/)
  expect(() => parseKey(TEXT, 'x'.repeat(1_000_000))).toThrow(/longer than 1024/)
})

test('a double beyond 2^53 stands for several keys and is refused', () => {
  expect(() => parseKey(NUMBER, 2 ** 53)).toThrow(
    "'id' is beyond 2^53, where a JSON number loses digits; send it as text",
  )
})

test('B9: an Int64 key beyond 2^53 is taken as text, and as a number that kept its digits', () => {
  for (const key of ['9007199254740993', 9007199254740993n, { id: '9007199254740993' }]) {
    expect(parseKey(NUMBER, key)).toEqual(['9007199254740993'])
  }
})

test('a key of every other type is read as a value of it, so that nothing else reaches a query', () => {
  const key = (type: ValueType) => [{ name: 'k', type }]
  expect(parseKey(key('Date'), '2024-01-31')).toEqual(['2024-01-31'])
  expect(() => parseKey(key('Date'), '31.01.2024')).toThrow("'k' must be a date like 2024-01-31")
  expect(parseKey(key('UnixTimestamp'), '2024-01-31T01:00:00+01:00')).toEqual(['2024-01-31T00:00:00.000000Z'])
  expect(parseKey(key('Float32'), 0.1)).toEqual([String(Math.fround(0.1))])
  expect(parseKey(key('Bool'), { k: true })).toEqual(['true'])
  expect(() => parseKey(key('Bool'), 1)).toThrow("'k' must be True or False")
})
