import { join } from 'node:path'
import { must } from '../base/assert.ts'
import { sha256File } from '../base/hash.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { FeatureValue } from '../wire/features.ts'
import type { OnDemandPart, ServiceDefinition } from './definitions.ts'
import { computeOnDemand } from './on-demand.ts'
import { ident, literal } from './quote.ts'
import { duckType, plainInDuck } from './value-types.ts'

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

/** Writes the joined rows as Parquet, in the order of `n`, and keeps the file in the object store under its digest. */
export async function writeDataset(
  deps: { session: DuckSession; objects: ObjectStore },
  service: ServiceDefinition,
  joined: string,
  outputs: readonly Output[],
): Promise<{ digest: string; objectKey: string; rows: number }> {
  const { session, objects } = deps
  let from = `(${joined}) j`
  if (service.onDemand.length > 0) {
    await session.run(`CREATE OR REPLACE TEMP TABLE joined AS ${joined}`)
    await computeAll(session, service)
    from = 'joined j JOIN on_demand o ON o.n = j.n'
  }
  const columns = outputs.map(({ name, sql }) => `${sql} AS ${ident(name)}`)
  return objects.withScratch(async (dir) => {
    const path = join(dir, 'dataset.parquet')
    const [copied] = await session.rows<{ Count: number }>(
      `COPY (SELECT ${columns.join(', ')} FROM ${from} ORDER BY j.n) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`,
    )
    const digest = await sha256File(path)
    const objectKey = `datasets/${digest}.parquet`
    await objects.adopt(objectKey, path)
    return { digest, objectKey, rows: must(copied).Count }
  })
}

/** The outputs of all on-demand views for each joined row, as table `on_demand` (n, o<view>_<feature>). */
async function computeAll(session: DuckSession, service: ServiceDefinition): Promise<void> {
  const outputs = service.onDemand.flatMap((part, i) =>
    part.features.map((f, k) => ({ name: `o${i}_${k}`, type: f.type })),
  )
  await session.run(
    `CREATE OR REPLACE TEMP TABLE on_demand (n BIGINT, ${outputs.map((o) => `${o.name} VARCHAR`).join(', ')})`,
  )
  const request = service.request.map((column) => {
    const key = `r_${service.request.indexOf(column)}`
    return `${plainInDuck(`CAST(${requestColumn(service, column.name)} AS ${duckType(column.type)})`, column.type)} AS ${key}`
  })
  const stored = service.stored.map((s, i) => `${plainInDuck(`s${i}`, s.type)} AS s${i}`)
  const chunks = session.chunks(`SELECT ${['n', ...stored, ...request].join(', ')} FROM joined`)
  for await (const chunk of chunks) {
    const values = chunk.getColumns() as FeatureValue[][]
    const columns: (FeatureValue | null)[][] = [[], ...outputs.map(() => [])]
    for (let r = 0; r < chunk.rowCount; r++) {
      columns[0]?.push(values[0]?.[r] ?? null)
      let at = 1
      for (const part of service.onDemand) {
        const row = argumentsOf(
          service,
          part,
          (i) => plain(values[1 + i]?.[r]),
          (i) => {
            return plain(values[1 + service.stored.length + i]?.[r])
          },
        )
        for (const value of computeOnDemand(part, row)) columns[at++]?.push(value === null ? null : String(value))
      }
    }
    await session.append('on_demand', ['BIGINT', ...outputs.map(() => 'VARCHAR' as const)], columns)
  }
  // Text keeps every digit on the way; the declared type comes back here.
  const typed = outputs.map((o) => `CAST(${o.name} AS ${duckType(o.type)}) AS ${o.name}`)
  await session.run(`CREATE OR REPLACE TEMP TABLE on_demand AS SELECT n, ${typed.join(', ')} FROM on_demand`)
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

/** Request data stands among the columns that the entity rows came with. */
function requestColumn(service: ServiceDefinition, name: string): string {
  return `r${service.request.findIndex((c) => c.name === name)}`
}
