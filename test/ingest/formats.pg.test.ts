import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Finding } from '../../src/ingest/finding.ts'
import { snapshotColumns } from '../../src/ingest/write-snapshot.ts'
import { findingsOf, openRig, projectOf, type Rig } from './rig.ts'

const BEFORE_UNITS = '29b3b3119370'

/** Files as people write them, each taken in by the format that says how. */
let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

let days = 0
const nextDay = () => new Date(Date.UTC(2015, 0, 1 + days++)).toISOString().slice(0, 10)
const COLUMNS = { k: 'String', d: 'Date', t: 'UnixTimestamp', f: 'Float64', i: 'Int64', b: 'Bool', s: 'String' }
const sourceOf = (format: object, more: object = {}) =>
  projectOf({ c: { key: 'k', columns: COLUMNS, format, ...more } })

async function read(project: ReturnType<typeof projectOf>, files: Record<string, string | Uint8Array>) {
  const report = await rig.deliver(project, files, nextDay())
  const [source] = report.sources
  const snapshot = (await rig.lake.list()).find((s) => s.id === source?.snapshot)!
  const path = await rig.lake.path(snapshot)
  const rows = await rig.duck.rows(
    `SELECT * REPLACE (CAST(d AS VARCHAR) AS d, CAST(t AS VARCHAR) AS t, CAST(i AS VARCHAR) AS i) FROM read_parquet('${path}')`,
  )
  return { rows: rows.map((row) => Object.values(row)), findings: source?.findings ?? [] }
}

async function refused(
  project: ReturnType<typeof projectOf>,
  files: Record<string, string | Uint8Array>,
): Promise<Finding[]> {
  return (await findingsOf(rig.deliver(project, files, nextDay()))).filter((f) => f.severity === 'error')
}

const GERMAN = {
  delimiter: ';',
  decimal: ',',
  thousands: '.',
  encoding: 'windows-1252',
  dateFormat: 'dd.MM.yyyy',
  timeZone: 'Europe/Berlin',
  nulls: ['k.A.', '-'],
  booleans: { true: ['ja'], false: ['nein'] },
  skipLines: 2,
  names: { k: 'Kunden-Nr.' },
}
const GERMAN_TEXT =
  'Bericht\r\nStand: "heute\r\nKunden-Nr.;d;t;f;i;b;s\r\n007;31.01.2024;31.01.2024 10:30;1.234,5;9.007.199.254.740.993;JA;Köln €\r\n008;k.A.;01.07.2024 10:30:05;-,5;-3;nein;-\r\n'

test('a file of Germany: encoding, skipped lines, names, decimal comma, thousands, dates, zone, null words and booleans', async () => {
  const { rows, findings } = await read(sourceOf(GERMAN), { 'c.csv': iconv.encode(GERMAN_TEXT, 'windows-1252') })
  expect(findings).toEqual([])
  expect(rows).toEqual([
    ['007', '2024-01-31', '2024-01-31 09:30:00+00', 1234.5, '9007199254740993', true, 'Köln €'],
    ['008', null, '2024-07-01 08:30:05+00', -0.5, '-3', false, null],
  ])
})

test('the same bytes are read again when the format changes, and are left alone when it does not', async () => {
  const text = 'k;f\na;1.234\n'
  const project = (format: object) =>
    projectOf({ c: { key: 'k', columns: { k: 'String', f: 'Float64' }, format: { delimiter: ';', ...format } } })
  const asOf = nextDay()
  expect((await rig.deliver(project({}), { 'c.csv': text }, asOf)).sources[0]).toMatchObject({ outcome: 'accepted' })
  expect((await rig.deliver(project({}), { 'c.csv': text }, asOf)).sources[0]).toMatchObject({ same: 'bytes' })
  const other = project({ decimal: ',', thousands: '.' })
  expect((await rig.deliver(other, { 'c.csv': text }, asOf)).sources[0]).toMatchObject({
    outcome: 'corrected',
    version: 2,
  })
})

test('the marks between thousands are read as programs write them: narrow and no-break blanks, both apostrophes', async () => {
  const columns = { k: 'String', f: 'Float64' } as const
  const french = projectOf({ c: { key: 'k', columns, format: { delimiter: ';', decimal: ',', thousands: ' ' } } })
  const swiss = projectOf({ c: { key: 'k', columns, format: { thousands: "'" } } })
  const valuesOf = async (project: typeof french, text: string) => {
    const report = await rig.deliver(project, { 'c.csv': text }, nextDay())
    return (await rig.rows(report.sources[0]!.snapshot)).map((row) => row[1])
  }
  expect(await valuesOf(french, 'k;f\na;1 234,5\nb;1\u00a0234,5\nc;1\u202f234\u202f567,5\n')).toEqual([
    1234.5, 1234.5, 1234567.5,
  ])
  expect(await valuesOf(swiss, "k,f\na,1'234.5\nb,1\u2019234\u2019567.5\n")).toEqual([1234.5, 1234567.5])
})

test.each([
  ['1.234.567,5', 1234567.5],
  ['1234567,5', 1234567.5],
  ['-1.234', -1234],
  ['1,5e3', 1500],
  [',5', 0.5],
  ['1,23,4', undefined],
  ['1.23.4', undefined],
  ['12.34', undefined],
  ['1.2345', undefined],
  ['.123', undefined],
  ['1234.567', undefined],
  ['1.234,5.6', undefined],
  ['1 234', undefined],
])('with a decimal comma and points between thousands %s is %s', async (text, value) => {
  const project = projectOf({
    c: { key: 'k', columns: { k: 'String', f: 'Float64' }, format: { decimal: ',', thousands: '.' } },
  })
  const file = { 'c.csv': `k,f\na,"${text}"\n` }
  if (value === undefined) expect((await refused(project, file)).map((f) => f.rule)).toEqual(['type'])
  else {
    const report = await rig.deliver(project, file, nextDay())
    expect(await rig.rows(report.sources[0]!.snapshot)).toEqual([['a', value]])
  }
})

test.each([
  ['d.M.yyyy', '5.1.2024', '5.1.2024 7:30', undefined],
  ['d.M.yyyy', '5.1.2024', '5.1.2024 07:30', '2024-01-05 07:30:00+00'],
  ['MM/dd/yyyy hh:mm a', '01/31/2024', '01/31/2024 12:05 AM', '2024-01-31 00:05:00+00'],
  ['M/d/yyyy h:mm:ss a', '1/31/2024', '1/31/2024 3:05:09.25 pm', '2024-01-31 15:05:09.25+00'],
  ['M/d/yyyy h:mm a', '1/31/2024', '1/31/2024 13:05 pm', undefined],
  ['dd-MMM-yyyy', '31-Jan-2024', '29-feb-2024', '2024-02-29 00:00:00+00'],
  ['dd-MMM-yyyy', '31-Jan-2024', '29-feb-2023', undefined],
  ['yyyyMMdd', '20240131', '20240131T10:30:00+01:00', '2024-01-31 09:30:00+00'],
  ['yyyyMMdd HHmm', '20240131', '20240131 2430', undefined],
  ['MMMM d, yyyy', '"January 5, 2024"', '"december 31, 2024 10:30"', '2024-12-31 10:30:00+00'],
  ['MMMM d, yyyy', '"January 5, 2024"', '"Jan 31, 2024"', undefined],
  ['dd/MM/yyyy', '31/01/2024', '01/31/2024', undefined],
  ['dd.MM.yyyy', '31.01.2024', '2024-01-31', undefined],
  ['dd.MM.yyyy', '31.01.2024', '31x01x2024', undefined],
])('dates by the pattern %s: %s, and the moment %s is %s', async (dateFormat, day, moment, value) => {
  const project = projectOf({
    c: { key: 'k', columns: { k: 'String', d: 'Date', t: 'UnixTimestamp' }, format: { dateFormat } },
  })
  const file = { 'c.csv': `k,d,t\na,${day},${moment}\n` }
  if (value === undefined) {
    expect((await refused(project, file)).map((f) => [f.rule, f.column])).toEqual([['type', 't']])
    return
  }
  const report = await rig.deliver(project, file, nextDay())
  const path = await rig.lake.path((await rig.lake.list()).find((s) => s.id === report.sources[0]!.snapshot)!)
  expect(await rig.duck.rows(`SELECT CAST(t AS VARCHAR) AS t FROM read_parquet('${path}')`)).toEqual([{ t: value }])
})

test('a day may have a time of midnight where the pattern has one, and no other; of several patterns the one that fits reads', async () => {
  const columns = { k: 'String', d: 'Date' } as const
  const project = (dateFormat: string | string[]) => projectOf({ c: { key: 'k', columns, format: { dateFormat } } })
  const file = (...texts: string[]) => ({ 'c.csv': `k,d\n${texts.map((text, i) => `${i},${text}\n`).join('')}` })
  const read = async (dateFormat: string | string[], ...texts: string[]) => {
    const report = await rig.deliver(project(dateFormat), file(...texts), nextDay())
    const path = await rig.lake.path((await rig.lake.list()).find((s) => s.id === report.sources[0]!.snapshot)!)
    return (await rig.duck.rows(`SELECT CAST(d AS VARCHAR) AS d FROM read_parquet('${path}')`)).map((row) => row.d)
  }
  expect(await read('M/d/yyyy h:mm:ss a', '1/5/2024 12:00:00 AM', '1/6/2024')).toEqual(['2024-01-05', '2024-01-06'])
  const noon = await refused(project('M/d/yyyy h:mm:ss a'), file('1/5/2024 12:00:00 PM'))
  expect(noon.map((f) => [f.rule, f.column])).toEqual([['type', 'd']])
  expect(await read(['dd.MM.yyyy', 'yyyy-MM-dd'], '05.01.2024', '2024-01-06')).toEqual(['2024-01-05', '2024-01-06'])
})

test('units beside numbers and the lakhs of India; what is no such number is refused', async () => {
  const format = { units: ['€', 'EUR', 'R$', '%'], thousands: ',' }
  const project = projectOf({ c: { key: 'k', columns: { k: 'String', f: 'Float64' }, format } })
  const file = (texts: string[]) => ({ 'c.csv': `k,f\n${texts.map((text, i) => `${i},"${text}"\n`).join('')}` })
  const good = ['€5', '€ 5.5', '-5 €', '-€5', '€-5', '1,234 EUR', 'R$\u00a012,34,567.5', '12%', '7', '1,00,000']
  const report = await rig.deliver(project, file(good), nextDay())
  expect((await rig.rows(report.sources[0]!.snapshot)).map((row) => row[1])).toEqual([
    5, 5.5, -5, -5, -5, 1234, 1234567.5, 12, 7, 100000,
  ])
  const bad = ['€', '5 kg', '€5 EUR', '5 € 6', '-€-5', '--5', '1,23,45', '1,2,345', 'EUROPE5', '5R']
  expect((await refused(project, file(bad))).reduce((sum, f) => sum + f.count, 0)).toBe(bad.length)
})

test('a field of formats that came later makes no other format of those that were there', () => {
  const source = (format: object) =>
    projectOf({ c: { key: 'k', columns: { k: 'String' }, format: { delimiter: ';', ...format } } }).sources[0]!
  // As the version before wrote it.
  expect(snapshotColumns(source({}))).toMatchObject([{ format: BEFORE_UNITS }])
  expect(snapshotColumns(source({ units: ['€'] }))).not.toMatchObject([{ format: BEFORE_UNITS }])
})

test('utf-16 of both orders, latin1 and other encodings; what is no text in one is refused with its line', async () => {
  const text = 'k,s\na,Köln 😀\n'
  const project = (encoding: string) =>
    projectOf({ c: { key: 'k', columns: { k: 'String', s: 'String' }, format: { encoding } } })
  for (const encoding of ['utf-16le', 'utf-16be']) {
    // Above the chunk of 1 MB, so that a pair of surrogates stands on its border.
    const long = `k,s\n${Array.from({ length: 60_000 }, (_, i) => `${i},${'x'.repeat(i % 3)}😀😀\n`).join('')}`
    for (const addBOM of [true, false]) {
      const report = await rig.deliver(
        project(encoding),
        { 'c.csv': iconv.encode(long, encoding, { addBOM }) },
        nextDay(),
      )
      expect(report.sources[0]?.rows).toBe(60_000)
    }
    const odd = Buffer.concat([iconv.encode(text, encoding), Buffer.from([0x41])])
    expect((await refused(project(encoding), { 'c.csv': odd }))[0]?.message).toContain(
      '1 place where the bytes are no text in',
    )
  }
  const latin = await rig.deliver(project('latin1'), { 'c.csv': Buffer.from('k,s\na,Köln\n', 'latin1') }, nextDay())
  expect(await rig.rows(latin.sources[0]!.snapshot)).toEqual([['a', 'Köln']])
  const [found] = await refused(project('windows-1252'), {
    'c.csv': Buffer.from([...Buffer.from('k,s\na,b\nc,'), 0x81, 0x0a]),
  })
  expect(found).toMatchObject({ rule: 'encoding', examples: [{ line: 3 }] })
  const [utf8] = await refused(project('windows-1252'), { 'c.csv': text })
  expect(utf8?.message).toContain("the format says windows-1252, and the whole file is UTF-8: 'ö' would become 'Ã¶'")
  const [marked] = await refused(project('windows-1252'), { 'c.csv': `\ufeff${text}` })
  expect(marked?.message).toContain('the file is UTF-8; leave encoding')
})

test('a file without a header has the declared columns in their order, or is refused', async () => {
  const project = projectOf({ c: { key: 'k', columns: { k: 'String', f: 'Float64' }, format: { header: false } } })
  const report = await rig.deliver(project, { 'c.csv': 'a,1\nb,2\n' }, nextDay())
  expect(await rig.rows(report.sources[0]!.snapshot)).toEqual([
    ['a', 1],
    ['b', 2],
  ])
  const [found] = await refused(project, { 'c.csv': 'a,1\nb,x\n' })
  expect(found?.examples).toEqual([{ line: 2, key: 'b', value: 'x' }])
  const [wide] = await refused(project, { 'c.csv': 'a,1,2\n' })
  expect(wide?.message).toContain(
    'the first line has 3 fields, and the project 2 columns; without a header they must be the same',
  )
})

test('blanks around names and values are left out with trim, also those that nobody sees', async () => {
  const project = projectOf({ c: { key: 'k', columns: { k: 'String', f: 'Float64' }, format: { trim: true } } })
  const report = await rig.deliver(project, { 'c.csv': 'k , f\n a\u00a0, 1.5 \n' }, nextDay())
  expect(await rig.rows(report.sources[0]!.snapshot)).toEqual([['a', 1.5]])
  expect(report.sources[0]?.findings).toEqual([])
})

test('quotes of another kind, or none, and lines that are skipped keep the numbers of lines', async () => {
  const columns = { k: 'String', f: 'Float64' }
  const single = projectOf({ c: { key: 'k', columns, format: { quote: "'", delimiter: '|', skipLines: 1 } } })
  const [found] = await refused(single, { 'c.csv': "a report, 'with\nk|f\n'a\n|''b'|1\nc|x\n" })
  expect(found?.examples).toEqual([{ line: 5, key: 'c', value: 'x' }])
  const none = projectOf({ c: { key: 'k', columns, format: { quote: null } } })
  const report = await rig.deliver(none, { 'c.csv': 'k,f\n"a,1\n' }, nextDay())
  expect(await rig.rows(report.sources[0]!.snapshot)).toEqual([['"a', 1]])
})

test('null words count in every column, and only where the source says so', async () => {
  const columns = { k: 'String', f: 'Float64', s: 'String' }
  const text = 'k,f,s\na,NA,NA\nb,"",""\n'
  const project = projectOf({ c: { key: 'k', columns, format: { nulls: ['NA', ''] } } })
  const report = await rig.deliver(project, { 'c.csv': text }, nextDay())
  expect(await rig.rows(report.sources[0]!.snapshot)).toEqual([
    ['a', null, null],
    ['b', null, null],
  ])
  const kept = await rig.deliver(projectOf({ c: { key: 'k', columns } }), { 'c.csv': 'k,f,s\na,,NA\n' }, nextDay())
  expect(kept.sources[0]?.findings.map((f) => f.rule)).toEqual(['missing_words'])
  const [key] = await refused(project, { 'c.csv': 'k,f,s\nNA,1,x\n' })
  expect(key?.message).toContain("column 'k': 1 row without a value, and it is part of the key")
})

test('gzip and zstd are unpacked as they are read; what is cut off, misnamed or a bomb is refused', async () => {
  const project = projectOf({ c: { key: 'k', columns: { k: 'String', f: 'Float64' } } })
  const text = `k,f\n${Array.from({ length: 200_000 }, (_, i) => `${i},${i / 8}\n`).join('')}`
  const packed = gzipSync(text)
  const both = Buffer.concat([gzipSync('k,f\n'), gzipSync('a,1\n')])
  expect((await rig.deliver(project, { 'c.csv.gz': packed }, nextDay())).sources[0]?.rows).toBe(200_000)
  expect((await rig.deliver(project, { 'c.csv.gz': both }, nextDay())).sources[0]?.rows).toBe(1)
  expect((await rig.deliver(project, { 'c.csv.zst': Buffer.from(ZSTD, 'base64') }, nextDay())).sources[0]?.rows).toBe(3)
  const cut = await refused(project, { 'c.csv.gz': packed.subarray(0, packed.length - 100) })
  expect(cut[0]?.message).toMatch(
    /^c\.csv\.gz: it cannot be unpacked as gzip \(unexpected end of file\): it was cut off or damaged; deliver it again$/,
  )
  const torn = await refused(project, { 'c.csv.zst': Buffer.from(ZSTD, 'base64').subarray(0, 20) })
  expect(torn[0]?.message).toContain('it cannot be unpacked as zstd')
  const misnamed = await refused(project, { 'c.csv.gz': 'k,f\na,1\n' })
  expect(misnamed[0]?.message).toContain('the file is not compressed by gzip; name it without .gz')
  const bomb = await refused(project, { 'c.csv.gz': gzipSync(Buffer.alloc(300_000_000, 'a')) })
  expect(bomb[0]?.message).toContain('it unpacks to more than 200 times its size, which no table does')
})

test('two candidates for a source are refused by both names; a pattern finds the one', async () => {
  const project = projectOf({ c: { key: 'k', columns: { k: 'String' } } })
  const [found] = await refused(project, { 'c.csv': 'k\na\n', 'c.csv.gz': gzipSync('k\na\n') })
  expect(found?.message).toBe(
    "c.csv: there are 'c.csv' and 'c.csv.gz': which one is meant is not guessed; take the other away, or name the one in the source: file: 'c.csv'",
  )
  const pattern = projectOf({ c: { key: 'k', columns: { k: 'String' }, file: 'c_*.csv' } })
  expect((await rig.deliver(pattern, { 'c_2024-01.csv': 'k\na\n' }, nextDay())).sources[0]?.rows).toBe(1)
  const [two] = await refused(pattern, { 'c_1.csv': 'k\na\n', 'c_2.csv': 'k\na\n' })
  expect(two?.message).toContain("there are 'c_1.csv' and 'c_2.csv'")
})

test('the parts of a folder are one table in the order of their names, wholly or not at all', async () => {
  const project = projectOf({ c: { key: 'k', columns: { k: 'Int64', f: 'Float64' }, file: 'c/*.csv' } })
  const part = (from: number, rows: number) =>
    `f,k\n${Array.from({ length: rows }, (_, i) => `${i},${from + i}\n`).join('')}`
  const files = { 'c/b.csv': part(70_000, 3), 'c/a.csv': part(0, 70_000), 'c/_SUCCESS': '', 'c/notes.txt': 'hi' }
  const asOf = nextDay()
  const report = await rig.deliver(project, files, asOf)
  expect(report.sources[0]).toMatchObject({ rows: 70_003, outcome: 'accepted' })
  expect(report.sources[0]?.findings.map((f) => f.message)).toEqual([
    "c/: 1 file that is no part; not read ('notes.txt')",
  ])
  expect((await rig.deliver(project, files, asOf)).sources[0]).toMatchObject({ same: 'bytes' })
  // The names say in which order the parts are read, and are part of what was delivered.
  const { 'c/b.csv': second, ...others } = files
  const renamed = (await rig.deliver(project, { ...others, 'c/z.csv': second }, asOf)).sources[0]
  expect(renamed).toMatchObject({ outcome: 'unchanged', same: 'content' })
  const [bad] = await refused(project, { ...files, 'c/b.csv': 'k,f\n70000,1\n70001,x\n' })
  expect(bad?.message).toContain("(c/b.csv, line 3, key 70001, 'x')")
  const [twice] = await refused(project, { ...files, 'c/b.csv': 'k,f\n7,1\n' })
  expect(twice?.message).toContain("1 row with a key that an earlier row has (c/b.csv, line 2, '7')")
  const [lacking] = await refused(project, { ...files, 'c/b.csv': 'k\n70000\n' })
  expect(lacking?.message).toBe(
    "c/b.csv, column 'f': the column is missing here, and is in 'c/a.csv'; all parts have the same columns",
  )
  const found = projectOf({ c: { key: 'k', columns: { k: 'Int64', f: 'Float64' } } })
  const [kinds] = await refused(found, { 'c/a.csv': part(0, 1), 'c/b.parquet': 'PAR1' })
  expect(kinds?.message).toContain(
    "the parts are of two kinds: 'c/a.csv' and 'c/b.parquet'; write one kind, or name it: file: 'c/*.csv'",
  )
  const [none] = await refused(found, { 'c/x.md': '' })
  expect(none?.message).toContain('c/: the folder has no part; deliver it with its files')
})

test('parts of Parquet are one table too, each read by its own types', async () => {
  const project = projectOf({ c: { key: 'k', columns: { k: 'Int64', s: 'String' }, format: { nulls: ['NA'] } } })
  const make = (sql: string) =>
    rig.lake.withScratch(async (scratch) => {
      await rig.duck.run(`COPY (${sql}) TO '${scratch}/made.parquet' (FORMAT parquet)`)
      return readFile(`${scratch}/made.parquet`)
    })
  const a = await make("SELECT 1::INTEGER AS k, 'NA' AS s")
  const b = await make("SELECT 2.0::DOUBLE AS k, 'x' AS s")
  const report = await rig.deliver(project, { 'c/a.parquet': a, 'c/b.parquet': b }, nextDay())
  expect(await rig.rows(report.sources[0]!.snapshot)).toEqual([
    [1, null],
    [2, 'x'],
  ])
  const c = await make("SELECT 3.5::DOUBLE AS k, 'x' AS s")
  const [found] = await refused(project, { 'c/a.parquet': a, 'c/c.parquet': c })
  expect(found?.message).toContain("(c/c.parquet, row 1, '3.5')")
})

/** `k,f\na,1\nb,2\nc,3\n` by the zstd program. */
const ZSTD = 'KLUv/QRYgQAAayxmCmEsMQpiLDIKYywzCtOHQ+E='
