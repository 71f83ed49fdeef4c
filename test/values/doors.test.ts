import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { plainInDuck } from '../../src/features/define/value-types.ts'
import { readJsonValue } from '../../src/values/json.ts'
import { isNoValue, readAs, readText, valueText } from '../../src/values/text.ts'
import { VALUE_TYPES, type Value, type ValueType } from '../../src/values/values.ts'
import { type Door, openDoors } from './doors.ts'

let doors: Awaited<ReturnType<typeof openDoors>>
beforeAll(async () => {
  doors = await openDoors()
})
afterAll(() => doors.close())

const FLOAT32_TENTH = String(Math.fround(0.1))

/** A value as it is given, and what it is read as; undefined where every door refuses it. */
type Case = [given: string, read: string | undefined]

const TEXTS: Record<ValueType, Case[]> = {
  String: [
    ['00017', '00017'],
    ['NA', 'NA'],
    ['ä 😀 "x", y', 'ä 😀 "x", y'],
  ],
  Int32: [
    ['-2147483648', '-2147483648'],
    ['2147483648', undefined],
  ],
  Int64: [
    ['9007199254740993', '9007199254740993'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775808', undefined],
    ['007', '7'],
    ['3.0', '3'],
    ['12.7', undefined],
    ['1_2', undefined],
    ['1.3e1', undefined],
    [' 3', undefined],
    ['', undefined],
  ],
  Float32: [
    ['0.1', FLOAT32_TENTH],
    ['1e39', undefined],
  ],
  Float64: [
    ['-1.5e-3', '-0.0015'],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['1e400', undefined],
    ['1,5', undefined],
  ],
  Bool: [
    ['TRUE', 'true'],
    ['False', 'false'],
    ['1', undefined],
    ['yes', undefined],
  ],
  Date: [
    ['0001-01-01', '0001-01-01'],
    ['9999-12-31', '9999-12-31'],
    ['0000-12-31', undefined],
    ['10000-01-01', undefined],
    ['2023-02-29', undefined],
    ['01/11/2024', undefined],
    ['infinity', undefined],
  ],
  UnixTimestamp: [
    ['2024-01-31', '2024-01-31T00:00:00.000000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000000Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
    ['2024-01-31T12:00:00.123456000Z', '2024-01-31T12:00:00.123456Z'],
    ['2024-01-31 12:00:00+14:00', '2024-01-30T22:00:00.000000Z'],
    ['2024-01-31T12:00:00-1400', '2024-02-01T02:00:00.000000Z'],
    ['2024-01-31T12:00:00.1234567Z', undefined],
    ['2024-01-31T12:00:00+14:01', undefined],
    ['2024-01-31T24:00:00Z', undefined],
    ['2024-06-30T23:59:60Z', undefined],
    ['0001-01-01T00:00:00+01:00', undefined],
    ['9999-12-31T23:59:59-01:00', undefined],
    ['01/11/2024', undefined],
    ['infinity', undefined],
    ['-infinity', undefined],
    ['1706659200', undefined],
    ['epoch', undefined],
    ['now', undefined],
  ],
}

const JSONS: Record<ValueType, Case[]> = {
  String: [
    ['17', undefined],
    ['true', undefined],
    ['"\\ud800"', undefined],
    ['"a\\u0000"', undefined],
    ['["a"]', undefined],
    ['{"a":1}', undefined],
  ],
  Int32: [
    ['3.0', '3'],
    ['2147483648', undefined],
    ['1.5', undefined],
  ],
  Int64: [
    ['9007199254740993', '9007199254740993'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['9223372036854775808', undefined],
    ['9.007199254740993e15', undefined],
    ['9007199254740993.0', undefined],
    ['true', undefined],
  ],
  Float32: [
    ['0.1', FLOAT32_TENTH],
    ['16777217', '16777216'],
    ['1e39', undefined],
  ],
  Float64: [
    ['9007199254740993', '9007199254740992'],
    ['1e400', undefined],
    ['false', undefined],
  ],
  Bool: [
    ['true', 'true'],
    ['1', undefined],
  ],
  Date: [
    ['20240131', undefined],
    ['1706659200', undefined],
  ],
  UnixTimestamp: [
    ['1706659200', '2024-01-31T00:00:00.000000Z'],
    ['-62135596800', '0001-01-01T00:00:00.000000Z'],
    ['253402300799', '9999-12-31T23:59:59.000000Z'],
    ['-62135596801', undefined],
    ['253402300800', undefined],
    ['1795600000000', undefined],
    ['1.5', undefined],
    ['9223372036854775807', undefined],
  ],
}

/** Of columns of a Parquet file; each as an expression of DuckDB. */
const PARQUET: Record<ValueType, Case[]> = {
  String: [
    ['17', undefined],
    ['17.0::DOUBLE', undefined],
    ["['a']", undefined],
    ["{'a': 1}", undefined],
    ["'a'::BLOB", undefined],
    ["DATE '2024-01-31'", undefined],
    ['true', undefined],
  ],
  Int32: [
    ['12::TINYINT', '12'],
    ['2147483648', undefined],
  ],
  Int64: [
    ['9007199254740993::BIGINT', '9007199254740993'],
    ['9223372036854775808::UBIGINT', undefined],
    ['12::DOUBLE', '12'],
    ['12.5::DOUBLE', undefined],
    ['9007199254740992::DOUBLE', undefined],
    ['16777216::FLOAT', undefined],
    ['12.00::DECIMAL(10, 2)', '12'],
    ["'NaN'::DOUBLE", undefined],
    ['true', undefined],
    ['[1]', undefined],
  ],
  Float32: [
    ['0.1::FLOAT', FLOAT32_TENTH],
    ['0.1::DOUBLE', FLOAT32_TENTH],
    ['1e39::DOUBLE', undefined],
  ],
  Float64: [
    ['0.1::FLOAT', FLOAT32_TENTH],
    ['3::BIGINT', '3'],
    ['0.30::DECIMAL(4, 2)', '0.3'],
    ["'NaN'::DOUBLE", undefined],
    ["'-inf'::FLOAT", undefined],
    ['true', undefined],
  ],
  Bool: [
    ['true', 'true'],
    ['1', undefined],
  ],
  Date: [
    ["DATE '0001-01-01'", '0001-01-01'],
    ["TIMESTAMP '2024-01-31 00:00:00'", '2024-01-31'],
    ["TIMESTAMPTZ '2024-01-31 00:00:00Z'", '2024-01-31'],
    ["TIMESTAMP '2024-01-31 00:00:01'", undefined],
    ["DATE '10000-01-01'", undefined],
    ['19753', undefined],
  ],
  UnixTimestamp: [
    ["TIMESTAMP '2024-01-31 12:00:00.123456'", '2024-01-31T12:00:00.123456Z'],
    ["TIMESTAMP_NS '2024-01-31 12:00:00.123456'", '2024-01-31T12:00:00.123456Z'],
    ["TIMESTAMP_NS '2024-01-31 12:00:00.123456789'", undefined],
    ["TIMESTAMPTZ '0001-01-01 00:00:00Z'", '0001-01-01T00:00:00.000000Z'],
    ["DATE '2024-01-31'", '2024-01-31T00:00:00.000000Z'],
    ["TIMESTAMP '10000-01-01 00:00:00'", undefined],
    ["TIMESTAMP 'infinity'", undefined],
    ['1706659200', undefined],
    ["TIME '12:00:00'", undefined],
  ],
}

describe('The same value gives the same answer by every door, or is refused by every door', () => {
  test.each(VALUE_TYPES)('%s from text', async (type) => expectAll(doors.ofText, type, TEXTS[type]))
  test.each(VALUE_TYPES)('%s from JSON', async (type) => expectAll(doors.ofJson, type, JSONS[type]))
  test.each(VALUE_TYPES)('%s from a column of a Parquet file', async (type) =>
    expectAll(doors.ofParquet, type, PARQUET[type]),
  )
})

async function expectAll(through: Record<string, Door>, type: ValueType, cases: readonly Case[]): Promise<void> {
  for (const [given, read] of cases) {
    const answers = await Promise.all(
      Object.entries(through).map(async ([name, door]) => [name, await door(type, given)]),
    )
    expect([given, Object.fromEntries(answers)]).toEqual([
      given,
      Object.fromEntries(Object.keys(through).map((name) => [name, read])),
    ])
  }
}

/** Texts that look like values of the type: digits, signs, zones, and slips in them. */
const alike: Record<ValueType, fc.Arbitrary<string>> = {
  String: fc.string({ unit: 'binary' }),
  Int32: fc.oneof(fc.integer().map(String), fc.stringMatching(/^-?\d{1,12}(\.0{0,3})?$/)),
  Int64: fc.oneof(
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
    fc.stringMatching(/^-?0{0,30}\d{1,20}\.?$/),
  ),
  Float32: fc.oneof(fc.double().map(String), fc.stringMatching(/^-?\d{0,3}\.?\d{0,20}(e[+-]?\d{1,3})?$/)),
  Float64: fc.oneof(fc.double().map(String), fc.stringMatching(/^-?\d{0,20}\.?\d{0,20}(E[+-]?\d{1,3})?$/)),
  Bool: fc.constantFrom('true', 'FALSE', 'False', 'tRuE', 't', '', '1'),
  Date: fc.stringMatching(/^[012]\d{3}-[01]\d-[0-3]\d$/),
  UnixTimestamp: fc.oneof(
    fc.stringMatching(
      /^(000[01]|20[012]\d|9999)-(0\d|1[012])-[0-3]\d([T ][012]\d:[0-5]\d:[0-5]\d(\.\d{1,7}0?)?(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?)?$/,
    ),
    fc.stringMatching(/^(0001-01-01|9999-12-31)T[012]\d:[0-5]\d:[0-5]\d[+-]0\d:[0-5]\d$/),
  ),
}

describe('Text is read alike by DuckDB and by ourselves', () => {
  test.each(VALUE_TYPES)('%s', async (type) => {
    const texts = fc.sample(alike[type], { numRuns: 3000, seed: 10 }).filter((text) => !text.includes('\0'))
    const rows = await doors.duck.rows<{ value: Value; none: boolean }>(
      `SELECT ${plainInDuck('t', type)} AS value, ${isNoValue(type, 'r', 't')} AS none
       FROM (SELECT r, ${readAs(type, 'r')} AS t FROM (SELECT unnest(CAST($1 AS JSON)::VARCHAR[]) AS r))`,
      [JSON.stringify(texts)],
    )
    const byDuck = rows.map(({ value, none }, i) => [texts[i], none || value === null ? undefined : valueText(value)])
    const byUs = texts.map((text) => {
      const value = readText(type, text)
      return [text, value === undefined || value === null ? undefined : valueText(value)]
    })
    expect(byDuck).toEqual(byUs)
    if (type !== 'String') expect(byUs.filter(([, value]) => value === undefined).length).toBeGreaterThan(0)
    expect(byUs.filter(([, value]) => value !== undefined).length).toBeGreaterThan(200)
  })
})

test('a value is read again from its own text, whatever it is', () => {
  const again = (type: ValueType, value: Value) => {
    expect(Object.is(readText(type, valueText(value as Exclude<Value, null>)), value)).toBe(true)
    expect(Object.is(readJsonValue(type, value), value)).toBe(true)
  }
  fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => again('Float32', value)))
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => again('Float64', value)))
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) =>
      again('Int64', Number.isSafeInteger(Number(value)) ? Number(value) : value),
    ),
  )
  fc.assert(fc.property(moment, (value) => again('UnixTimestamp', value)))
})

/** Every moment there is, to the microsecond. */
const moment = fc
  .tuple(
    fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
    fc.integer({ min: 0, max: 999_999 }),
  )
  .map(([date, micros]) => `${date.toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`)

test('B12: a moment of any year is itself, in every zone', () => {
  expect(parseInstant('0001-01-01')).toBe('0001-01-01T00:00:00.000000Z')
  expect(parseInstant('0099-12-31T23:59:59Z')).toBe('0099-12-31T23:59:59.000000Z')
  fc.assert(
    fc.property(moment, fc.integer({ min: -840, max: 840 }), (instant, offset) => {
      const local = new Date(Date.parse(`${instant.slice(0, 19)}Z`) + offset * 60_000)
      fc.pre(local.getUTCFullYear() >= 1 && local.getUTCFullYear() <= 9999)
      const sign = offset < 0 ? '-' : '+'
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60]
      const zone = `${sign}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
      expect(parseInstant(`${local.toISOString().slice(0, 19)}${instant.slice(19, 26)}${zone}`)).toBe(instant)
    }),
  )
})
