import { describe, expect, it, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { normalizeProject } from '../../src/config/normalize.ts'

const faultsOf = (input: unknown): string[] => {
  try {
    normalizeProject(input, '/nowhere')
    return []
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    return (error.details.faults as { path: string; message: string }[]).map((f) => `${f.path}: ${f.message}`)
  }
}

const source = (more: object) => ({
  name: 'p',
  sources: { c: { key: 'k', columns: { k: 'String', f: 'Float64' }, ...more } },
  entities: {},
})
const format = (more: object, of: object = {}) =>
  faultsOf(source({ format: more, ...of })).map((text) => text.replace('sources.c.format.', ''))

describe('a format', () => {
  test.each([
    [{ delimeter: ';' }, /^delimeter: is not a known property; did you mean 'delimiter'\?/],
    [{ delimiter: ';;' }, /^delimiter: write one character that separates fields/],
    [{ delimiter: 'a' }, /^delimiter: write one character/],
    [{ encoding: 'windows-1259' }, /^encoding: 'windows-1259' is not allowed; did you mean 'windows-1252'\?/],
    [{ dateFormat: 'dd.mm.yyyy' }, /^dateFormat: there is no MM in it \(mm is minutes\)/],
    [
      { dateFormat: ['dd/MM/yyyy', 'MM/dd/yyyy'] },
      /^dateFormat: 'dd\/MM\/yyyy' and 'MM\/dd\/yyyy' would read one text as two days/,
    ],
    [{ dateFormat: ['d/M/yyyy H:mm', 'MM/dd/yyyy'] }, /would read one text as two days/],
    [{ dateFormat: ['yyyyMMdd', 'ddMMyyyy'] }, /would read one text as two days/],
    [{ dateFormat: ['dd.MM.yyyy', 'dd.MM.yy'] }, /^dateFormat: write the year as yyyy/],
    [{ units: ['5'] }, /^units\.0: write what stands beside the number, like €/],
    [{ dateFormat: 'dd.MM.yy' }, /^dateFormat: write the year as yyyy/],
    [{ dateFormat: 'HH:mm dd.MM.yyyy' }, /^dateFormat: write the day first, then the time/],
    [{ dateFormat: 'dd.MM.yyyy hh:mm' }, /^dateFormat: hh is of twelve hours and needs a/],
    [{ dateFormat: 'dd.MM.yyyy Z' }, /^dateFormat: only yyyy, MM/],
    [{ decimal: ',', thousands: ',' }, /^thousands: ',' cannot be the decimal sign too/],
    [{ booleans: { true: ['Y'], false: ['y'] } }, /^booleans: a word cannot be both true and false/],
    [{ skipLines: -1 }, /^skipLines: /],
    [{ timeZone: 'Paris' }, /^timeZone: write the zone's IANA name/],
    [{ names: { kk: 'K' } }, /^names\.kk: there is no column 'kk'; did you mean 'k'\?/],
    [{ names: { k: 'X', f: 'X' } }, /^names\.f: 'X' is named twice/],
    [{ names: { k: 'f' } }, /^names\.k: 'f' is a column of its own/],
    [{ names: { k: 'K' }, header: false }, /^names: a file without a header has no names/],
  ])('%j is refused with its place', (given, says) => {
    const found = format(given)
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(says)
  })

  it('must fit the kind of the file', () => {
    expect(format({ delimiter: ';' }, { file: 'c.parquet' })).toEqual([
      'delimiter: is for CSV, and this source is a Parquet file',
    ])
    expect(format({ encoding: 'utf-16le' }, { file: 'c.xlsx' })).toEqual([
      'encoding: is for CSV, and this source is an Excel workbook',
    ])
    expect(format({ sheet: 'A' }, { file: 'c.csv' })).toEqual([
      "sheet: is for Excel workbooks (.xlsx), and this source is 'c.csv'",
    ])
    expect(format({ skipLines: 1 }, { postgres: { table: 't' } })).toEqual([
      'skipLines: is for files, and this source comes from PostgreSQL',
    ])
    expect(faultsOf(source({ file: '../c.csv' }))).toEqual([
      expect.stringContaining("sources.c.file: '../c.csv' must be a file of the delivery's folder"),
    ])
    expect(faultsOf(source({ file: 'c.xls' }))).toEqual([
      expect.stringContaining("'c.xls' must end with .csv, .csv.gz"),
    ])
  })

  it('has the zone of the source, which may stand in either place, once', () => {
    const zone = (more: object) => normalizeProject(source(more), '/nowhere').sources[0]?.timeZone
    expect(zone({ timeZone: 'Europe/Paris' })).toBe('Europe/Paris')
    expect(zone({ format: { timeZone: 'Europe/Paris' } })).toBe('Europe/Paris')
    expect(format({ timeZone: 'Europe/Paris' }, { timeZone: 'UTC' })).toEqual([
      "timeZone: the source says timeZone 'UTC' too; write it once",
    ])
  })

  it('is latin1 for iso-8859-1', () => {
    expect(normalizeProject(source({ format: { encoding: 'latin1' } }), '/nowhere').sources[0]?.format.encoding).toBe(
      'iso-8859-1',
    )
  })
})
