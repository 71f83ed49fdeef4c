import { join } from 'node:path'
import { must } from '../../base/assert.ts'
import { sha256File } from '../../base/hash.ts'
import { progress } from '../../base/progress.ts'
import { requireSameRows } from '../../base/same-rows.ts'
import { keepObjects } from '../../lake/collect-objects.ts'
import type { DuckSession } from '../../lake/duck.ts'
import type { ObjectStore } from '../../lake/objects.ts'
import type { Work } from '../../lake/work.ts'
import { valueText } from '../../values/text.ts'
import type { FeatureValue } from '../../wire/features.ts'
import type { OnDemandPart, ServiceDefinition } from '../define/definitions.ts'
import { computeOnDemand } from '../define/on-demand.ts'
import { ident, literal } from '../define/quote.ts'
import { duckType, plainInDuck } from '../define/value-types.ts'

/** A column of a result: an expression over the rows of the join. */
export type Output = { name: string; sql: string }

/** The features of a service as columns of the joined rows `j`, those on demand of `o`. */
export function featureOutputs(service: ServiceDefinition): Output[] {
  return service.features.map((f) => {
    if (f.stored !== null) return { name: f.name, sql: `j.s${f.stored}` }
    const part = must(service.onDemand[f.onDemand])
    return { name: f.name, sql: `o.o${f.onDemand}_${part.features.findIndex((x) => x.name === f.feature)}` }
  })
}

/**
 * Writes the joined rows as Parquet, in the order of `n`, and keeps the file in the object store under its digest.
 * Refuses (corrupt) to keep it when it has not as many rows as there are entity rows.
 */
export async function writeDataset(
  deps: { session: DuckSession; objects: ObjectStore; lake: { work: Pick<Work, 'alone'> } },
  service: ServiceDefinition,
  joined: { sql: string; rows: number },
  outputs: readonly Output[],
): Promise<{ digest: string; objectKey: string; rows: number }> {
  const { objects } = deps
  return objects.withScratch(async (dir) => {
    const path = join(dir, 'dataset.parquet')
    await writeJoined(deps.session, service, joined, outputs, path)
    const digest = await sha256File(path)
    const objectKey = `datasets/${digest}.parquet`
    await keepObjects(deps.lake.work, () => objects.moveIn(objectKey, path))
    return { digest, objectKey, rows: joined.rows }
  })
}

/** The same, as a file of the caller's. */
export async function writeJoined(
  session: DuckSession,
  service: ServiceDefinition,
  joined: { sql: string; rows: number },
  outputs: readonly Output[],
  path: string,
): Promise<void> {
  const from = await withOnDemand(session, service, joined)
  const columns = outputs.map(({ name, sql }) => `${sql} AS ${ident(name)}`)
  const [copied] = await session.rows<{ Count: number }>(
    `COPY (SELECT ${columns.join(', ')} FROM ${from} ORDER BY j.n) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
  )
  requireSameRows('entity rows → dataset', joined.rows, must(copied).Count)
  requireSameRows('dataset → Parquet file', joined.rows, await rowsIn(session, `read_parquet(${literal(path)})`))
}

/** Where outputs are read from: the joined rows as `j`, beside them `o` where features are computed on demand. */
export async function withOnDemand(
  session: DuckSession,
  service: ServiceDefinition,
  joined: { sql: string; rows: number },
): Promise<string> {
  if (service.onDemand.length === 0) return `(${joined.sql}) j`
  await session.run(`CREATE OR REPLACE TEMP TABLE joined AS ${joined.sql}`)
  requireSameRows('entity rows → point-in-time join', joined.rows, await rowsIn(session, 'joined'))
  await computeAll(session, service)
  requireSameRows('joined rows → on-demand features', joined.rows, await rowsIn(session, 'on_demand'))
  return 'joined j JOIN on_demand o ON o.n = j.n'
}

async function rowsIn(session: DuckSession, table: string): Promise<number> {
  const [row] = await session.rows<{ rows: number }>(`SELECT count(*) AS "rows" FROM ${table}`)
  return must(row).rows
}

/** Rows whose outputs are in memory at once. A session that streams takes no rows meanwhile, so they come in pages. */
const PAGE_ROWS = 16_384

/** The outputs of all on-demand views for each joined row, as table `on_demand` (n, o<view>_<feature>). */
async function computeAll(session: DuckSession, service: ServiceDefinition): Promise<void> {
  const outputs = service.onDemand.flatMap((part, i) =>
    part.features.map((f, k) => ({ name: `o${i}_${k}`, type: f.type })),
  )
  await session.run(
    `CREATE OR REPLACE TEMP TABLE on_demand (n BIGINT, ${outputs.map((o) => `${o.name} VARCHAR`).join(', ')})`,
  )
  const request = service.request.map((column, i) => {
    return `${plainInDuck(`CAST(r${i} AS ${duckType(column.type)})`, column.type)} AS r_${i}`
  })
  const stored = service.stored.map((s, i) => `${plainInDuck(`s${i}`, s.type)} AS s${i}`)
  const select = ['n', ...stored, ...request].join(', ')
  const [ends] = await session.rows<{ first: number | null; last: number | null }>(
    'SELECT min(n) AS first, max(n) AS last FROM joined',
  )
  const [first, last] = [ends?.first ?? 0, ends?.last ?? -1]
  const onProgress = progress()
  for (let at = first; at <= last; at += PAGE_ROWS) {
    onProgress({ phase: 'on-demand features', done: at - first, total: last - first + 1, unit: 'rows' })
    const page = `SELECT ${select} FROM joined WHERE n >= ${at} AND n < ${at + PAGE_ROWS} ORDER BY n`
    const columns = await computePage(session, service, page, outputs.length)
    await session.append('on_demand', ['BIGINT', ...outputs.map(() => 'VARCHAR' as const)], columns)
  }
  // Text keeps every digit on the way; the declared type comes back here.
  const typed = outputs.map((o) => `CAST(${o.name} AS ${duckType(o.type)}) AS ${o.name}`)
  await session.run(`CREATE OR REPLACE TEMP TABLE on_demand AS SELECT n, ${typed.join(', ')} FROM on_demand`)
}

/** Column by column: `n`, then each output as text. */
async function computePage(session: DuckSession, service: ServiceDefinition, page: string, outputs: number) {
  const columns: (FeatureValue | null)[][] = Array.from({ length: outputs + 1 }, () => [])
  for await (const chunk of session.chunks(page)) {
    const values = chunk.getColumns() as FeatureValue[][]
    for (let r = 0; r < chunk.rowCount; r++) {
      const stored = (i: number) => plain(values[1 + i]?.[r])
      const request = (i: number) => plain(values[1 + service.stored.length + i]?.[r])
      columns[0]?.push(values[0]?.[r] ?? null)
      let at = 1
      for (const part of service.onDemand) {
        const row = argumentsOf(service, part, stored, request)
        for (const value of computeOnDemand(part, row)) columns[at++]?.push(value === null ? null : valueText(value))
      }
    }
  }
  return columns
}

/** Arguments by name: features as they are stored, request data as it was sent. */
export function argumentsOf(
  service: ServiceDefinition,
  part: OnDemandPart,
  stored: (place: number) => FeatureValue,
  request: (place: number) => FeatureValue,
): Record<string, FeatureValue> {
  const row: Record<string, FeatureValue> = {}
  for (const input of part.inputs) row[input.argument] = stored(input.stored)
  for (const { name } of part.request) row[name] = request(service.request.findIndex((c) => c.name === name))
  return row
}

function plain(value: FeatureValue | undefined): FeatureValue {
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value)
  return value ?? null
}
