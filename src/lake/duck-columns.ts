import type { DuckDBMaterializedResult } from '@duckdb/node-api'

/** One column of a result. `valid[i]` is 0 where the value is null; `values` then holds NaN or the empty text. */
export type DuckColumn = {
  name: string
  /** As DuckDB names it, e.g. `FLOAT`. */
  type: string
  values: Float64Array | string[]
  valid: Uint8Array
}

const NUMERIC = /^(BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|FLOAT|DOUBLE)$/

/** A whole result by columns: numbers and booleans as doubles, the rest as text. */
export async function readColumns(result: DuckDBMaterializedResult): Promise<{ rows: number; columns: DuckColumn[] }> {
  const rows = result.rowCount
  const columns = result.columnNames().map((name, i) => {
    const type = String(result.columnType(i))
    const values = NUMERIC.test(type) ? new Float64Array(rows) : new Array<string>(rows).fill('')
    return { name, type, values, valid: new Uint8Array(rows) }
  })
  let offset = 0
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (const [i, column] of columns.entries()) fill(column, chunk.getColumnValues(i), offset)
    offset += chunk.rowCount
  }
  return { rows, columns }
}

function fill(column: DuckColumn, values: readonly unknown[], offset: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    column.valid[offset + i] = value === null ? 0 : 1
    if (column.values instanceof Float64Array) column.values[offset + i] = value === null ? Number.NaN : Number(value)
    else if (value !== null) column.values[offset + i] = String(value)
  }
}
