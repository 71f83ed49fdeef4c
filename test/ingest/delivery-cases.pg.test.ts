import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import type { Project } from '../../src/config/project.ts'
import type { Finding } from '../../src/ingest/finding.ts'
import { deliveryCases } from '../helpers/delivery-cases.ts'
import { openRig, projectOf, type Rig } from './rig.ts'

/** Deliveries that people tried: each is taken in with these rows and warnings, or refused with this sentence. */
type Right =
  | { rows: number; first?: unknown[]; warnings?: string[] }
  /** Every fault, each by a part of its message that says what was wrong and what to do. */
  | { refused: string[] }

const CITY = ['00017', '2024-01-05', '2024-01-20 10:30:00+00', 12.5, 3, true, 'Lyon']
const good: Right = { rows: 3, first: CITY }
const capitals = (names: string[]): Right => ({
  refused: names.map((name) => `the header has '${name}', and names must be equal to the letter`),
})

const CSV: Record<string, Right> = {
  '00-good': good,
  '01-semicolon': { refused: ["fields are separated by ';'; commas are expected: save it as CSV with commas"] },
  '02-semicolon-decimal-comma': { refused: ["fields are separated by ';'; commas are expected"] },
  '03-tab': { refused: ['fields are separated by tabs; commas are expected'] },
  '04-decimal-comma-quoted': {
    refused: [
      "a finite number; write a decimal point and no thousands separator, and nothing for a missing value (line 2, key 00017, '12,50')",
    ],
  },
  '05-latin1': {
    refused: [
      "1 line with bytes that are not UTF-8; it may be Latin-1 (Windows-1252): save the file as UTF-8, or add to the source format: { encoding: 'windows-1252' } (line 3",
    ],
  },
  '06-utf16': { refused: ['the file is UTF-16; save it as UTF-8'] },
  '07-bom': good,
  '09-header-caps-space': capitals(['Customer ID', ' Signup ', 'LAST_SEEN', 'Spend', 'Orders', 'Active', 'City']),
  '10-header-caps': capitals(['CUSTOMER_ID', 'SIGNUP', 'LAST_SEEN', 'SPEND', 'ORDERS', 'ACTIVE', 'CITY']),
  '11-header-spaces': capitals([' signup', ' last_seen', ' spend', ' orders', ' active', ' city']),
  '12-dup-column': { refused: ["column 'city': the header has this name more than once"] },
  '13-trailing-empty-cols': { ...good, warnings: ['3 columns without a name (the lines end with commas); left out'] },
  '14-trailing-empty-cols-rows-only': good,
  '16-na-strings': {
    refused: [
      "2 rows with a value that is not a date like 2024-01-31; a day with a time of it is a UnixTimestamp, other ways to write a day are a dateFormat (line 2, key 00017, 'NA'; line 4, key 00019, 'NULL')",
      "2 rows with a value that is not a moment like 2024-01-31T12:00:00Z; other ways to write a moment are a dateFormat (line 2, key 00017, 'N/A'",
      "and nothing for a missing value (line 2, key 00017, 'null'; line 4, key 00019, 'NaN')",
      "write digits alone, and nothing for a missing value (line 2, key 00017, 'None'; line 4, key 00019, '-')",
    ],
  },
  '17-na-in-city-only': {
    rows: 3,
    first: [...CITY.slice(0, -1), 'NA'],
    warnings: [
      "column 'city': 3 rows with a text that looks like a missing value, and is kept as this text; an empty field is a null (line 2, key 00017, 'NA'",
    ],
  },
  '18-mixed-types': {
    refused: [
      "a whole number of 64 bits; write digits alone, and nothing for a missing value (line 3, key 00018, 'one')",
    ],
  },
  '19-bool-variants': {
    refused: [
      "3 rows with a value that is not True or False; declare the column Int64 for 0 and 1, or write the words, or name other words in the booleans of the format (line 2, key 00017, 'yes'; line 3, key 00018, '0'; line 6, key 00021, 't')",
    ],
  },
  '20-gz': good,
  '21-gz-named-csv': { refused: ['the file is compressed by gzip; name it so, with .csv.gz, or unpack it'] },
  '22-extra-file': {
    ...good,
    warnings: [
      "the folder: 2 files that no source names; not read ('customers (1).csv, which looks like customers.csv'; 'notes.txt')",
    ],
  },
  '23-quote-in-the-middle': { rows: 3, first: [...CITY.slice(0, -1), 'Ly"on'] },
  '24-crlf': good,
  '25-empty': { refused: ['the file is empty, without even a header'] },
  '26-header-only': { refused: ['the file has a header and no rows'] },
  '28-dup-key': { refused: ["1 row with a key that an earlier row has (line 5, '00017')"] },
  '30-blank-lines-totals': {
    refused: [
      "1 row with a key that is a word for a total, as a spreadsheet's last row has; take the row out, or declare the check total_row with severity warn (line 7, 'Total')",
    ],
  },
  '31-big-int': {
    refused: [
      "a whole number of 64 bits; write digits alone, and nothing for a missing value (line 2, key 00017, '9223372036854775808')",
    ],
  },
  '32-spaces-around': {
    refused: [
      "not a date like 2024-01-31; a day with a time of it is a UnixTimestamp, other ways to write a day are a dateFormat (line 2, key  00017 , ' 2024-01-05 ')",
      "' 2024-01-20 10:30:00 '",
      "' 12.50 '",
      "' 3 '",
      "' True '",
    ],
  },
  '33-casefile': {
    refused: ["the file is missing (source 'c'); there is 'Customers.CSV': names must be equal to the letter"],
  },
  '34-missing-col': {
    refused: [
      "column 'city': the column is missing from the header, which has 6 names; deliver it, or take it out of the project (line 1, 'customer_id,signup,last_seen,spend,orders,active')",
    ],
  },
  '36-empty-key': { refused: ["column 'customer_id': 1 row without a value, and it is part of the key (line 5)"] },
  '37-quoted-empty': { rows: 3, first: [...CITY.slice(0, -1), ''] },
  '38-sci-int': {
    refused: [
      "1 row with a plus in front; write the number alone (line 3, key 00018, '+1')",
      "1 row with a value that is not a whole number of 64 bits; write digits alone, and nothing for a missing value (line 2, key 00017, '1E3')",
    ],
  },
  '40-xlsx': {
    refused: [
      "there is 'customers.xlsx': did you mean it? Name it as the source's file, or write in the source file: 'customers.xlsx'",
    ],
  },
  '41-xlsx-as-csv': {
    refused: ['the file is an Excel workbook (.xlsx) or another zip archive; a workbook must have a name with .xlsx'],
  },
  '50-one-trailing-comma': {
    rows: 2,
    first: CITY,
    warnings: ['1 column without a name (the lines end with commas); left out'],
  },
  '51-quoted-header-pandas-index': {
    rows: 2,
    first: CITY,
    warnings: ['1 column without a name (a data frame wrote its index); left out'],
  },
  '55-too-few-fields': {
    refused: [
      "1 line with too few fields; write an empty field for a missing value, and quotes around a text with a line end (line 2, '00017,2024-01-05')",
    ],
  },
  '56-unclosed-quote': {
    refused: [
      '1 line with a quote that is not closed, or text after a closing quote; within quotes a quote is written twice (line 2',
    ],
  },
  '57-extra-filled-fields': {
    refused: ['1 line with too many fields; write quotes around a text with the delimiter in it (line 2'],
  },
}

const PARQUET: Record<string, Right> = {
  'p00-good': good,
  'p01-int-id': {
    refused: [
      "column 'customer_id': 3 rows of type BIGINT, and a String is read from text alone: 17, 17.0 and 00017 would be three values; write the column as text, or declare it as a number (row 1, '17'",
    ],
  },
  'p02-float-id': {
    refused: [
      "3 rows of type DOUBLE, and a String is read from text alone: 17, 17.0 and 00017 would be three values; write the column as text, or declare it as a number (row 1, '17.0'",
    ],
  },
  'p03-decimal': good,
  'p05-float-fraction': {
    refused: ["column 'orders': 1 row with a value that is not a whole number of 64 bits (row 1, key 00017, '3.5')"],
  },
  'p06-dates-as-text': good,
  'p07-timestamp-in-date': {
    refused: [
      "column 'signup': 3 rows with a value that is not a date like 2024-01-31; a day with a time of it is a UnixTimestamp, other ways to write a day are a dateFormat (row 1, key 00017, '2024-01-05 07:30:00'",
    ],
  },
  'p08-bool-as-int': {
    refused: [
      '3 rows of type BIGINT, and a Bool is read from booleans, text alone; write it as a boolean, or declare the column Int64',
    ],
  },
  'p10-number-as-text': {
    refused: [
      "column 'spend': 1 row with a value that is not a finite number; a missing value is a null (row 3, key 00019, 'x')",
    ],
  },
  'p11-extra-list': { ...good, warnings: ["column 'tags': the project does not name it; left out"] },
  'p12-list-in-city': {
    refused: [
      '3 rows of type VARCHAR[], and a String is read from text alone: a column holds one value a row; take the parts out into columns of their own',
    ],
  },
  'p13-nan-inf': {
    refused: [
      "column 'spend': 2 rows with a value that is not a finite number; a missing value is a null (row 1, key 00017, 'nan'; row 2, key 00018, 'inf')",
    ],
  },
  'p15-not-parquet': {
    refused: ['the file is not Parquet, which begins with PAR1; write it as Parquet, or name a .csv file'],
  },
  'p16-pandas-index': good,
}

const folder = deliveryCases()
let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const customers = {
  ...{ customer_id: 'String', signup: 'Date', last_seen: 'UnixTimestamp', spend: 'Float64', orders: 'Int64' },
  ...{ active: 'Bool', city: 'String' },
}

for (const [kind, cases] of Object.entries({ csv: CSV, parquet: PARQUET })) {
  const names = folder === undefined ? [] : readdirSync(join(folder, kind))
  test.skipIf(folder === undefined)(`deliveries 3 to 6: all of ${kind} are known here`, () => {
    expect(names.filter((name) => cases[name] === undefined)).toEqual([])
  })
  for (const [i, [name, right]] of Object.entries(cases).entries()) {
    test.skipIf(folder === undefined)(`deliveries 3 to 6: ${kind}/${name}`, async () => {
      const project = projectOf({ c: { file: `customers.${kind}`, key: 'customer_id', columns: customers } })
      // Each at a moment of its own, so that none is compared with another.
      const asOf = `20${kind === 'csv' ? '10' : '12'}-01-01T00:00:${String(i).padStart(2, '0')}Z`
      expect(await outcome(project, join(folder ?? '', kind, name), asOf, right)).toEqual(right)
    })
  }
}

/** What became of a delivery, told as `right` tells it: a sentence counts where it holds the expected part. */
async function outcome(project: Project, dir: string, asOf: string, right: Right): Promise<Right> {
  try {
    const report = await rig.ingest(project).ingestMonth({ dir, asOf })
    const [source] = report.sources
    const warnings = [...report.findings, ...report.sources.flatMap((s) => s.findings)].filter(isOfTheFile)
    const wanted = 'warnings' in right ? (right.warnings ?? []) : []
    return {
      rows: source?.rows ?? 0,
      ...('first' in right ? { first: await firstRow(source?.snapshot ?? '') } : {}),
      ...(warnings.length > 0 || wanted.length > 0 ? { warnings: asWanted(warnings, wanted) } : {}),
    }
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== 'delivery_refused') throw error
    const faults = (error.details.findings as Finding[]).filter((f) => f.severity === 'error')
    return { refused: asWanted(faults, 'refused' in right ? right.refused : []) }
  }
}

/** That the same content was there the moment before says nothing here. */
const isOfTheFile = ({ rule }: Finding) => rule !== 'same_as_before'

function asWanted(findings: readonly Finding[], wanted: readonly string[]): string[] {
  return findings.map(({ message }, i) => (message.includes(wanted[i] ?? message) && wanted[i] ? wanted[i] : message))
}

async function firstRow(id: string): Promise<unknown[] | undefined> {
  const snapshot = (await rig.lake.list()).find((s) => s.id === id)
  const path = snapshot ? await rig.lake.path(snapshot) : ''
  const [row] = await rig.duck.rows(
    `SELECT * REPLACE (CAST(signup AS VARCHAR) AS signup, CAST(last_seen AS VARCHAR) AS last_seen) FROM read_parquet('${path}') LIMIT 1`,
  )
  return row && Object.values(row)
}

const SEASON = {
  ...{ player_id: 'String', year: 'Int64', stint: 'Int64', team: 'String', lg: 'String', g: 'Int64', ab: 'Int64' },
  ...{
    r: 'Int64',
    h: 'Int64',
    hr: 'Int64',
    rbi: 'Float64',
    sb: 'Float64',
    bb: 'Int64',
    so: 'Float64',
    season_end: 'Date',
  },
}
const BASEBALL = projectOf({
  players: { key: 'player_id', columns: { player_id: 'String', debut: 'Date', last_team: 'String', league: 'String' } },
  seasons: { kind: 'changes', file: 'seasons.parquet', key: 'player_id', eventTime: 'season_end', columns: SEASON },
  labels: { key: 'player_id', columns: { player_id: 'String', churned: 'Int64' } },
})
const PENGUIN = {
  ...{ penguin_id: 'String', island: 'String', bill_length_mm: 'Float64', bill_depth_mm: 'Float64' },
  ...{ flipper_length_mm: 'Float64', body_mass_g: 'Int64', sex: 'String' },
}
const PENGUINS = projectOf({
  penguins: { key: 'penguin_id', columns: PENGUIN },
  species: { file: 'labels.csv', key: 'penguin_id', columns: { penguin_id: 'String', species: 'String' } },
})

test.skipIf(folder === undefined)(
  'deliveries 7: 187 seasons of 162 players: the rows that a later one supersedes are counted',
  async () => {
    const dir = join(folder ?? '', 'baseball', '2004')
    const report = await rig.ingest(BASEBALL).ingestMonth({ dir, asOf: '2004-12-31' })
    expect(report.sources.map((s) => [s.source, s.rows])).toEqual([
      ['players', 162],
      ['seasons', 187],
      ['labels', 162],
    ])
    const [finding, ...others] = report.sources.flatMap((s) => s.findings)
    expect(others).toEqual([])
    expect(finding).toMatchObject({ source: 'seasons', rule: 'superseded', severity: 'warn', count: 25 })
    expect(finding?.message).toMatch(
      /^seasons.parquet, column 'player_id': 25 rows that a later row of the file with the same key and time supersedes; the last one counts \(row \d+, 'player\d+\|2004-10-01'; .*…\)$/,
    )
  },
)

test.skipIf(folder === undefined)(
  'deliveries: penguins, a composite key, many levels and 0 and 1 are read as they are',
  async () => {
    const penguins = await rig
      .ingest(PENGUINS)
      .ingestMonth({ dir: join(folder ?? '', 'penguins', '2007'), asOf: '2007-12-31' })
    expect(penguins.sources.map((s) => [s.source, s.rows])).toEqual([
      ['penguins', 110],
      ['species', 110],
    ])
    const files: [string, object, string | string[], number][] = [
      ['composite-key-routes', ROUTE, ['origin', 'dest'], 210],
      [
        'high-cardinality-2500-rows-1750-levels',
        { id: 'String', city: 'String', x: 'Float64', churned: 'Bool' },
        'id',
        2500,
      ],
      ['bool-as-0-1', { player_id: 'String', churned: 'Int64' }, 'player_id', 162],
    ]
    for (const [name, columns, key, rows] of files) {
      const source = name.replaceAll('-', '_')
      const project = projectOf({ [source]: { file: `${name}.csv`, key, columns } })
      const report = await rig.ingest(project).ingestMonth({ dir: folder ?? '', asOf: '2024-01-31' })
      expect(report.sources.map((s) => [s.rows, s.findings])).toEqual([[rows, []]])
      expect(report.findings.map((f) => f.rule)).toEqual(['other_files'])
    }
  },
)

test.skipIf(folder === undefined)('deliveries: 0 and 1 in a Bool column are refused with what to do', async () => {
  const project = projectOf({
    b: { file: 'bool-as-0-1.csv', key: 'player_id', columns: { player_id: 'String', churned: 'Bool' } },
  })
  const delivery = rig.ingest(project).ingestMonth({ dir: folder ?? '', asOf: '2024-01-31' })
  await expect(delivery).rejects.toThrow(
    /162 rows with a value that is not True or False; declare the column Int64 for 0 and 1/,
  )
})

const ROUTE = {
  ...{ origin: 'String', dest: 'String', delay: 'Float64', flights: 'Int64', late: 'Int64', very_late: 'Bool' },
  ...{ name: 'String', 'On Time %': 'Float64' },
}
