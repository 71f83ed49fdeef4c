import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PlatformError } from '../../base/errors.ts'
import type { DuckSession } from '../../lake/duck.ts'
import { notOfType, readJsonValue, shown } from '../../values/json.ts'
import { valueText } from '../../values/text.ts'
import type { ValueType } from '../../values/values.ts'
import type { ServiceDefinition } from '../define/definitions.ts'
import { EVENT_TIMESTAMP } from '../define/entity-rows.ts'
import { ident, literal } from '../define/quote.ts'
import { duckType } from '../define/value-types.ts'

type Rows = readonly Readonly<Record<string, unknown>>[]

/**
 * Entity rows of a program as a Parquet file. Keys, the moment and request data are read by their declared types, as JSON
 * is; every other column has the type of its values, which must be all of one kind.
 */
export async function writeEntityRows(
  duck: DuckSession,
  {
    service,
    rows,
    scratch,
    timestamp,
  }: { service: ServiceDefinition; rows: Rows; scratch: string; timestamp?: string },
): Promise<string> {
  if (rows.length === 0) throw refusal('there are no entity rows')
  const moment = { name: timestamp ?? EVENT_TIMESTAMP, type: 'UnixTimestamp' } as const
  const declared = new Map([...service.keys, ...service.request, moment].map((c) => [c.name, c.type]))
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].map((name) => {
    return { name, type: declared.get(name) ?? ownType(rows, name) }
  })
  const [json, file] = [join(scratch, 'rows.json'), join(scratch, 'rows.parquet')]
  const lines = rows.map((row, r) => {
    const texts = columns.map(({ name, type }) => textOf(row[name], { name, type, row: r + 1 }))
    return `${JSON.stringify(Object.fromEntries(texts.map((text, i) => [`c${i}`, text])))}\n`
  })
  await writeFile(json, lines.join(''))
  const fields = columns.map((_, i) => `c${i}: 'VARCHAR'`).join(', ')
  const typed = columns.map(({ name, type }, i) => `CAST(c${i} AS ${duckType(type)}) AS ${ident(name)}`)
  await duck.run(
    `COPY (SELECT ${typed.join(', ')} FROM read_json(${literal(json)}, format = 'newline_delimited', columns = {${fields}}))
     TO ${literal(file)} (FORMAT parquet)`,
  )
  return file
}

function textOf(given: unknown, { name, type, row }: { name: string; type: ValueType; row: number }): string | null {
  const value = readJsonValue(type, given)
  if (value === undefined) throw refusal(`entity row ${row}: ${notOfType(type, given, name)}`)
  return value === null ? null : valueText(value)
}

/** The type that holds every value of a column of the caller's own as it is. */
function ownType(rows: Rows, name: string): ValueType {
  let kind: ValueType | undefined
  let long = false
  for (const [r, row] of rows.entries()) {
    const value = row[name]
    if (value === null || value === undefined) continue
    const here = kindOf(value)
    const where = `entity row ${r + 1}: column '${name}' holds ${shown(value)}`
    if (here === undefined) throw refusal(`${where}, which no column can`)
    long ||= typeof value === 'bigint'
    const bothNumbers = kind !== undefined && kind !== here && isNumber(kind) && isNumber(here)
    // A double would round the bigint.
    if (kind === undefined || kind === here) kind = here
    else if (bothNumbers && !long) kind = 'Float64'
    else throw refusal(`${where} (${here}), and ${kind} in the rows before`)
  }
  return kind ?? 'String'
}

function kindOf(value: unknown): ValueType | undefined {
  if (value instanceof Date) return 'UnixTimestamp'
  if (typeof value === 'string') return 'String'
  if (typeof value === 'boolean') return 'Bool'
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return 'Int64'
  return typeof value === 'number' ? 'Float64' : undefined
}

function isNumber(type: ValueType): boolean {
  return type === 'Int64' || type === 'Float64'
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}
