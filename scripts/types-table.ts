// Prints the table of docs/reference/types.md: `npx tsx scripts/types-table.ts`. A test compares the two.
import { pathToFileURL } from 'node:url'
import { TYPES, VALUE_TYPES } from '../src/values/values.ts'

export function typesTable(): string {
  const lines = VALUE_TYPES.map((type) => {
    const { is, text, json, parquet, postgres, duck } = TYPES[type]
    return `| \`${type}\` | ${is} | ${text} | ${json} | ${parquet} | \`${postgres}\` | \`${duck}\` |`
  })
  return [
    '| type | is | from text | from JSON and a program | from a Parquet column | in PostgreSQL | in DuckDB |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n')
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(typesTable())
