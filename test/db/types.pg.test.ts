import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.drop())

const value = async (text: string, values: unknown[] = []) =>
  Object.values((await t.db.query<Record<string, unknown>>(`select ${text} as v`, values))[0] ?? {})[0]

test('an int8 is a number where that is exact, else a bigint, and both go in again', async () => {
  expect(await value('9007199254740991::int8')).toBe(9007199254740991)
  expect(await value('9007199254740993::int8')).toBe(9007199254740993n)
  expect(await value('$1::int8', [9007199254740993n])).toBe(9007199254740993n)
  expect(await value("'{1,null,-9007199254740993}'::int8[]")).toEqual([1, null, -9007199254740993n])
  expect(await value('count(*)')).toBe(1)
})

test('a moment is fixed-width UTC text with microseconds, in whatever zone it was written', async () => {
  expect(await value("'2024-01-31'::timestamptz")).toBe('2024-01-31T00:00:00.000000Z')
  expect(await value("'2024-01-31 12:00:00.5+05:30'::timestamptz")).toBe('2024-01-31T06:30:00.500000Z')
  expect(await value('$1::timestamptz', ['2024-02-29T23:59:59.123456Z'])).toBe('2024-02-29T23:59:59.123456Z')
  expect(await value("array['2024-01-31'::timestamptz, null]")).toEqual(['2024-01-31T00:00:00.000000Z', null])
  expect(await value("'infinity'::timestamptz")).toBe('infinity')
})

test('a moment read in another session zone is the same moment', async () => {
  const read = await t.db.tx(async (sql) => {
    await sql.query("set local time zone 'Asia/Kolkata'")
    return sql.query<{ v: string }>("select '2024-01-31 23:00:00.000001Z'::timestamptz as v")
  })
  expect(read[0]?.v).toBe('2024-01-31T23:00:00.000001Z')
})

test('a session is in UTC', async () => {
  expect(await value("current_setting('TimeZone')")).toBe('UTC')
  expect(await value("'2024-01-31 23:30:00Z'::timestamptz::date")).toBe('2024-01-31')
})

test('the rest: numeric and date are text, json is parsed, bytea is a Buffer, null is null', async () => {
  expect(await value('12.50::numeric')).toBe('12.50')
  expect(await value(`'{"a": [1, null]}'::jsonb`)).toEqual({ a: [1, null] })
  expect(await value("'\\x00ff'::bytea")).toEqual(Buffer.from([0, 255]))
  expect(await value('29.85::float4')).toBe(29.85)
  expect(await value('null::int8')).toBeNull()
})

test('another user of pg in the same process keeps its own types', async () => {
  const client = new pg.Client({ connectionString: t.url })
  await client.connect()
  const { rows } = await client.query("select 1::int8 as n, '2024-01-31'::timestamptz as at")
  await client.end()
  expect(rows).toEqual([{ n: '1', at: new Date('2024-01-31T00:00:00Z') }])
})
