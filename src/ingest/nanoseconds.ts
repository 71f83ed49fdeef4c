import { nameInFile } from '../config/usual-format.ts'
import type { DuckSession } from '../lake/duck.ts'
import { counted, EXAMPLES_MAX, type Example, type Finding, finding } from './finding.ts'
import type { LoadedPart, Table } from './load-table.ts'

/**
 * Times with a zone that a Parquet file keeps in nanoseconds come out of DuckDB cut to the microsecond, without a word. So the
 * raw numbers of such columns, which data frames write by default, are looked at: what is finer than a microsecond is
 * refused, as it is of times without a zone and in CSV.
 */
export async function checkNanoseconds(duck: DuckSession, table: Table): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const part of table.parts) findings.push(...(await nanosecondsOf(duck, table, part)))
  return findings
}

async function nanosecondsOf(
  duck: DuckSession,
  { source: whole, columns }: Table,
  part: LoadedPart,
): Promise<Finding[]> {
  const source = { ...whole, file: part.name }
  const found = await duck.rows<{ name: string }>(
    `SELECT name FROM parquet_schema('${part.path.replaceAll("'", "''")}')
     WHERE logical_type LIKE '%isAdjustedToUTC=1%NANOS=NanoSeconds%'`,
  )
  const names = found
    .map((row) => row.name)
    .filter((name) => columns.some((column) => nameInFile(source.format, column.name) === name))
  if (names.length === 0) return []
  const cut = new Map<string, { count: number; examples: Example[] }>()
  await readNanoseconds(part.path, names, (column, row, value) => {
    if (value % 1000n === 0n) return
    const held = cut.get(column) ?? { count: 0, examples: [] }
    cut.set(column, held)
    held.count++
    if (held.examples.length < EXAMPLES_MAX) held.examples.push({ line: row, key: null, value: `${value} ns` })
  })
  return [...cut].map(([column, { count, examples }]) => {
    const says = `${counted(count, 'row')} with a time finer than a microsecond, which would be cut; round it to microseconds`
    return finding(source, { column, rule: 'type', count, examples, says })
  })
}

async function readNanoseconds(
  path: string,
  columns: string[],
  visit: (column: string, row: number, value: bigint) => void,
): Promise<void> {
  const [{ asyncBufferFromFile, parquetRead }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ])
  await parquetRead({
    file: await asyncBufferFromFile(path),
    columns,
    compressors,
    parsers: { timestampFromNanoseconds: (value: bigint) => value } as NonNullable<
      Parameters<typeof parquetRead>[0]['parsers']
    >,
    onChunk({ columnName, columnData, rowStart }) {
      for (let i = 0; i < columnData.length; i++) {
        const value: unknown = columnData[i]
        if (typeof value === 'bigint') visit(columnName, rowStart + i + 1, value)
      }
    },
  })
}
