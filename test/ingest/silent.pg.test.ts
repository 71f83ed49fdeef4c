import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { findingsOf, openRig, projectOf, type Rig, usersOf } from './rig.ts'

/** What would otherwise be taken in without a word: each is refused, or a counted warning. */
let rig: Rig
let days = 0
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

/** A moment of its own for each delivery, so that none is compared with another. */
const nextDay = () => new Date(Date.UTC(2020, 0, 1 + 2 * days++)).toISOString().slice(0, 10)
const warnings = async (
  ...[project, files, sources]: [Parameters<Rig['deliver']>[0], Record<string, string>, string[]?]
) => {
  const report = await rig.deliver(project, files, nextDay(), sources)
  return [...report.findings, ...report.sources.flatMap((s) => s.findings)].filter((f) => f.rule !== 'same_as_before')
}
const faults = async (project: Parameters<Rig['refused']>[0], files: Record<string, string | Uint8Array>) =>
  (await rig.refused(project, files, nextDay())).filter((f) => f.severity === 'error')

/** A Parquet file of one select, written beside the store. */
async function parquet(select: string): Promise<Uint8Array> {
  return rig.objects.withScratch(async (scratch) => {
    const path = join(scratch, 'made.parquet')
    await rig.duck.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`)
    return (await import('node:fs/promises')).readFile(path)
  })
}

test('deliveries 3: words for a missing value in text columns are counted; declared values and severities decide', async () => {
  const words = ['NA', 'n/a', ' null ', 'None', '-', 'NaN', '#N/A', '<NA>', '(null)', 'NaT', '?', '#DIV/0!', '\\N']
  const lines = ['Nancy', 'Nadine', ...words].map((word, i) => `u${i},"${word}"\n`).join('')
  const csv = { 'users.csv': `user_id,city\n${lines}` }
  expect(await warnings(usersOf({ city: 'String' }), csv)).toMatchObject([
    { rule: 'missing_words', severity: 'warn', column: 'city', count: words.length },
  ])
  const city = { type: 'String', checks: [{ rule: 'allowed', values: ['None', 'DSL'] }] }
  expect(await warnings(usersOf({ city }), { 'users.csv': 'user_id,city\na,None\nb,DSL\n' })).toEqual([])
  const strict = usersOf({ city: 'String' }, [{ rule: 'missing_words', severity: 'error' }])
  expect((await faults(strict, csv)).map((f) => [f.rule, f.count])).toEqual([['missing_words', words.length]])
  // A key too: it would be one customer for all who have none.
  expect((await warnings(usersOf({}), { 'users.csv': 'user_id\nNA\nb\n' })).map((f) => [f.rule, f.column])).toEqual([
    ['missing_words', 'user_id'],
  ])
})

test('deliveries 4: blanks around a key are counted, also those that nobody sees', async () => {
  const found = await warnings(usersOf({}), { 'users.csv': 'user_id\n" a"\n"b "\nc\n"d\u00a0"\n"\u200be"\n"f g"\n' })
  expect(found).toMatchObject([{ rule: 'key_spaces', severity: 'warn', count: 4 }])
  expect(found[0]?.message).toContain(
    "with blanks around the key, which are kept: ' 17' and '17' are two keys (line 2, ' a'",
  )
})

test('deliveries 4, 5: in Parquet, whatever is no text is no String, and lists, structs and bytes are no value', async () => {
  const columns = [
    '17',
    '17.0::DOUBLE',
    '1.5::DECIMAL(3,1)',
    'true',
    "DATE '2024-01-01'",
    "TIMESTAMP '2024-01-01'",
    "'a'::BLOB",
    "['a']",
    "{'a': 1}",
    "map {'a': 1}",
    "TIME '10:00'",
  ]
  for (const value of columns) {
    for (const key of [true, false]) {
      const project = projectOf({ t: { file: 't.parquet', key: 'k', columns: { k: 'String', v: 'String' } } })
      const select = key ? `SELECT ${value} AS k, 'x' AS v` : `SELECT 'a' AS k, ${value} AS v`
      const found = await faults(project, { 't.parquet': await parquet(select) })
      expect(found.map((f) => [f.rule, f.column, f.count])).toEqual([['type', key ? 'k' : 'v', 1]])
      expect(found[0]?.message).toContain('and a String is read from text alone')
    }
  }
  for (const type of ['Int32', 'Int64', 'Float32', 'Float64', 'Bool', 'Date', 'UnixTimestamp']) {
    const project = projectOf({ t: { file: 't.parquet', key: 'k', columns: { k: 'String', v: type } } })
    const found = await faults(project, { 't.parquet': await parquet(`SELECT 'a' AS k, [1] AS v`) })
    expect(found.map((f) => f.message)).toEqual([expect.stringContaining('1 row of type INTEGER[]')])
  }
  // Nothing but nulls may be of any type.
  const project = projectOf({ t: { file: 't.parquet', key: 'k', columns: { k: 'String', v: 'String' } } })
  await rig.deliver(
    project,
    { 't.parquet': (await parquet(`SELECT 'a' AS k, NULL::INTEGER AS v`)) as never },
    nextDay(),
  )
})

test('deliveries 6: a row for the total is refused wherever it stands, and taken where the project says so', async () => {
  const files = (key: string) => ({ 'users.csv': `user_id,n\na,1\n"${key}",2\nb,3\n` })
  for (const key of [
    'Total',
    'TOTAL:',
    'Grand total',
    'Subtotal',
    'Sum',
    'Summe',
    'Gesamt',
    'Totaux',
    'Total général',
    'Average',
    '(2 rows)',
  ]) {
    expect((await faults(usersOf({ n: 'Int64' }), files(key))).map((f) => [f.rule, f.examples[0]?.line])).toEqual([
      ['total_row', 3],
    ])
  }
  for (const key of ['TotalEnergies', 'Sumner', 'total-42', 'Count Basie', '2 rows']) {
    expect(await warnings(usersOf({ n: 'Int64' }), files(key))).toEqual([])
  }
  const meant = usersOf({ n: 'Int64' }, [{ rule: 'total_row', severity: 'warn' }])
  expect(await warnings(meant, files('Total'))).toMatchObject([{ rule: 'total_row', severity: 'warn', count: 1 }])
})

test('deliveries 6: files that no source names are counted, and the one that was probably meant is named', async () => {
  const project = projectOf({
    users: { key: 'k', columns: { k: 'String' } },
    orders: { file: 'orders.parquet', key: 'k', columns: { k: 'String' } },
  })
  const [found] = await warnings(
    project,
    { 'users.csv': 'k\na\n', 'users (1).csv': '', 'Users.csv': '', '.DS_Store': '', 'read me.txt': '' },
    ['users'],
  )
  expect(found?.message).toBe(
    "the folder: 3 files that no source names; not read ('Users.csv, which looks like users.csv'; 'read me.txt'; 'users (1).csv, which looks like users.csv')",
  )
  for (const [there, says] of [
    [
      'orders.csv',
      "there is 'orders.csv': did you mean it? Name it as the source's file, or write in the source file: 'orders.csv'",
    ],
    ['orders.parquet.gz', "there is 'orders.parquet.gz': unpack it first"],
    ['Orders.PARQUET', "there is 'Orders.PARQUET': names must be equal to the letter"],
    ['orders_v2.parquet', "there is 'orders_v2.parquet': did you mean it?"],
    ['ordersheets.parquet', "(source 'orders'); deliver it"],
  ] as const) {
    const found = await faults(project, { 'users.csv': 'k\na\n', [there]: '' })
    expect(found.map((f) => f.message)).toEqual([expect.stringContaining(says)])
  }
})

test('deliveries 7: superseded changes are counted above every chunk; a correction that is known later is none', async () => {
  const changes = (more: object, columns: object) =>
    projectOf({
      c: {
        kind: 'changes',
        file: 'c.csv',
        key: 'k',
        eventTime: 't',
        columns: { k: 'Int64', t: 'Date', ...columns },
        ...more,
      },
    })
  const rows = Array.from({ length: 70_000 }, (_, i) => `${i % 30_000},2019-01-01,${i}\n`).join('')
  const [found, ...others] = await warnings(changes({}, { v: 'Int64' }), { 'c.csv': `k,t,v\n${rows}` })
  expect(others).toEqual([])
  expect([found?.rule, found?.count, found?.examples[0]]).toEqual([
    'superseded',
    40_000,
    { line: 2, key: null, value: '0|2019-01-01' },
  ])
  const known = changes({ availableAt: 'a' }, { a: 'Date' })
  expect(await warnings(known, { 'c.csv': 'k,t,a\n1,2019-01-01,2019-01-02\n1,2019-01-01,2019-01-03\n' })).toEqual([])
  expect(await warnings(known, { 'c.csv': 'k,t,a\n1,2019-01-01,2019-01-02\n1,2019-01-01,2019-01-02\n' })).toMatchObject(
    [{ rule: 'superseded', count: 1 }],
  )
  const declared = changes({ checks: [{ rule: 'one_row_per_key' }] }, {})
  expect((await faults(declared, { 'c.csv': 'k,t\n1,2019-01-01\n1,2019-01-01\n' })).map((f) => f.rule)).toEqual([
    'one_row_per_key',
  ])
})

test('reports F: times finer than a microsecond are refused with their rows, in CSV and in Parquet with and without a zone', async () => {
  const project = projectOf({ t: { file: 't.csv', key: 'k', columns: { k: 'String', at: 'UnixTimestamp' } } })
  const csv = await faults(project, {
    't.csv': 'k,at\na,2019-01-01T00:00:00.123456789Z\nb,2019-01-01T00:00:00.123456000Z\n',
  })
  expect(csv.map((f) => [f.rule, f.count])).toEqual([['type', 1]])
  const inParquet = projectOf({ t: { file: 't.parquet', key: 'k', columns: { k: 'String', at: 'UnixTimestamp' } } })
  const naive = await faults(inParquet, {
    't.parquet': await parquet("SELECT 'a' AS k, TIMESTAMP_NS '2019-01-01 00:00:00.123456789' AS at"),
  })
  expect(naive.map((f) => [f.rule, f.count])).toEqual([['type', 1]])
  const zoned = await faults(inParquet, { 't.parquet': Buffer.from(NANOSECONDS_WITH_ZONE, 'base64') })
  expect(zoned.map((f) => f.message)).toEqual([
    "t.parquet, column 'at': 1 row with a time finer than a microsecond, which would be cut; round it to microseconds (row 2, '1546300800123456789 ns')",
  ])
})

test('naive times are UTC, or in the zone of the source: in CSV, Parquet and rows; what the clocks skip or show twice is refused', async () => {
  const source = { key: 'k', timeZone: 'Europe/Paris', columns: { k: 'String', at: 'UnixTimestamp' } }
  const csv = { 'z.csv': 'k,at\na,2019-01-20 10:30:00\nb,2019-07-20 10:30:00\nc,2019-07-20 10:30:00Z\n' }
  const times = async (project: Parameters<Rig['deliver']>[0], files: object) => {
    const report = await rig.deliver(project, files as never, nextDay())
    const snapshot = (await rig.lake.list()).find((s) => s.id === report.sources[0]?.snapshot)
    const rows = await rig.duck.rows<{ at: string }>(
      `SELECT CAST("at" AS VARCHAR) AS "at" FROM read_parquet('${snapshot ? await rig.lake.path(snapshot) : ''}') ORDER BY k`,
    )
    return rows.map((row) => row.at)
  }
  const { timeZone: _, ...plain } = source
  expect(await times(projectOf({ z: plain }), csv)).toEqual([
    '2019-01-20 10:30:00+00',
    '2019-07-20 10:30:00+00',
    '2019-07-20 10:30:00+00',
  ])
  const paris = ['2019-01-20 09:30:00+00', '2019-07-20 08:30:00+00', '2019-07-20 10:30:00+00']
  expect(await times(projectOf({ z: source }), csv)).toEqual(paris)
  const rows = "VALUES ('a', TIMESTAMP '2019-01-20 10:30:00'), ('b', TIMESTAMP '2019-07-20 10:30:00')"
  expect(
    await times(projectOf({ z: { ...source, file: 'z.parquet' } }), {
      'z.parquet': await parquet(`SELECT * FROM (${rows}) v(k, "at")`),
    }),
  ).toEqual(paris.slice(0, 2))
  const found = await faults(projectOf({ z: source }), {
    'z.csv': 'k,at\na,2019-03-31 02:30:00\nb,2019-10-27 02:30:00\nc,2019-02-30 00:00:00\n',
  })
  expect(found.map((f) => [f.rule, f.count, f.examples.map((e) => e.line)])).toEqual([
    ['type', 1, [4]],
    ['time_zone', 2, [2, 3]],
  ])
  expect(found[1]?.message).toContain(
    'with a time that Europe/Paris has twice or not at all, as clocks change there; write it with its offset',
  )
})

test('the same file is read again when the zone of its source changes: it is a correction, not the same bytes', async () => {
  const source = { key: 'k', columns: { k: 'String', at: 'UnixTimestamp' } }
  const dir = await rig.folder({ 'again.csv': 'k,at\na,2019-01-20 10:30:00\n' })
  const deliver = (more: object) =>
    rig.ingest(projectOf({ again: { ...source, ...more } })).ingestMonth({ dir, asOf: '2019-01-31' })
  const outcomes = []
  for (const more of [{}, {}, { timeZone: 'Europe/Paris' }, { timeZone: 'Europe/Paris' }])
    outcomes.push((await deliver(more)).sources[0]?.outcome)
  expect(outcomes).toEqual(['accepted', 'unchanged', 'corrected', 'unchanged'])
})

test('a delivery that was withdrawn and comes again is a new version, and says that it was withdrawn', async () => {
  const project = projectOf({ back: { key: 'k', columns: { k: 'String' } } })
  const dir = await rig.folder({ 'back.csv': 'k\na\n' })
  const deliver = () => rig.ingest(project).ingestMonth({ dir, asOf: '2019-01-31' })
  await deliver()
  const at = { source: 'back', validAt: parseInstant('2019-01-31') }
  await rig.lake.withdraw({ ...at, actor: 'ann', reason: 'of the wrong shop', request: '1' })
  const again = await deliver()
  expect(again.sources[0]).toMatchObject({ outcome: 'corrected', version: 2, same: null })
  expect(again.sources[0]?.findings.map((f) => f.message)).toEqual([
    'back.csv: the same content as version 1, which ann withdrew: of the wrong shop; it is there again as a new version',
  ])
  expect((await deliver()).state).toBe('unchanged')
})

test('deliveries 6: a date in the future is refused', async () => {
  const dir = await rig.folder({ 'users.csv': 'user_id\na\n' })
  await expect(rig.ingest(usersOf({})).ingestMonth({ dir, asOf: '2099-01-31' })).rejects.toThrow(
    /as-of 2099-01-31 is in the future \(now it is 2024-06-01\); name a past date/,
  )
})

test('a file that is something else says what it is, and a broken Parquet file why', async () => {
  const kinds: [string, number[] | string, RegExp][] = [
    ['users.csv', [0x50, 0x41, 0x52, 0x31, 1, 2], /the file is a Parquet file; name it \.parquet/],
    [
      'users.csv',
      [0xd0, 0xcf, 0x11, 0xe0, 1],
      /an old Excel workbook \(\.xls\), or one with a password; save it as \.xlsx without a password/,
    ],
    ['users.csv', '<!DOCTYPE html><html>', /a web page; it may be the answer of a server that wanted a login/],
    ['users.csv', [0x28, 0xb5, 0x2f, 0xfd, 1], /compressed by zstd; name it so, with \.csv\.zst, or unpack it/],
  ]
  for (const [name, bytes, says] of kinds) {
    const found = await faults(usersOf({}), { [name]: typeof bytes === 'string' ? bytes : Uint8Array.from(bytes) })
    expect(found.map((f) => [f.rule, says.test(f.message)])).toEqual([['format', true]])
  }
  const project = projectOf({ t: { file: 't.parquet', key: 'k', columns: { k: 'String' } } })
  const whole = await parquet("SELECT 'a' AS k")
  const cut = await faults(project, { 't.parquet': whole.subarray(0, whole.length - 20) })
  expect(cut[0]?.message).toMatch(
    /^t\.parquet: the file ends without PAR1 after \d+ bytes: it was cut off, or is not written to its end; deliver it again$/,
  )
  const broken = Buffer.from(whole)
  broken.fill(0xff, whole.length - 60, whole.length - 8)
  const [found] = await findingsOf(rig.deliver(project, { 't.parquet': broken }, nextDay()))
  expect(found?.message).toMatch(/^t\.parquet: DuckDB cannot read it: \S/)
  expect(found?.message).not.toContain(rig.dir)
})

/** Two rows of timestamp[ns, tz=UTC], the second with 789 ns: pyarrow writes them, DuckDB does not. */
const NANOSECONDS_WITH_ZONE =
  'UEFSMRUAFSAVICwVBBUAFQYVBhwAAAACAAAABAEBAAAAYQEAAABiFQAVLBUsLBUEFQAVBhUGHAAAAAIAAAAEAQDKQpNikHUVFc1Ck2KQdRUVBBk8NQAYBnNjaGVtYRUEABUMJQIYAWslAEwcAAAAFQQlAhgCYXRsjBEcPAAAAAAAFgQZHBksJgAcFQwZJQYAGRgBaxUAFgQWRhZGJghJHBUAFQAVAgA8FgQZBhkmAAQAAAAmABwVBBklBgAZGAJhdBUAFgQWUhZSJk5JHBUAFQAVAgA8KQYZJgAEAAAAFpgBFgQmCBaYAQAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjUuMC4xGSwcAAAcAAAAxAAAAFBBUjE='
