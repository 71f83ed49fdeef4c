import { join } from 'node:path'
import { canonicalJson } from '../base/hash.ts'
import { addMs, type Instant } from '../base/instant.ts'
import { requireSameRows } from '../base/same-rows.ts'
import type { Project, Source } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Lake, Snapshot } from '../lake/lake.ts'
import type { ActiveSuppressions } from '../lake/suppression.ts'
import { checkHeader, readHeader } from './csv-header.ts'
import { checkRowCount, checkSameKeys } from './delivery-checks.ts'
import type { DeliveredFile } from './delivery-file.ts'
import type { Finding } from './finding.ts'
import { leaveOut } from './leave-out.ts'
import { loadTable, parquetTypes, type Table } from './load-table.ts'
import { checkNanoseconds } from './nanoseconds.ts'
import { checkStructure, explainUnreadable } from './structure.ts'
import { checkTable } from './table-checks.ts'
import { snapshotColumns } from './write-snapshot.ts'

/** What a delivery holds: tables to become snapshots, sources that the lake has byte for byte, and all findings. */
export type ReadDelivery = { tables: Table[]; unchanged: Snapshot[]; findings: Finding[] }

type Deps = {
  duck: DuckSession
  lake: Lake
  project: Project
  asOf: Instant
  /** Whose rows are left out; nobody's when absent. */
  suppressed?: ActiveSuppressions
}

/** Brings what was delivered for a source to a path of ours, or says why it cannot be. */
export type Fetch = (source: Source, target: string) => Promise<DeliveredFile | Finding>

type Given = { take: Fetch; sources: readonly Source[]; scratch: string }

/** Reads and checks everything there is, also after the first fault, so that one refusal names them all. */
export async function readDelivery(deps: Deps, given: Given): Promise<ReadDelivery> {
  const delivery: ReadDelivery = { tables: [], unchanged: [], findings: [] }
  const unreadable = new Set<string>()
  for (const [i, source] of given.sources.entries()) {
    const file = await given.take(source, join(given.scratch, `file_${i}`))
    const known = 'rule' in file ? undefined : await sameBytes(deps, source, file)
    if (known) {
      delivery.unchanged.push(known)
      continue
    }
    const read = 'rule' in file ? { findings: [file] } : await readFile(deps, source, file, `s${i}`)
    delivery.findings.push(...read.findings)
    if (read.table) delivery.tables.push(read.table)
    if (!read.table || !isWhole(read.table)) unreadable.add(source.name)
  }
  for (const table of delivery.tables) {
    if (!unreadable.has(table.source.name)) delivery.findings.push(...(await checkRowCount(deps, table)))
  }
  delivery.findings.push(...(await checkSameKeys(deps, delivery.tables, unreadable)))
  return delivery
}

/**
 * The newest version of the moment, if it came from these very bytes, holds the columns that are declared now, and is
 * whole in the store: one that is not is written again from this delivery.
 */
async function sameBytes({ lake, asOf }: Deps, source: Source, file: DeliveredFile): Promise<Snapshot | undefined> {
  const newest = await lake.newestVersion(source.name, asOf)
  if (newest?.fileDigest !== file.fileDigest) return undefined
  if (canonicalJson(newest.columns) !== canonicalJson(snapshotColumns(source))) return undefined
  return (await lake.stateOf(newest)) === 'intact' ? newest : undefined
}

async function readFile(
  { duck, asOf, project, suppressed }: Deps,
  source: Source,
  file: DeliveredFile,
  name: string,
): Promise<{ table?: Table; findings: Finding[] }> {
  const header =
    file.format === 'csv'
      ? await readHeader(file.path, source)
      : await parquetTypes(duck, file.path).then(
          (types) => [...types.keys()],
          (error) => explainUnreadable(source, file, error),
        )
  if (!Array.isArray(header)) return { findings: [header] }
  const findings = checkHeader(header, source)
  if (findings.some((f) => f.rule === 'delimiter')) return { findings }
  const table = await loadTable(duck, { source, file, header, name, until: endOf(asOf) }).catch((error) =>
    explainUnreadable(source, file, error),
  )
  if ('rule' in table) return { findings: [...findings, table] }
  if (file.rows !== undefined && !table.moreRejects) {
    requireSameRows(`rows of '${source.name}' → delivery`, file.rows, table.rows + table.rejects.length)
  }
  findings.push(...(await checkStructure(table)))
  if (file.format === 'parquet') findings.push(...(await checkNanoseconds(duck, table)))
  const left = suppressed ? await leaveOut(duck, table, project, suppressed) : { table, findings: [] }
  findings.push(...left.findings)
  if (!table.moreRejects) findings.push(...(await checkTable(duck, left.table)))
  return { table: left.table, findings }
}

/** A date means the whole day: what happened in its course is a part of it. */
function endOf(asOf: Instant): Instant {
  return asOf.endsWith('T00:00:00.000000Z') ? addMs(asOf, 24 * 3600_000) : asOf
}

/** All its rows were read and have a key: else its number of rows and its keys say nothing. */
function isWhole({ source, columns, rejects, rows }: Table): boolean {
  return (
    rejects.length === 0 &&
    (rows > 0 || source.kind === 'changes') &&
    source.key.every((key) => columns.some((c) => c.name === key))
  )
}
