import type { Source } from '../config/project.ts'
import { readCsvHeader } from '../lake/csv-file.ts'
import { counted, type Finding, finding, shown } from './finding.ts'

/** Bytes that are no UTF-8 are mostly accents of Windows-1252. */
export const SAVE_AS_UTF8 = 'it may be Latin-1 (Windows-1252): save the file as UTF-8'
const OTHER_DELIMITERS = [';', '\t', '|']

/** The names of the first line, or the finding that there is none that can be read. */
export async function readHeader(path: string, source: Source): Promise<string[] | Finding> {
  const header = await readCsvHeader(path)
  if (Array.isArray(header)) return header
  return finding(source, header.rule === 'encoding' ? { ...header, says: `${header.says}; ${SAVE_AS_UTF8}` } : header)
}

/** What is wrong with the names: another delimiter, columns missing, unknown or named twice. */
export function checkHeader(names: readonly string[], source: Source): Finding[] {
  const declared = source.columns.map((c) => c.name)
  const delimiter = OTHER_DELIMITERS.find(
    (d) => names.length === 1 && declared.some((n) => names[0]?.split(d).includes(n)),
  )
  if (delimiter !== undefined && declared.length > 1) {
    const says = `fields are separated by ${delimiter === '\t' ? 'tabs' : `'${delimiter}'`}; commas are expected: save it as CSV with commas, and numbers with a decimal point`
    return [finding(source, { rule: 'delimiter', says, examples: [headerExample(source, names)] })]
  }
  const missing = declared.filter((name) => !names.includes(name))
  const named = names.filter((name) => name !== '')
  const twice = [...new Set(named.filter((name, i) => named.indexOf(name) !== i))]
  return [
    ...missing.map((name, i) => missingColumn(source, name, names, i === 0)),
    ...twice.map(columnTwice),
    ...unnamed(source, names),
    ...extra(),
  ]

  function columnTwice(column: string): Finding {
    return finding(source, { column: shown(column), rule: 'columns', says: 'the header has this name more than once' })
  }
  function extra(): Finding[] {
    const unknown = [...new Set(named.filter((name) => !declared.includes(name)))]
    const severity = severityOfExtra(source)
    return unknown.map((column) =>
      finding(source, {
        column: shown(column),
        rule: 'extra_columns',
        severity,
        says: 'the project does not name it; left out',
      }),
    )
  }
}

/** Commas at the end of each line, or the index that pandas writes: columns that nobody can ask for. */
function unnamed(source: Source, names: readonly string[]): Finding[] {
  const count = names.filter((name) => name === '').length
  if (count === 0) return []
  const trailing = names.slice(-count).every((name) => name === '')
  const where = trailing
    ? 'the lines end with commas'
    : names[0] === ''
      ? 'a data frame wrote its index'
      : 'the header has gaps'
  const says = `${counted(count, 'column')} without a name (${where}); left out`
  return [finding(source, { rule: 'unnamed_columns', severity: severityOfExtra(source), count, says })]
}

function severityOfExtra(source: Source) {
  return source.checks.find((c) => c.rule === 'extra_columns')?.severity ?? 'warn'
}

/** `Customer ID` for `customer_id`: letters and digits alone are compared. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

/** The header is shown once, with the first of them: it may have hundreds of names. */
function missingColumn(source: Source, column: string, names: readonly string[], first: boolean): Finding {
  const alike = names.find((name) => plainName(name) === plainName(column))
  const hint = alike === undefined ? '' : `; the header has '${shown(alike)}', and names must be equal to the letter`
  const says = `the column is missing from the header, which has ${counted(names.length, 'name')}${hint}`
  return finding(source, { column, rule: 'columns', says, examples: first ? [headerExample(source, names)] : [] })
}

function headerExample(source: Source, names: readonly string[]) {
  return { line: source.file.endsWith('.parquet') ? null : 1, key: null, value: shown(names.join(',')) }
}
