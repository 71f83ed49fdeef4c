import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { checkSample, type Proposal } from '../../src/ingest/sample.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { scratchName } from '../../src/lake/scratch.ts'
import { deliveryCases } from '../helpers/delivery-cases.ts'
import { makeXlsx } from '../helpers/make-xlsx.ts'
import { openRig, projectOf, type Rig } from './rig.ts'

/**
 * The files of people: each that a person would call good comes in as it is (`fits`) or with the one block that
 * `weir check --sample` proposes; each other is refused with a sentence that says what to do.
 */
type Right = { fits: number } | { block: string; rows: number } | { refused: RegExp }

const COLUMNS = {
  ...{ customer_id: 'String', signup: 'Date', last_seen: 'UnixTimestamp', spend: 'Float64', orders: 'Int64' },
  ...{ active: 'Bool', city: 'String' },
}
const names = (as: string[]) =>
  `format: { names: { ${Object.keys(COLUMNS)
    .map((name, i) => `${name}: '${as[i]}'`)
    .join(', ')} } },`

const SHARED: Record<string, Right> = {
  'csv/00-good': { fits: 3 },
  'csv/01-semicolon': { block: "format: { delimiter: ';' },", rows: 3 },
  'csv/02-semicolon-decimal-comma': { block: "format: { delimiter: ';', decimal: ',' },", rows: 3 },
  'csv/03-tab': { block: "format: { delimiter: '\\t' },", rows: 3 },
  'csv/04-decimal-comma-quoted': { refused: /'spend': 1 row .* write a decimal point and no thousands separator/ },
  'csv/05-latin1': { block: "format: { encoding: 'windows-1252' },", rows: 3 },
  'csv/06-utf16': { block: "format: { encoding: 'utf-16le' },", rows: 3 },
  'csv/07-bom': { fits: 3 },
  'csv/09-header-caps-space': {
    block: names(['Customer ID', ' Signup ', 'LAST_SEEN', 'Spend', 'Orders', 'Active', 'City']),
    rows: 3,
  },
  'csv/10-header-caps': { block: names(Object.keys(COLUMNS).map((name) => name.toUpperCase())), rows: 3 },
  'csv/11-header-spaces': { block: 'format: { trim: true },', rows: 3 },
  'csv/12-dup-column': { refused: /the header has this name more than once; give each column a name of its own/ },
  'csv/13-trailing-empty-cols': { fits: 3 },
  'csv/14-trailing-empty-cols-rows-only': { fits: 3 },
  'csv/16-na-strings': {
    block: "format: { nulls: ['-', 'N/A', 'NA', 'NULL', 'NaN', 'None', 'nan', 'null'] },",
    rows: 3,
  },
  'csv/17-na-in-city-only': { fits: 3 },
  'csv/18-mixed-types': { refused: /write digits alone, and nothing for a missing value \(line 3, key 00018, 'one'\)/ },
  'csv/19-bool-variants': {
    block: "format: { booleans: { true: ['true', 'yes', '1', 't'], false: ['false', 'no', '0', 'f'] } },",
    rows: 5,
  },
  'csv/20-gz': { fits: 3 },
  'csv/21-gz-named-csv': { refused: /compressed by gzip; name it so, with \.csv\.gz, or unpack it/ },
  'csv/22-extra-file': { fits: 3 },
  'csv/23-quote-in-the-middle': { fits: 3 },
  'csv/24-crlf': { fits: 3 },
  'csv/25-empty': { refused: /the file is empty, without even a header; deliver it again/ },
  'csv/26-header-only': { refused: /a header and no rows; deliver it whole/ },
  'csv/28-dup-key': { refused: /1 row with a key that an earlier row has \(line 5/ },
  'csv/30-blank-lines-totals': { refused: /take the row out, or declare the check total_row/ },
  'csv/31-big-int': { refused: /write digits alone/ },
  'csv/32-spaces-around': { block: 'format: { trim: true },', rows: 3 },
  'csv/33-casefile': { fits: 3 },
  'csv/34-missing-col': { refused: /deliver it, or take it out of the project/ },
  'csv/36-empty-key': { refused: /1 row without a value, and it is part of the key \(line 5\)/ },
  'csv/37-quoted-empty': { fits: 3 },
  'csv/38-sci-int': { refused: /write digits alone/ },
  'csv/40-xlsx': { fits: 3 },
  'csv/41-xlsx-as-csv': { refused: /a workbook must have a name with \.xlsx/ },
  'csv/50-one-trailing-comma': { fits: 2 },
  'csv/51-quoted-header-pandas-index': { fits: 2 },
  'csv/55-too-few-fields': { refused: /write an empty field for a missing value/ },
  'csv/56-unclosed-quote': { refused: /within quotes a quote is written twice/ },
  'csv/57-extra-filled-fields': { refused: /write quotes around a text with the delimiter in it/ },
  'parquet/p00-good': { fits: 3 },
  'parquet/p01-int-id': { refused: /write the column as text, or declare it as a number/ },
  'parquet/p02-float-id': { refused: /write the column as text, or declare it as a number/ },
  'parquet/p03-decimal': { fits: 3 },
  'parquet/p05-float-fraction': { refused: /'orders': 1 row with a value that is not a whole number of 64 bits/ },
  'parquet/p06-dates-as-text': { fits: 3 },
  'parquet/p07-timestamp-in-date': { refused: /a day with a time of it is a UnixTimestamp/ },
  'parquet/p08-bool-as-int': { block: "format: { booleans: { true: ['1'], false: ['0'] } },", rows: 3 },
  'parquet/p10-number-as-text': { refused: /a missing value is a null/ },
  'parquet/p11-extra-list': { fits: 3 },
  'parquet/p12-list-in-city': { refused: /take the parts out into columns of their own/ },
  'parquet/p13-nan-inf': { refused: /a missing value is a null/ },
  'parquet/p15-not-parquet': { refused: /write it as Parquet, or name a \.csv file/ },
  'parquet/p16-pandas-index': { fits: 3 },
}

const HEAD = 'customer_id,signup,last_seen,spend,orders,active,city\n'
const ROW = '00017,2024-01-05,2024-01-20 10:30:00,12.50,3,True,Lyon\n'
const GERMAN =
  'Auswertung\nCustomer-ID;Signup;Last seen;Spend;Orders;Active;City\n00017;31.01.2024;31.01.2024 10:30;1.234,50;3;ja;Köln\n00018;01.02.2024;02.02.2024 10:30;-,5;-4;k.A.;Oslo\n'

/** The kinds of them in small, so that they are tried where the files of people are not. */
const OWN: [name: string, file: string | Uint8Array, right: Right][] = [
  ['customers.csv', HEAD + ROW, { fits: 1 }],
  [
    'customers.txt',
    iconv.encode(GERMAN.replace(';k.A.', ';N/A'), 'windows-1252'),
    {
      block: `format: { encoding: 'windows-1252', skipLines: 1, delimiter: ';', names: { customer_id: 'Customer-ID', signup: 'Signup', last_seen: 'Last seen', spend: 'Spend', orders: 'Orders', active: 'Active', city: 'City' }, decimal: ',', thousands: '.', dateFormat: 'dd.MM.yyyy', booleans: { true: ['ja'], false: ['nein'] }, nulls: ['N/A'] },`,
      rows: 2,
    },
  ],
  [
    'customers.csv.gz',
    gzipSync(iconv.encode(HEAD + ROW, 'utf-16le', { addBOM: true })),
    { block: "format: { encoding: 'utf-16le' },", rows: 1 },
  ],
  ['customers.tsv', ROW.replaceAll(',', '\t'), { block: "format: { header: false, delimiter: '\\t' },", rows: 1 }],
  [
    'customers.csv',
    `${HEAD}1,1/31/2024,1/31/2024 3:05 PM,"1,234.50",3,Y,x\n2,2/1/2024,2/1/2024 10:30 AM,"12,345,678",4,n,x\n`,
    {
      block: "format: { thousands: ',', dateFormat: 'M/d/yyyy h:mm a', booleans: { true: ['y'], false: ['n'] } },",
      rows: 2,
    },
  ],
  [
    'customers.xlsx',
    makeXlsx({
      rows: {
        1: HEAD.trim().split(','),
        2: ['00017', { s: 1, v: '45296' }, { s: 2, v: '45296.4375' }, { v: '1' }, { v: '3' }, { v: '1' }, 'Lyon'],
      },
    }),
    { block: "format: { booleans: { true: ['1'], false: ['0'] } },", rows: 1 },
  ],
  [
    'customers.csv',
    `${HEAD}${ROW}${ROW.replace('00017', '00018').replace(',3,', ',three,')}`,
    { refused: /\(line 3, key 00018, 'three'\)/ },
  ],
]

const folder = deliveryCases()
let rig: Rig
let duck: Duck
let dir: string
beforeAll(async () => {
  rig = await openRig()
  duck = await createDuck({ threads: 2 })
  dir = await mkdtemp(join(tmpdir(), 'weir-samples-'))
})
afterAll(async () => {
  duck.close()
  await rig.close()
  await rm(dir, { recursive: true, force: true })
})

let days = 0
const nextDay = () => new Date(Date.UTC(2017, 0, 1 + days++)).toISOString().slice(0, 10)
const project = (more: object = {}) => projectOf({ customers: { key: 'customer_id', columns: COLUMNS, ...more } })
const look = (path: string) => checkSample({ duck, project: project(), now: '2026-11-26T00:00:00.000000Z' }, path)

async function holds(path: string, right: Right): Promise<void> {
  const proposal = await look(path)
  if ('refused' in right) {
    expect(proposal).toMatchObject({ fits: false, wouldFit: false })
    expect(
      proposal.findings
        .filter((f) => f.severity === 'error')
        .map((f) => f.message)
        .join('\n'),
    ).toMatch(right.refused)
    return
  }
  expect([proposal.fits, proposal.block]).toEqual('fits' in right ? [true, null] : [false, right.block])
  if ('fits' in right) {
    // Read as a delivery by delivery-cases.pg.test.ts.
    expect(proposal.rows).toBe(right.fits)
    return
  }
  // As a person would paste it.
  const pasted = new Function(`return { ${proposal.block ?? ''} }`)() as object
  const file = basename(path)
  const report = await rig.deliver(project(pasted), { [file]: await readFile(path) }, nextDay())
  expect(report.sources[0]?.rows).toBe(right.rows)
}

test.skipIf(folder === undefined)('all files of people are known here', () => {
  const there = ['csv', 'parquet'].flatMap((kind) =>
    readdirSync(join(folder ?? '', kind)).map((name) => `${kind}/${name}`),
  )
  expect(there.filter((name) => SHARED[name] === undefined)).toEqual([])
})

for (const [name, right] of Object.entries(SHARED)) {
  test.skipIf(folder === undefined)(`deliveries 8: ${name}`, async () => {
    const at = join(folder ?? '', name)
    const file = readdirSync(at).find((entry) => /^customers\./i.test(entry)) ?? ''
    await holds(join(at, file), right)
  })
}

for (const [i, [name, file, right]] of OWN.entries()) {
  test(`deliveries 8, in small: ${i} ${name}`, async () => {
    const at = await mkdtemp(join(dir, 'own-'))
    await writeFile(join(at, name), file)
    await holds(join(at, name), right)
  })
}

test('what only a person can know is said: day or month first, point or comma, a guessed encoding, another name', async () => {
  const notes = async (name: string, text: string | Buffer): Promise<Proposal> => {
    const at = await mkdtemp(join(dir, 'notes-'))
    await writeFile(join(at, name), text)
    return look(join(at, name))
  }
  const dates = await notes(
    'customers.csv',
    `${HEAD}${ROW.replace('2024-01-05', '05/06/2024').replace('2024-01-20 10:30:00', '07/08/2024')}`,
  )
  expect(dates.notes).toEqual(["dateFormat: 'MM/dd/yyyy' would read all dates too; take the one that is meant"])
  const signs = await notes('customers.csv', `${HEAD}${ROW.replace('12.50', '"1,234"')}`)
  expect(signs.notes).toEqual(["decimal: '.' would read all numbers too; take the one that is meant"])
  const letters = await notes('customers.csv', iconv.encode(HEAD + ROW.replace(/\n$/, 'ö\n'), 'windows-1252'))
  expect(letters.notes).toEqual([expect.stringContaining('the encoding is a guess: look at the letters with accents')])
  const named = await notes('Kunden.csv', HEAD + ROW)
  expect(named.notes).toEqual([
    "the file is called Kunden.csv, and the source reads customers.csv: rename it, or write in the source file: 'Kunden.csv'",
  ])
})

test('what a killed check has copied goes with the next one; what a living one has, and what others have, stays', async () => {
  const temporary = (name: string) => join(tmpdir(), `weir-${name}`)
  const mine = scratchName('sample')
  const dir = await mkdtemp(join(tmpdir(), 'weir-looked-'))
  const killed = mine.replace(`-${process.pid}-`, '-4194303-')
  const [left, living, other] = [temporary(killed), temporary(mine), temporary(`sample-of-somebody-${mine}`)]
  const spilled = temporary(killed.replace('sample', 'duckdb'))
  onTestFinished(async () => {
    for (const place of [left, living, other, spilled, dir]) await rm(place, { recursive: true, force: true })
  })
  for (const place of [left, living, other, spilled]) {
    await mkdir(place)
    await writeFile(join(place, 'customers.csv'), 'customer_id\n00017\n')
  }
  const file = join(left, 'customers.csv')
  await writeFile(join(dir, 'customers.csv'), await readFile(file))
  const project = projectOf({ customers: { key: 'customer_id', columns: { customer_id: 'String' } } })
  const proposal = await checkSample({ duck, project, now: '2024-01-31' as never }, join(dir, 'customers.csv'))
  expect(proposal.fits).toBe(true)
  const there = readdirSync(tmpdir())
  const stays = [left, spilled, living, other].map((place) => there.includes(basename(place)))
  expect(stays).toEqual([false, false, true, true])
  // And of its own nothing is left.
  const ours = mine.slice(0, mine.indexOf(`-${process.pid}-`) + `-${process.pid}-`.length)
  expect(there.filter((name) => name.startsWith(`weir-${ours}`))).toEqual([basename(living)])
})
