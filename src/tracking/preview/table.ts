import { csvParseRows, tsvParseRows } from 'd3-dsv'
import { limitOf } from '../../wire/limits.ts'
import type { PreviewAnswer } from '../../wire/run.ts'

type Table = NonNullable<PreviewAnswer['table']>

const ROWS_MAX = limitOf('previewRows')
const COLUMNS_MAX = limitOf('previewColumns')
const CELL_CHARS = 200

/** The rows of the first part of a delimited text; the first line names the columns, and a last line that is cut is left out. */
export function delimitedTable(text: string, ending: string, whole: boolean): Table {
  const bare = text.replace(/^\uFEFF/, '')
  const lines = (ending === 'tsv' ? tsvParseRows : csvParseRows)(bare, (row, i) => (i > ROWS_MAX + 1 ? undefined : row))
  const rows = whole || lines.length > ROWS_MAX + 1 ? lines : lines.slice(0, -1)
  const [names = [], ...cells] = rows
  return {
    columns: names.slice(0, COLUMNS_MAX).map((name) => ({ name: shortened(name), type: null })),
    columns_in_all: names.length,
    rows: cells.slice(0, ROWS_MAX).map((row) => names.slice(0, COLUMNS_MAX).map((_, i) => shortenedOr(row[i]))),
    rows_in_all: whole && cells.length <= ROWS_MAX ? cells.length : null,
  }
}

/** Bytes of a group of rows, beyond which none is read for a look at it. */
const GROUP_BYTES_MAX = 64 << 20

/** The first rows of a Parquet file, by its footer and the first group of rows alone; undefined where that is too much. */
export async function parquetTable(file: {
  byteLength: number
  slice(start: number, end?: number): Promise<ArrayBuffer>
}): Promise<Table | undefined> {
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ])
  const metadata = await parquetMetadataAsync(file)
  const [group] = metadata.row_groups
  const fields = parquetSchema(metadata).children
  const names = fields.slice(0, COLUMNS_MAX).map(({ element }) => element.name)
  const types = fields.map(
    ({ element }) => element.logical_type?.type ?? element.converted_type ?? element.type ?? null,
  )
  const rowsInAll = Number(metadata.num_rows)
  if (group && Number(group.total_byte_size) > GROUP_BYTES_MAX) return undefined
  const rowEnd = Math.min(ROWS_MAX, Number(group?.num_rows ?? 0))
  const rows =
    rowEnd === 0 ? [] : await parquetReadObjects({ file, metadata, columns: names, rowStart: 0, rowEnd, compressors })
  return {
    columns: names.map((name, i) => ({ name: shortened(name), type: types[i] ?? null })),
    columns_in_all: fields.length,
    rows: rows.map((row) => names.map((name) => cellText(row[name]))),
    rows_in_all: rowsInAll,
  }
}

function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof Uint8Array) return `${value.length} B`
  if (typeof value !== 'object') return shortened(String(value))
  return shortened(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? inner.toString() : inner)))
}

const shortenedOr = (text: string | undefined) => (text === undefined ? null : shortened(text))

function shortened(text: string): string {
  return text.length > CELL_CHARS ? `${text.slice(0, CELL_CHARS)}…` : text
}
