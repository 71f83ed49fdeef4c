import type { Source } from '../config/project.ts'
import { readCsvHeader } from '../lake/csv-file.ts'
import { counted, type Finding, finding, shown } from './finding.ts'

const OTHER_DELIMITERS = [';', '\t', '|']

/** The names of the first line, or the finding that there is none that can be read. */
export async function readHeader(path: string, source: Source): Promise<string[] | Finding> {
  const header = await readCsvHeader(path)
  return Array.isArray(header) ? header : finding(source, header)
}

/** What is wrong with the names: another delimiter, columns missing, unknown or named twice. */
export function checkHeader(names: readonly string[], source: Source): Finding[] {
  const declared = source.columns.map((c) => c.name)
  const delimiter = OTHER_DELIMITERS.find(
    (d) => names.length === 1 && declared.some((n) => names[0]?.split(d).includes(n)),
  )
  if (delimiter !== undefined && declared.length > 1) {
    const says = `fields are separated by ${delimiter === '\t' ? 'tabs' : `'${delimiter}'`}; commas are expected`
    return [finding(source, { rule: 'delimiter', says, examples: [headerExample(source, names)] })]
  }
  const missing = declared.filter((name) => !names.includes(name))
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
  return [...missing.map((name) => missingColumn(source, name, names)), ...twice.map(columnTwice), ...extra()]

  function columnTwice(column: string): Finding {
    return finding(source, { column: shown(column), rule: 'columns', says: 'the header has this name more than once' })
  }
  function extra(): Finding[] {
    const unknown = [...new Set(names.filter((name) => !declared.includes(name)))]
    const severity = source.checks.find((c) => c.rule === 'extra_columns')?.severity ?? 'warn'
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

function missingColumn(source: Source, column: string, names: readonly string[]): Finding {
  const alike = names.find((name) => name.trim().toLowerCase() === column.toLowerCase())
  const hint = alike === undefined ? '' : `; the header has '${shown(alike)}', and names must be equal to the letter`
  const says = `the column is missing from the header, which has ${counted(names.length, 'name')}${hint}`
  return finding(source, { column, rule: 'columns', says, examples: [headerExample(source, names)] })
}

function headerExample(source: Source, names: readonly string[]) {
  return { line: source.file.endsWith('.parquet') ? null : 1, key: null, value: shown(names.join(',')) }
}
