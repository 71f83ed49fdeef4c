import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { readAs } from '../../src/values/text.ts'
import { isTimeZone, readMomentIn } from '../../src/values/time-zone.ts'

let duck: Duck
beforeAll(async () => {
  duck = await createDuck()
})
afterAll(() => duck.close())

/** What both readers say: they are compared with each other wherever they are asked. */
async function read(zone: string, texts: readonly string[]): Promise<(string | null)[]> {
  const values = texts.map((_, i) => `($${i + 1})`).join(', ')
  const rows = await duck.rows<{ t: string | null }>(
    `SELECT strftime(${readAs('UnixTimestamp', 'x', zone)} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS t FROM (VALUES ${values}) v(x)`,
    texts,
  )
  const inDuck = rows.map((row) => row.t)
  expect(texts.map((text) => readMomentIn(zone, text) ?? null)).toEqual(inDuck)
  return inDuck
}

test('a time without a zone is a local time of the source’s zone, one with a zone is read as it is', async () => {
  const texts = [
    '2024-01-20 10:30:00',
    '2024-07-20T10:30:00.123456',
    '2024-01-20',
    '2024-01-20T10:30:00Z',
    '2024-01-20 10:30:00+05:30',
  ]
  expect(await read('Europe/Paris', texts)).toEqual([
    '2024-01-20T09:30:00.000000Z',
    '2024-07-20T08:30:00.123456Z',
    '2024-01-19T23:00:00.000000Z',
    '2024-01-20T10:30:00.000000Z',
    '2024-01-20T05:00:00.000000Z',
  ])
  expect(await read('UTC', texts.slice(0, 1))).toEqual(['2024-01-20T10:30:00.000000Z'])
  expect(await read('Asia/Kathmandu', texts.slice(0, 1))).toEqual(['2024-01-20T04:45:00.000000Z'])
})

test('a local time that the clocks skip, or show twice, is none', async () => {
  // Paris skips 02:00 to 03:00 in March, and has it twice in October; Lord Howe moves by half an hour.
  expect(
    await read('Europe/Paris', [
      '2024-03-31 01:59:59',
      '2024-03-31 02:00:00',
      '2024-03-31 02:59:59.999999',
      '2024-03-31 03:00:00',
    ]),
  ).toEqual(['2024-03-31T00:59:59.000000Z', null, null, '2024-03-31T01:00:00.000000Z'])
  expect(
    await read('Europe/Paris', [
      '2024-10-27 01:59:59',
      '2024-10-27 02:00:00',
      '2024-10-27 02:59:59',
      '2024-10-27 03:00:00',
      '2024-10-27 02:30:00+01:00',
    ]),
  ).toEqual(['2024-10-26T23:59:59.000000Z', null, null, '2024-10-27T02:00:00.000000Z', '2024-10-27T01:30:00.000000Z'])
  expect(
    await read('Australia/Lord_Howe', [
      '2024-04-07 01:29:00',
      '2024-04-07 01:45:00',
      '2024-10-06 02:15:00',
      '2024-10-06 02:30:00',
    ]),
  ).toEqual(['2024-04-06T14:29:00.000000Z', null, null, '2024-10-05T15:30:00.000000Z'])
  // Samoa left out a whole day.
  expect(await read('Pacific/Apia', ['2011-12-30 12:00:00', '2011-12-31 12:00:00'])).toEqual([
    null,
    '2011-12-30T22:00:00.000000Z',
  ])
})

test('random local times of many zones: both readers agree, before 1970 too', async () => {
  const random = createPrng(7)
  const two = (n: number) => String(n).padStart(2, '0')
  for (const zone of [
    'Europe/Paris',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Tehran',
    'America/Sao_Paulo',
    'Africa/Casablanca',
  ]) {
    const texts = Array.from({ length: 1500 }, () => {
      // Not the years to come: their rules change with each release of the zones' data, which Node and DuckDB bring on their own.
      const day = `${1971 + random.int(54)}-${two(1 + random.int(12))}-${two(1 + random.int(28))}`
      return `${day} ${two(random.int(24))}:${two(random.int(60))}:${two(random.int(60))}`
    })
    expect((await read(zone, texts)).filter((t) => t !== null).length).toBeGreaterThan(1490)
  }
  await read('Europe/Paris', ['1950-06-01 12:00:00', '1969-12-31 23:59:59.5', '0000-01-01', '2024-02-30', 'x'])
})

test('names of zones are IANA names', () => {
  expect(['Europe/Paris', 'UTC', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3'].filter(isTimeZone)).toHaveLength(4)
  expect(['Paris', '+01:00', 'CET-1', '', "Europe/Paris' OR 1=1", 'Europe/Nowhere'].filter(isTimeZone)).toEqual([])
})
