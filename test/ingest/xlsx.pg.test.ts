import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Finding } from '../../src/ingest/finding.ts'
import { makeXlsx, type XlsxCell } from '../helpers/make-xlsx.ts'
import { findingsOf, openRig, projectOf, type Rig } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

let days = 0
const nextDay = () => new Date(Date.UTC(2016, 0, 1 + days++)).toISOString().slice(0, 10)
const COLUMNS = { k: 'String', d: 'Date', t: 'UnixTimestamp', f: 'Float64', i: 'Int64', b: 'Bool' }
const HEADER: XlsxCell[] = ['k', 'd', 't', 'f', 'i', 'b']
const projectWith = (format: object = {}, columns: object = COLUMNS) => projectOf({ c: { key: 'k', columns, format } })

async function read(project: ReturnType<typeof projectOf>, book: Uint8Array) {
  const report = await rig.deliver(project, { 'c.xlsx': book }, nextDay())
  const path = await rig.lake.path((await rig.lake.list()).find((s) => s.id === report.sources[0]!.snapshot)!)
  const texts = project.sources[0]!.columns.map(({ name }) => `CAST("${name}" AS VARCHAR) AS "${name}"`)
  const rows = await rig.duck.rows(`SELECT ${texts.join(', ')} FROM read_parquet('${path}')`)
  return { rows: rows.map((row) => Object.values(row)), findings: report.sources[0]!.findings.map((f) => f.message) }
}

async function refused(project: ReturnType<typeof projectOf>, book: Uint8Array): Promise<Finding[]> {
  return (await findingsOf(rig.deliver(project, { 'c.xlsx': book }, nextDay()))).filter((f) => f.severity === 'error')
}

const shared = [
  '<t>tex_x0041_t</t>',
  '<r><t>two </t></r><r><t xml:space="preserve">runs</t></r><rPh sb="0" eb="1"><t>aside</t></rPh>',
]

test('each kind of cell is read as what it is: shared and rich texts, days, moments, numbers to the digit, formulas as computed', async () => {
  const book = makeXlsx({
    shared,
    rows: {
      1: HEADER,
      2: [
        { t: 's', v: '0' },
        { s: 1, v: '45296' },
        { s: 2, v: '45296.4375' },
        { v: '0.1' },
        { v: '9007199254740993' },
        { t: 'b', v: '1' },
      ],
      5: [
        { t: 's', v: '1' },
        '2024-01-31',
        '2024-01-31T12:00:00+01:00',
        { f: 'A1*2', v: '1E-3' },
        { v: '1E+3' },
        { t: 'str', f: 'X', v: 'false' },
      ],
      6: ['empty', null, { t: 'str', f: '""', v: '' }, { s: 3, v: '2.5' }, { s: 3, v: '3' }, null],
    },
  })
  expect(await read(projectWith(), book)).toEqual({
    rows: [
      ['empty', null, null, '2.5', '3', null],
      ['texAt', '2024-01-05', '2024-01-05 10:30:00+00', '0.1', '9007199254740993', 'true'],
      ['two runs', '2024-01-31', '2024-01-31 11:00:00+00', '0.001', '1000', 'false'],
    ],
    findings: [],
  })
})

test('days of 1900 and 1904: 1900 had no 29th of February, and 1904 begins four years later', async () => {
  const columns = { k: 'String', d: 'Date' }
  const of = (serial: string, date1904 = false) =>
    makeXlsx({ date1904, rows: { 1: ['k', 'd'], 2: ['a', { s: 1, v: serial }] } })
  for (const [serial, date1904, day] of [
    ['1', false, '1900-01-01'],
    ['59', false, '1900-02-28'],
    ['61', false, '1900-03-01'],
    ['43834', true, '2024-01-05'],
    ['2958465', false, '9999-12-31'],
  ] as const) {
    expect((await read(projectWith({}, columns), of(serial, date1904))).rows).toEqual([['a', day]])
  }
  for (const serial of ['60', '0.5', '2958466', '45296.5']) {
    expect((await refused(projectWith({}, columns), of(serial))).map((f) => f.rule)).toEqual(['type'])
  }
})

test('texts are read by the format, numbers and days by what they are', async () => {
  const format = {
    decimal: ',',
    thousands: '.',
    dateFormat: 'dd.MM.yyyy',
    timeZone: 'Europe/Berlin',
    nulls: ['-'],
    booleans: { true: ['1'], false: ['0'] },
  }
  const book = makeXlsx({
    rows: {
      1: HEADER,
      2: ['a', '31.01.2024', '31.01.2024 10:30', '1.234,5', '1.234', { v: '1' }],
      3: ['b', { s: 1, v: '45296' }, { s: 2, v: '45296.4375' }, { v: '1.234' }, '-', { t: 'b', v: '0' }],
    },
  })
  expect((await read(projectWith(format), book)).rows).toEqual([
    ['a', '2024-01-31', '2024-01-31 09:30:00+00', '1234.5', '1234', 'true'],
    ['b', '2024-01-05', '2024-01-05 09:30:00+00', '1.234', null, 'false'],
  ])
})

test('what a cell cannot say is refused with its name; columns that the project does not read may be as they will', async () => {
  const error = { t: 'e', v: '#DIV/0!' }
  const rows = {
    1: [...HEADER, 'note'],
    2: ['a', null, null, error, { f: 'NOW()' }, null, error],
    7: ['b', null, null, error, null, null, null],
  }
  const faults = await refused(projectWith(), makeXlsx({ rows }))
  expect(faults.map((f) => f.message)).toEqual([
    "c.xlsx, column 'f': 2 cells with an error of Excel; mend the formula, or leave the cell empty ('D2: #DIV/0!'; 'D7: #DIV/0!')",
    "c.xlsx, column 'i': 1 cell with a formula that was never computed; open the workbook in Excel and save it ('E2: a formula')",
  ])
})

test('a number is no text: 00017 may have become 17; a wrong value is named by its row of the sheet', async () => {
  const columns = { k: 'String', f: 'Float64' }
  const faults = await refused(
    projectWith({}, columns),
    makeXlsx({ rows: { 3: ['k', 'f'], 5: [{ v: '17' }, { v: '1' }], 9: ['b', 'x'] } }),
  )
  expect(faults.map((f) => f.message)).toEqual([
    "c.xlsx, column 'k': 1 row with a cell that is a number or a day, and no text: Excel makes 17 of 00017; make the column text there, or declare it as a number (row 5, '17')",
    expect.stringContaining("(row 9, key b, 'x')"),
  ])
})

test('merged cells over rows are refused; a title above the header is skipped with skipLines', async () => {
  const columns = { k: 'String', f: 'Float64' }
  const rows = { 1: ['A report'], 3: ['k', 'f'], 4: ['a', { v: '1' }], 5: ['b', null] } as Record<number, XlsxCell[]>
  const project = projectWith({ skipLines: 2 }, columns)
  expect((await read(project, makeXlsx({ rows, merged: ['A1:C2'] }))).rows).toEqual([
    ['a', '1.0'],
    ['b', null],
  ])
  const [fault] = await refused(project, makeXlsx({ rows, merged: ['A1:C2', 'B4:B5'] }))
  expect(fault?.message).toContain(
    "1 range of merged cells, of which only the first has the value; take the merging back and write the value in each ('B4:B5')",
  )
})

test('a sheet is named, else it is the first; one that is not there is refused with the names that are', async () => {
  const book = makeXlsx({ sheets: ['Data', 'Old'], rows: { 1: ['k'], 2: ['a'] } })
  const columns = { k: 'String' }
  expect((await read(projectWith({ sheet: 'Data' }, columns), book)).rows).toEqual([['a']])
  expect((await refused(projectWith({ sheet: 'Old' }, columns), book))[0]?.message).toContain(
    "the sheet 'Old' is empty",
  )
  expect((await refused(projectWith({ sheet: 'New' }, columns), book))[0]?.message).toContain(
    "the workbook has no sheet 'New'; it has 'Data', 'Old': name one in the format of the source 'c'",
  )
})

test('a workbook that is none, is cut off, or holds a document type is refused with what to do', async () => {
  const columns = { k: 'String' }
  const whole = makeXlsx({ rows: { 1: ['k'], 2: ['a'] } })
  const bombed = makeXlsx({
    rows: { 1: ['k'] },
    more: { 'xl/styles.xml': '<!DOCTYPE a [<!ENTITY b "bb">]><styleSheet/>' },
  })
  for (const [book, says] of [
    [whole.subarray(0, whole.length - 200), 'it cannot be read as a workbook'],
    [bombed, 'its XML cannot be read (it has a document type)'],
    [makeXlsx({ rows: {}, more: { '_rels/.rels': '<Relationships/>' } }), 'it is another document than a workbook'],
    [Buffer.from('k\na\n'), 'the file is not an Excel workbook (.xlsx)'],
  ] as const) {
    const [fault] = await refused(projectWith({}, columns), book)
    expect(fault).toMatchObject({ rule: 'format', message: expect.stringContaining(says) })
  }
})

test('a sheet of more rows than any chunk of ours has them all, and a cell beyond the header is told', async () => {
  const rows: Record<number, XlsxCell[]> = { 1: ['k', 'f'] }
  for (let i = 2; i <= 12_001; i++) rows[i] = [`k${i}`, { v: String(i) }]
  rows[12_001] = ['last', { v: '1' }, 'a remark']
  const { rows: found, findings } = await read(projectWith({}, { k: 'String', f: 'Float64' }), makeXlsx({ rows }))
  expect(found).toHaveLength(12_000)
  expect(findings).toEqual(["c.xlsx: 1 cell in a column that has no name in the header; left out ('C12001: a remark')"])
})
