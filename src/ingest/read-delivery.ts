import { join } from 'node:path'
import { canonicalJson } from '../base/hash.ts'
import type { Instant } from '../base/instant.ts'
import type { Project, Source } from '../config/project.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Lake, Snapshot } from '../lake/lake.ts'
import { checkHeader, readHeader } from './csv-header.ts'
import { checkRowCount, checkSameKeys } from './delivery-checks.ts'
import { type DeliveredFile, takeFile } from './delivery-file.ts'
import type { Finding } from './finding.ts'
import { loadTable, type Table } from './load-table.ts'
import { checkStructure, explainUnreadable } from './structure.ts'
import { checkTable } from './table-checks.ts'
import { snapshotColumns } from './write-snapshot.ts'

/** What a delivery holds: tables to become snapshots, sources that the lake has byte for byte, and all findings. */
export type ReadDelivery = { tables: Table[]; unchanged: Snapshot[]; findings: Finding[] }

type Deps = { duck: DuckSession; lake: Lake; project: Project; asOf: Instant }
type Given = { folder: string; sources: readonly Source[]; scratch: string }

/** Reads and checks everything there is, also after the first fault, so that one refusal names them all. */
export async function readDelivery(deps: Deps, given: Given): Promise<ReadDelivery> {
  const delivery: ReadDelivery = { tables: [], unchanged: [], findings: [] }
  const unreadable = new Set<string>()
  for (const [i, source] of given.sources.entries()) {
    const file = await takeFile(given.folder, source, join(given.scratch, `file_${i}.csv`))
    const known = 'rule' in file ? undefined : await sameBytes(deps, source, file)
    if (known) {
      delivery.unchanged.push(known)
      continue
    }
    const read = 'rule' in file ? { findings: [file] } : await readFile(deps.duck, source, file, `s${i}`)
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

/** The newest version of the moment, if it came from these very bytes and holds the columns that are declared now. */
async function sameBytes({ lake, asOf }: Deps, source: Source, file: DeliveredFile): Promise<Snapshot | undefined> {
  const newest = await lake.newestVersion(source.name, asOf)
  if (newest?.fileDigest !== file.fileDigest) return undefined
  return canonicalJson(newest.columns) === canonicalJson(snapshotColumns(source)) ? newest : undefined
}

async function readFile(
  duck: DuckSession,
  source: Source,
  file: DeliveredFile,
  name: string,
): Promise<{ table?: Table; findings: Finding[] }> {
  const header = await readHeader(file.path, source)
  if (!Array.isArray(header)) return { findings: [header] }
  const findings = checkHeader(header, source)
  if (findings.some((f) => f.rule === 'delimiter')) return { findings }
  const table = await loadTable(duck, { source, file, header, name }).catch((error) =>
    explainUnreadable(source, file, error),
  )
  if ('rule' in table) return { findings: [...findings, table] }
  findings.push(...(await checkStructure(table)))
  if (!table.moreRejects) findings.push(...(await checkTable(duck, table)))
  return { table, findings }
}

/** All its rows were read and have a key: else its number of rows and its keys say nothing. */
function isWhole({ source, columns, rejects, rows }: Table): boolean {
  return rejects.length === 0 && rows > 0 && source.key.every((key) => columns.some((c) => c.name === key))
}
