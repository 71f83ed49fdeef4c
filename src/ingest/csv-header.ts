import type { Source } from '../config/project.ts'
import { nameInFile } from '../config/usual-format.ts'
import { readCsvHeader } from '../lake/csv-file.ts'
import type { DeliveredPart } from './delivered.ts'
import { counted, type Finding, finding, shown } from './finding.ts'

/** Bytes that are no UTF-8 are mostly accents of Windows-1252. */
export const SAVE_AS_UTF8 =
  "it may be Latin-1 (Windows-1252): save the file as UTF-8, or add to the source format: { encoding: 'windows-1252' }"
/** What people put between fields. */
export const DELIMITERS = [',', ';', '\t', '|', '~', '^', '#', ':', '\u0001', '\u001f']

/** The names of the first line, or the finding that there is none that can be read. */
export async function readHeader({ path }: DeliveredPart, source: Source): Promise<string[] | Finding> {
  const header = await readCsvHeader(path, source.format)
  if (!Array.isArray(header)) {
    return finding(source, header.rule === 'encoding' ? { ...header, says: `${header.says}; ${SAVE_AS_UTF8}` } : header)
  }
  if (source.format.header) return source.format.trim ? header.map((name) => name.trim()) : header
  const declared = source.columns.map((c) => c.name)
  if (header.length === declared.length) return declared
  const says = `the first line has ${counted(header.length, 'field')}, and the project ${counted(declared.length, 'column')}; without a header they must be the same, in the same order`
  return finding(source, {
    rule: 'columns',
    says,
    examples: [{ line: 1, key: null, value: shown(header.join(source.format.delimiter)) }],
  })
}

/** What is wrong with the names: another delimiter, columns missing, unknown or named twice. */
export function checkHeader(names: readonly string[], source: Source, line: number | null): Finding[] {
  const { format } = source
  const declared = source.columns.map((c) => nameInFile(format, c.name))
  const example = { line, key: null, value: shown(names.join(format.delimiter)) }
  const delimiter = DELIMITERS.find(
    (d) =>
      d !== format.delimiter &&
      names.length === 1 &&
      declared.some((n) => names[0]?.split(d).some((name) => alike(name, n))),
  )
  if (delimiter !== undefined && declared.length > 1) {
    const expected =
      format.delimiter === ','
        ? 'commas are expected: save it as CSV with commas, and numbers with a decimal point'
        : `the format says ${inWords(format.delimiter)}`
    const says = `fields are separated by ${inWords(delimiter)}; ${expected}, or write in the source format: { delimiter: ${textLiteral(delimiter)} }`
    return [finding(source, { rule: 'delimiter', says, examples: [example] })]
  }
  const missing = source.columns.filter((c) => !names.includes(nameInFile(format, c.name)))
  const named = names.filter((name) => name !== '')
  const twice = [...new Set(named.filter((name, i) => named.indexOf(name) !== i))]
  return [
    // The header is shown once, with the first of them: it may have hundreds of names.
    ...missing.map(({ name }, i) => missingColumn(source, name, { names, examples: i === 0 ? [example] : [] })),
    ...twice.map(columnTwice),
    ...unnamed(source, names),
    ...extra(),
  ]

  function columnTwice(column: string): Finding {
    const says = 'the header has this name more than once; give each column a name of its own'
    return finding(source, { column: shown(column), rule: 'columns', says })
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

function inWords(delimiter: string): string {
  return delimiter === '\t' ? 'tabs' : delimiter === ',' ? 'commas' : textLiteral(delimiter)
}

/** Delimiters at the end of each line, or the index that pandas writes: columns that nobody can ask for. */
function unnamed(source: Source, names: readonly string[]): Finding[] {
  const count = names.filter((name) => name === '').length
  if (count === 0) return []
  const trailing = names.slice(-count).every((name) => name === '')
  const where = trailing
    ? `the lines end with ${inWords(source.format.delimiter)}`
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
export function alike(a: string, b: string): boolean {
  return plainName(a) === plainName(b) && plainName(a) !== ''
}

export function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')
}

function missingColumn(
  source: Source,
  column: string,
  { names, examples }: { names: readonly string[]; examples: { line: number | null; key: null; value: string }[] },
): Finding {
  const wanted = nameInFile(source.format, column)
  const found = names.find((name) => alike(name, wanted)) ?? names.find((name) => alike(name, column))
  const as = wanted === column ? '' : ` under the name '${shown(wanted)}' that the format gives it`
  const hint =
    found === undefined
      ? '; deliver it, or take it out of the project'
      : `; the header has '${shown(found)}', and names must be equal to the letter: rename it, or add to the source ${blockFor(column, found)}`
  const says = `the column is missing from the header${as}, which has ${counted(names.length, 'name')}${hint}`
  return finding(source, { column, rule: 'columns', says, examples })
}

function blockFor(column: string, found: string): string {
  if (found.trim() === column) return 'format: { trim: true }'
  return `format: { names: { ${propertyName(column)}: ${textLiteral(found)} } }`
}

/** As it is written in TypeScript. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

export function textLiteral(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
