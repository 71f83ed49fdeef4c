import { type Fault, missing } from './fault.ts'
import type { Source } from './project.ts'
import type { ProjectShape } from './shapes.ts'

const ENDING = /\.(csv|tsv|txt)(\.(gz|zst))?$|\.(parquet|xlsx)$/i
const TEXT_ONLY = ['delimiter', 'quote', 'encoding', 'header', 'skipLines'] as const
const DEFAULTS = { delimiter: ',', quote: '"', encoding: 'utf-8', header: true, skipLines: 0 }

/** What a source says of its file and of how that is written must fit together. */
export function formatFaults(source: Source, shape: ProjectShape['sources'][string] | undefined): Fault[] {
  const at = `sources.${source.name}`
  const faults: Fault[] = [...fileFaults(at, source), ...nameFaults(`${at}.format`, source)]
  const fault = (field: string, message: string) => faults.push({ path: `${at}.format.${field}`, message })
  const { format } = source
  if (format.decimal === format.thousands) {
    fault(
      'thousands',
      `'${format.thousands}' cannot be the decimal sign too; a file with decimal ',' mostly has thousands '.'`,
    )
  }
  if (format.delimiter === format.quote) fault('quote', `"${format.quote}" is the delimiter already`)
  if (shape && shape.timeZone !== null && shape.format.timeZone !== null && shape.timeZone !== shape.format.timeZone) {
    fault('timeZone', `the source says timeZone '${shape.timeZone}' too; write it once`)
  }
  const parquet = /\.parquet$/i.test(source.file)
  const excel = /\.xlsx$/i.test(source.file)
  for (const field of TEXT_ONLY) {
    if (format[field] === DEFAULTS[field]) continue
    if (source.postgres !== null) fault(field, 'is for files, and this source comes from PostgreSQL')
    else if (parquet) fault(field, 'is for CSV, and this source is a Parquet file')
    else if (excel && field !== 'skipLines' && field !== 'header')
      fault(field, 'is for CSV, and this source is an Excel workbook')
  }
  if (format.sheet !== null && !excel && !source.anyFile) {
    fault('sheet', `is for Excel workbooks (.xlsx), and this source is '${source.file}'`)
  }
  return faults
}

function fileFaults(at: string, { postgres, file, anyFile }: Source): Fault[] {
  if (postgres !== null || anyFile) return []
  const path = `${at}.file`
  const parts = file.split('/')
  if (parts.length > 2 || parts.some((part) => part === '' || part === '.' || part === '..') || /[\\\0]/.test(file)) {
    return [
      {
        path,
        message: `'${file}' must be a file of the delivery's folder, or the files of one folder in it, like customers/*.parquet`,
      },
    ]
  }
  if (parts.length === 2 && parts[0]?.includes('*')) {
    return [
      { path, message: `'${file}' must name its folder in full; a * may stand behind it, like customers/*.parquet` },
    ]
  }
  if (ENDING.test(file) || file.endsWith('.*')) return []
  return [{ path, message: `'${file}' must end with .csv, .csv.gz, .csv.zst, .tsv, .txt, .parquet or .xlsx` }]
}

function nameFaults(at: string, { columns, format: { names, header } }: Source): Fault[] {
  const declared = columns.map((c) => c.name)
  const given = Object.entries(names)
  const repeated = given.filter(([, name], i) => given.findIndex(([, other]) => other === name) !== i)
  const taken = given.filter(
    ([column, name]) => name !== column && declared.includes(name) && names[name] === undefined,
  )
  return [
    ...given.flatMap(([column]) => missing(`${at}.names.${column}`, 'column', column, declared)),
    ...repeated.map(([column, name]) => ({ path: `${at}.names.${column}`, message: `'${name}' is named twice` })),
    ...taken.map(([column, name]) => ({
      path: `${at}.names.${column}`,
      message: `'${name}' is a column of its own; name what that one is called in the file, too`,
    })),
    ...(given.length > 0 && !header ? [{ path: `${at}.names`, message: 'a file without a header has no names' }] : []),
  ]
}
