import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { takeFile } from '../../src/ingest/delivery-file.ts'
import { readFile } from '../../src/ingest/read-delivery.ts'
import { checkSample } from '../../src/ingest/sample.ts'
import { createDuck, type Duck } from '../../src/lake/duck.ts'
import { makeXlsx, type XlsxCell } from '../helpers/make-xlsx.ts'
import { projectOf } from './rig.ts'

/** Files as offices write them: what `weir check --sample` proposes reads all values as they are meant; or the refusal says what to do. */
const COLUMNS = {
  ...{ customer_id: 'String', signup: 'Date', last_seen: 'UnixTimestamp', spend: 'Float64', orders: 'Int64' },
  ...{ active: 'Bool', city: 'String' },
}
const NAMES = Object.keys(COLUMNS)
const MEANT = [
  ['00017', '2024-01-05', '2024-01-20 10:30:00+00', '1234567.5', '3', 'true', 'Lyon'],
  ['00018', '2024-02-16', '2024-02-28 00:05:00+00', '7.25', '-9', 'false', 'Oslo'],
]
const NOW = '2026-11-26T00:00:00.000000Z'

type Given = {
  sep?: string
  days?: [string, string]
  moments?: [string, string]
  spend?: [string, string]
  orders?: [string, string]
  active?: [string, string]
  city?: [string, string]
  head?: string[]
  eol?: string
}

/** The two rows that are meant, each column written in its way. */
function lines(given: Given = {}): string {
  const { sep = ',', eol = '\n', head = NAMES } = given
  const { days = ['2024-01-05', '2024-02-16'], moments = ['2024-01-20 10:30:00', '2024-02-28 00:05:00'] } = given
  const { spend = ['1234567.5', '7.25'], orders = ['3', '-9'], active = ['True', 'False'] } = given
  const { city = ['Lyon', 'Oslo'] } = given
  const rows = [0, 1].map((i) =>
    [`0001${7 + i}`, days[i], moments[i], spend[i], orders[i], active[i], city[i]].join(sep),
  )
  return [head.join(sep), ...rows, ''].join(eol)
}

let duck: Duck
let dir: string
let folders = 0
beforeAll(async () => {
  duck = await createDuck({ threads: 2 })
  dir = await mkdtemp(join(tmpdir(), 'weir-people-'))
})
afterAll(async () => {
  duck.close()
  await rm(dir, { recursive: true, force: true })
})

const projectWith = (more: object) => projectOf({ customers: { key: 'customer_id', columns: COLUMNS, ...more } })

async function look(name: string, content: string | Uint8Array) {
  const folder = join(dir, `${++folders}`)
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), content)
  return { folder, proposal: await checkSample({ duck, project: projectWith({}), now: NOW }, join(folder, name)) }
}

/** As the values come in with the proposal, which is pasted as a person would. */
async function read(name: string, content: string | Uint8Array) {
  const { folder, proposal } = await look(name, content)
  const pasted = new Function(`return { ${proposal.block ?? ''} }`)() as object
  const project = projectWith({ ...pasted, file: name })
  const values = await duck.session(async (session) => {
    const file = await takeFile(folder, project.sources[0]!, join(folder, 'copy'))
    if ('rule' in file) return file.message
    const { table } = await readFile({ duck: session, project, asOf: NOW }, file, 'people')
    const columns = NAMES.map((_, i) => `CAST(t${i} AS VARCHAR) AS c${i}`)
    const rows = await session.rows(`SELECT ${columns.join(', ')} FROM ${table?.name} ORDER BY n`)
    return rows.map((row) => Object.values(row))
  })
  return { block: proposal.block, notes: proposal.notes, values, findings: proposal.findings.map((f) => f.message) }
}

describe('text, as offices write it', () => {
  const days = (format: (y: string, m: string, d: string) => string): [string, string] => [
    format('2024', '01', '05'),
    format('2024', '02', '16'),
  ]
  const one = (text: string) => String(Number(text))
  const files: [what: string, given: Given, block: string][] = [
    [
      'Excel in the United States, with its 24 hours without a leading zero',
      { days: days((y, m, d) => `${one(m)}/${one(d)}/${y}`), moments: ['1/20/2024 10:30', '2/28/2024 0:05'] },
      "format: { dateFormat: 'M/d/yyyy H:mm' },",
    ],
    [
      'Excel in Germany, a day by one digit',
      {
        sep: ';',
        spend: ['1.234.567,50', '7,25'],
        days: days((y, m, d) => `${one(d)}.${one(m)}.${y}`),
        moments: ['20.1.2024 10:30', '28.2.2024 0:05'],
        active: ['WAHR', 'FALSCH'],
      },
      "format: { delimiter: ';', decimal: ',', thousands: '.', dateFormat: 'd.M.yyyy H:mm', booleans: { true: ['wahr'], false: ['falsch'] } },",
    ],
    [
      'India: lakhs',
      {
        spend: ['"12,34,567.50"', '7.25'],
        days: days((y, m, d) => `${d}-${m}-${y}`),
        moments: ['20-01-2024 10:30', '28-02-2024 00:05'],
      },
      "format: { thousands: ',', dateFormat: 'dd-MM-yyyy' },",
    ],
    [
      'Japan, years first without zeros',
      { days: days((y, m, d) => `${y}/${one(m)}/${one(d)}`), moments: ['2024/1/20 10:30', '2024/2/28 0:05'] },
      "format: { dateFormat: 'yyyy/M/d H:mm' },",
    ],
    [
      'days in one way, moments in another',
      { days: days((y, m, d) => `${d}.${m}.${y}`) },
      "format: { dateFormat: ['dd.MM.yyyy', 'yyyy-MM-dd'] },",
    ],
    [
      'days in signs of their own and names of months',
      {
        days: days((y, m, d) => `${y}年${one(m)}月${one(d)}日`),
        moments: ['"January 20, 2024 10:30"', '"February 28, 2024 0:05"'],
      },
      "format: { dateFormat: ['yyyy年M月d日', 'MMMM d, yyyy H:mm'] },",
    ],
    [
      'days that a database writes with their midnight',
      { days: ['2024-01-05 00:00:00', '2024-02-16 00:00:00'] },
      "format: { dateFormat: 'yyyy-MM-dd H:mm:ss' },",
    ],
    [
      'a sign of money beside the numbers',
      { sep: ';', spend: ['1234567,50 €', '7,25 €'] },
      "format: { delimiter: ';', decimal: ',', units: ['€'] },",
    ],
    ['dollars in front', { spend: ['"$1,234,567.50"', '$7.25'] }, "format: { thousands: ',', units: ['$'] },"],
    ['a delimiter that few use', { sep: '~' }, "format: { delimiter: '~' },"],
    ['a delimiter that nobody sees', { sep: '\u0001' }, "format: { delimiter: '\\u0001' },"],
    [
      'single quotes',
      { sep: ';', head: NAMES.map((name) => `'${name}'`), city: ["'Lyon'", "'Oslo'"] },
      "format: { delimiter: ';', quote: '\\'' },",
    ],
  ]
  for (const [what, given, block] of files) {
    test(what, async () => {
      const found = await read('customers.csv', lines(given))
      expect([found.block, found.values]).toEqual([block, MEANT])
    })
  }

  test.each([
    ['windows-1252', ['Besançon', 'Göteborg']],
    ['windows-1250', ['Łódź', 'Gdańsk']],
    ['windows-1250', ['Příbram', 'Žďár']],
    ['windows-1254', ['İzmir', 'Şırnak']],
    ['windows-1252', ['Ærø', 'São Camões']],
    ['macintosh', ['Besançon', 'Göteborg']],
    ['cp850', ['Besançon', 'Göteborg']],
    ['windows-1251', ['Москва', 'Нижний Новгород']],
    ['koi8-r', ['Москва', 'Нижний Новгород']],
    ['cp866', ['Москва', 'Нижний Новгород']],
    ['windows-1253', ['Αθήνα', 'Πάτρα']],
    ['shift_jis', ['東京', 'さいたま市']],
    ['euc-jp', ['東京', 'さいたま市']],
    ['euc-kr', ['서울', '부산광역시']],
    ['gbk', ['北京市', '上海市浦东新区']],
    ['cp950', ['臺北市', '高雄市']],
  ] as [string, [string, string]][])(
    'letters of %s come out right, and two words are shown to see it: %j',
    async (encoding, city) => {
      const found = await read('customers.csv', iconv.encode(lines({ city }), encoding))
      expect([found.block, found.values]).toEqual([
        `format: { encoding: '${encoding}' },`,
        MEANT.map((row, i) => row.with(6, city[i]!)),
      ])
      expect(found.notes).toEqual([expect.stringContaining(`come out right: '${city[0]}'`)])
    },
  )

  test('a long report before the header, quoted marks in it', async () => {
    const found = await read('customers.csv', `${'"note, with a mark"\n'.repeat(300)}${lines()}`)
    expect([found.block, found.values]).toEqual(['format: { skipLines: 300 },', MEANT])
  })

  test('units below the names: both lines are skipped, which is said', async () => {
    const [head, ...rows] = lines().split('\n')
    const found = await read('customers.csv', [head, 'Nr.,date,time,EUR,pieces,yes/no,name', ...rows].join('\n'))
    expect([found.block, found.values]).toEqual(['format: { skipLines: 2, header: false },', MEANT])
    expect(found.notes).toEqual([
      'line 2 looks like a second line of names: both are skipped, and the columns are taken in the order of the project',
    ])
  })

  test('names of another language are taken by their place, which is said', async () => {
    const head = ['Kundennr', 'Anmeldung', 'Zuletzt', 'Umsatz', 'Zahl, gesamt', 'Aktiv', 'Ort']
    const found = await read('customers.csv', lines({ sep: ';', head }))
    expect(found.values).toEqual(MEANT)
    expect(found.block).toContain("delimiter: ';', names: { customer_id: 'Kundennr', signup: 'Anmeldung'")
    expect(found.notes).toEqual([
      "names that are unlike those of the project were taken by their place: 'Kundennr' as customer_id, 'Anmeldung' as signup, 'Zuletzt' as last_seen, 'Umsatz' as spend, 'Zahl, gesamt' as orders, 'Aktiv' as active, 'Ort' as city",
    ])
    const part = await read('customers.csv', lines({ head: NAMES.with(1, 'Signup, day').map((name) => `"${name}"`) }))
    expect([part.block, part.values]).toEqual(["format: { names: { signup: 'Signup, day' } },", MEANT])
  })

  test('a line of delimiters alone is no row, and is told; one with a value is', async () => {
    const found = await read('customers.csv', `${lines()},,,,,,\n,,,,,,\n`)
    expect([found.block, found.values]).toEqual([null, MEANT])
    expect(found.findings).toEqual([
      'customers.csv: 2 rows without a value in any column of the project; left out (line 4; line 5)',
    ])
    const { proposal } = await look('customers.csv', `${lines()},,,5,,,\n,,,,,,\n00019,x,,,,,\n`)
    expect(proposal.findings.filter((f) => f.severity === 'error').map((f) => f.message)).toEqual([
      expect.stringContaining("column 'customer_id': 1 row without a value, and it is part of the key (line 4)"),
      expect.stringContaining("column 'signup': 1 row with a value that is not a date"),
    ])
    expect(proposal.findings.find((f) => f.column === 'signup')?.examples).toMatchObject([{ line: 6 }])
  })

  test('a note below the table and marks of Excel in keys are told; a total in any language is refused', async () => {
    const found = async (rows: string) => (await look('customers.csv', lines() + rows)).proposal.findings
    expect(await found('Stand: 31.01.2024,,,,,,\n')).toMatchObject([{ rule: 'note_below', severity: 'warn' }])
    expect(await found('00019,,,,,,\n')).toEqual([])
    expect(await found('"=""00019""",,,1,,,\n')).toMatchObject([{ rule: 'key_spaces', severity: 'warn' }])
    for (const word of ['Gesamtergebnis', 'Grand Total', 'Итого', '合計'])
      expect(await found(`${word},,,1,,,\n`)).toMatchObject([{ rule: 'total_row', severity: 'error' }])
  })
})

test.each<[Given, RegExp]>([
  [
    { days: ['05/01/24', '16/02/24'] },
    /2 rows with a year of two digits, of which the century would be a guess; write all four/,
  ],
  [{ moments: ['20-Jan-24 10:30', '28-Feb-24 0:05'] }, /2 rows with a year of two digits/],
  [{ days: ['45296', '45338'] }, /2 rows with a number, as Excel counts days; show the column as a date there/],
  [
    { moments: ['1705746600', '1709078700'] },
    /2 rows with seconds since 1970; write the moment like 2024-01-31T12:00:00Z/,
  ],
  [{ orders: ['3', '(9)'] }, /1 row with a negative number that is written as \(5\), 5- or −5; write -5/],
  [{ orders: ['3', '\u22129'] }, /1 row with a negative number that is written as/],
  [{ orders: ['+3', '-9'] }, /1 row with a plus in front; write the number alone/],
  [{ spend: ['5 kg', '7.25'] }, /1 row with a sign or a word beside the number; .*format: \{ units: \['€'\] \}/],
  [{ active: ['x', ''] }, /name other words in the booleans of the format/],
])('what is read in no format is refused with what to do: %j', async (given, says) => {
  const { proposal } = await look('customers.csv', lines(given))
  expect(proposal.wouldFit).toBe(false)
  expect(proposal.findings.map((f) => f.message).join('\n')).toMatch(says)
})

test('a file that is read under no name is told so, and no name is proposed for it', async () => {
  for (const name of ['customers.json', 'customers.xls', 'customers.csv.bz2']) {
    const { proposal } = await look(name, lines())
    expect([proposal.wouldFit, proposal.block, proposal.notes]).toEqual([false, null, []])
    expect(proposal.findings.map((f) => f.message)).toEqual([
      `${name}: a file with this ending is not read; save it as .csv, .tsv, .txt (also .gz and .zst), .parquet or .xlsx`,
    ])
  }
})

describe('workbooks', () => {
  const cells = (): XlsxCell[][] => [
    [
      '00017',
      { s: 1, v: '45296' },
      { s: 2, v: '45311.4375' },
      { v: '1234567.5' },
      { v: '3' },
      { t: 'b', v: '1' },
      'Lyon',
    ],
    [
      '00018',
      { s: 1, v: '45338' },
      { s: 2, v: '45350.0034722222' },
      { v: '7.25' },
      { v: '-9' },
      { t: 'b', v: '0' },
      'Oslo',
    ],
  ]

  test('the sheet and the row of the names are found, with a title and a merged head above', async () => {
    const rows = {
      1: ['Report of January'],
      3: ['Customer', null, null, 'Money'],
      4: NAMES,
      5: cells()[0]!,
      6: cells()[1]!,
    }
    const found = await read(
      'customers.xlsx',
      makeXlsx({ rows, sheets: ['Read me', 'Data'], at: 1, merged: ['A1:G1', 'A3:C3'] }),
    )
    expect([found.block, found.values]).toEqual(["format: { skipLines: 3, sheet: 'Data' },", MEANT])
    const both = await look('customers.xlsx', makeXlsx({ rows, sheets: ['Jan', 'Feb'], at: 'all' }))
    expect(both.proposal).toMatchObject({
      block: 'format: { skipLines: 3 },',
      notes: ["the names are in 'Feb' too; say with sheet which one is meant"],
    })
  })

  test('a formula that was never computed is refused however its program writes that; hidden rows are told', async () => {
    const withCell = (cell: XlsxCell) => ({ 1: NAMES, 2: cells()[0]!.with(3, cell), 3: cells()[1]! })
    for (const cell of [{ f: 'D2*2' }, { f: 'D2*2', v: '' }]) {
      const { proposal } = await look('customers.xlsx', makeXlsx({ rows: withCell(cell) }))
      expect(proposal.findings).toMatchObject([{ column: 'spend', rule: 'cell', severity: 'error', count: 1 }])
    }
    const found = await read('customers.xlsx', makeXlsx({ rows: withCell({ v: '1234567.5' }), hidden: [3] }))
    expect(found.values).toEqual(MEANT)
    expect(found.findings).toEqual([
      'customers.xlsx: 1 row that the sheet hides, as a filter does; read like the others: delete what is not meant (row 3)',
    ])
  })
})
