import { describe, expect, test } from 'vitest'
import {
  type DeclaredType,
  type FeastErrorClass,
  feastErrorJson,
  onlineAnswerJson,
  typedJson,
} from '../../src/wire/feature-server.ts'
import type { FeatureValue } from '../../src/wire/features.ts'

/** The client takes `29` for an int64 and `29.0` for a double: what counts here is the text, not what it parses to. */
describe('a value is written by its declared type', () => {
  test.each<[DeclaredType, FeatureValue, string]>([
    ['Float32', 16, '16.0'],
    ['Float32', Math.fround(29.85), '29.850000381469727'],
    ['Float64', 0, '0.0'],
    ['Float64', -0, '-0.0'],
    ['Float64', -3, '-3.0'],
    ['Float64', 0.1, '0.1'],
    ['Float64', 1e20, '100000000000000000000.0'],
    ['Float64', 1e21, '1e+21'],
    ['Float64', 5e-324, '5e-324'],
    ['Float64', Number.NaN, 'null'],
    ['Float64', Number.POSITIVE_INFINITY, 'null'],
    ['Float32', Number.NEGATIVE_INFINITY, 'null'],
    ['Int32', -2147483648, '-2147483648'],
    ['Int64', 29, '29'],
    ['Int64', 9007199254740993n, '9007199254740993'],
    ['Int64', -9223372036854775808n, '-9223372036854775808'],
    ['Bool', true, 'true'],
    ['Bool', false, 'false'],
    ['String', '29.0', '"29.0"'],
    ['String', 'say "hi"\n\\ ü', '"say \\"hi\\"\\n\\\\ ü"'],
    ['Date', '2024-01-31', '"2024-01-31"'],
    ['UnixTimestamp', '2024-01-31T00:00:01.000000Z', '1706659201'],
    ['UnixTimestamp', '2024-01-31T00:00:01.999999Z', '1706659201'],
    ['UnixTimestamp', '1969-12-31T23:59:58.500000Z', '-2'],
  ])('%s %s is %s', (type, value, text) => {
    expect(typedJson(value, type)).toBe(text)
  })

  test.each<[DeclaredType]>([
    ['String'],
    ['Int32'],
    ['Int64'],
    ['Float32'],
    ['Float64'],
    ['Bool'],
    ['Date'],
    ['UnixTimestamp'],
  ])('a null %s is null', (type) => {
    expect(typedJson(null, type)).toBe('null')
  })
})

describe('the answer', () => {
  test('is by column, join keys first; rows and repeated keys keep their place', () => {
    const row = { values: [16, 'DSL'], statuses: ['PRESENT', 'PRESENT'] as const }
    const at = '2024-01-31T00:00:00.000000Z'
    const text = onlineAnswerJson({
      keys: [{ name: 'user_id', type: 'String', values: ['a', 'zz', 'a'] }],
      features: [
        { name: 'fee', type: 'Float32' },
        { name: 'net', type: 'String' },
      ],
      rows: [
        { ...row, eventTimestamps: [at, '2024-01-31T00:00:00.120000Z'] },
        { values: [null, null], statuses: ['NOT_FOUND', 'NOT_FOUND'], eventTimestamps: [null, null] },
        { ...row, eventTimestamps: ['2024-01-31T00:00:00.123456Z', at] },
      ],
    })
    const epoch = '"1970-01-01T00:00:00Z"'
    expect(text).toBe(
      [
        '{"metadata":{"feature_names":["user_id","fee","net"]},"results":[',
        `{"values":["a","zz","a"],"statuses":["PRESENT","PRESENT","PRESENT"],"event_timestamps":[${epoch},${epoch},${epoch}]},`,
        '{"values":[16.0,null,16.0],"statuses":["PRESENT","NOT_FOUND","PRESENT"],',
        `"event_timestamps":["2024-01-31T00:00:00Z",${epoch},"2024-01-31T00:00:00.123456Z"]},`,
        '{"values":["DSL",null,"DSL"],"statuses":["PRESENT","NOT_FOUND","PRESENT"],',
        `"event_timestamps":["2024-01-31T00:00:00.120Z",${epoch},"2024-01-31T00:00:00Z"]}]}`,
      ].join(''),
    )
  })

  test('tells a null of a known entity and a value that is too old from one that is not there', () => {
    const statuses = ['NULL_VALUE', 'OUTSIDE_MAX_AGE', 'NOT_FOUND'] as const
    const text = onlineAnswerJson({
      keys: [
        { name: 'a', type: 'Int64', values: [1, 2, 9007199254740993n] },
        { name: 'b', type: 'String', values: ['x', 'y', 'z'] },
      ],
      features: [{ name: 'v', type: 'Bool' }],
      rows: statuses.map((status) => ({ values: [null], statuses: [status], eventTimestamps: [null] })),
    })
    expect(text).toContain('"values":[1,2,9007199254740993]')
    const { metadata, results } = JSON.parse(text) as {
      metadata: { feature_names: string[] }
      results: { statuses: string[] }[]
    }
    expect(metadata.feature_names).toEqual(['a', 'b', 'v'])
    expect(results[2]).toMatchObject({ values: [null, null, null], statuses })
  })

  test('of no rows has empty columns', () => {
    const answer = onlineAnswerJson({
      keys: [{ name: 'id', type: 'String', values: [] }],
      features: [{ name: 'v', type: 'Int64' }],
      rows: [],
    })
    const empty = { values: [], statuses: [], event_timestamps: [] }
    expect(JSON.parse(answer)).toEqual({ metadata: { feature_names: ['id', 'v'] }, results: [empty, empty] })
  })
})

test.each<[FeastErrorClass]>([
  ['FeatureViewNotFoundException'],
  ['FeatureServiceNotFoundException'],
  ['PushSourceNotFoundException'],
  ['RequestDataNotFoundInEntityRowsException'],
  ['FeatureNameCollisionError'],
])('%s is JSON in a JSON string', (name) => {
  const message = 'there is no "x"\nhere'
  const once: unknown = JSON.parse(feastErrorJson(name, message))
  expect(once).toBeTypeOf('string')
  expect(JSON.parse(once as string)).toEqual({ module: 'feast.errors', class: name, message })
})

test('a number that JSON cannot write is null, and is not called present', () => {
  const rows = [Number.NaN, Number.POSITIVE_INFINITY, 1.5].map((value) => ({
    values: [value],
    statuses: ['PRESENT' as const],
    eventTimestamps: [null],
  }))
  const text = onlineAnswerJson({ keys: [], features: [{ name: 'x', type: 'Float64' }], rows })
  expect(JSON.parse(text).results[0]).toMatchObject({
    values: [null, null, 1.5],
    statuses: ['NULL_VALUE', 'NULL_VALUE', 'PRESENT'],
  })
})
