import { join } from 'node:path'
import { throwIfCancelled } from '../base/cancel.ts'
import { canonicalJson } from '../base/hash.ts'
import { addMs, type Instant } from '../base/instant.ts'
import { progress } from '../base/progress.ts'
import { requireSameRows } from '../base/same-rows.ts'
import type { Project, Source } from '../config/project.ts'
import { nameInFile, USUAL_FORMAT } from '../config/usual-format.ts'
import type { DuckSession } from '../lake/duck.ts'
import type { Lake, Snapshot } from '../lake/lake.ts'
import type { ActiveSuppressions } from '../lake/suppression.ts'
import { leaveBlankRows } from './blank-rows.ts'
import { checkHeader, readHeader } from './csv-header.ts'
import type { DeliveredFile, DeliveredPart } from './delivered.ts'
import { checkRowCount, checkSameKeys } from './delivery-checks.ts'
import { type Finding, finding, hasErrors, shown } from './finding.ts'
import { leaveOut } from './leave-out.ts'
import { loadPart, newTable, parquetTypes, type Table } from './load-table.ts'
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
  const onProgress = progress()
  for (const [i, source] of given.sources.entries()) {
    throwIfCancelled()
    const file = await given.take(source, join(given.scratch, `file_${i}`))
    onProgress({ phase: `check ${source.name}`, done: i, total: given.sources.length, unit: 'files' })
    const known = 'rule' in file || hasErrors(file.findings) ? undefined : await sameBytes(deps, file)
    if (known && !('rule' in file)) {
      delivery.unchanged.push(known)
      delivery.findings.push(...file.findings)
      continue
    }
    const read = 'rule' in file ? { findings: [file] } : await readFile(deps, file, `s${i}`)
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
async function sameBytes({ lake, asOf }: Deps, { source, fileDigest }: DeliveredFile): Promise<Snapshot | undefined> {
  const newest = await lake.newestVersion(source.name, asOf)
  if (newest?.fileDigest !== fileDigest) return undefined
  if (canonicalJson(newest.columns) !== canonicalJson(snapshotColumns(source))) return undefined
  return (await lake.stateOf(newest)) === 'intact' ? newest : undefined
}

/** What of a delivery one file needs; the lake is not asked. */
export type ReadDeps = Pick<Deps, 'duck' | 'project' | 'asOf' | 'suppressed'>

/** Reads what was delivered for one source into a table of the session, and checks what can be checked by itself. */
export async function readFile(
  deps: ReadDeps,
  file: DeliveredFile,
  name: string,
): Promise<{ table?: Table; findings: Finding[] }> {
  const { duck, project, suppressed } = deps
  const { table: loaded, findings } = await loadFile(deps, file, name)
  if (!loaded) return { findings }
  const { table, findings: blank } = await leaveBlankRows(duck, loaded)
  findings.push(...blank)
  findings.push(...(await checkStructure(table)))
  if (table.format === 'parquet') findings.push(...(await checkNanoseconds(duck, table)))
  const left = suppressed ? await leaveOut(duck, table, project, suppressed) : { table, findings: [] }
  findings.push(...left.findings)
  if (!table.parts.some((part) => part.moreRejects)) findings.push(...(await checkTable(duck, left.table)))
  return { table: left.table, findings }
}

/** The table alone, and what is wrong with the names of its columns; no table where a part of it cannot be read. */
export async function loadFile(
  { duck, asOf }: Pick<ReadDeps, 'duck' | 'asOf'>,
  file: DeliveredFile,
  name: string,
): Promise<{ table?: Table; findings: Finding[] }> {
  const { source, format, fileDigest } = file
  const findings = [...file.findings]
  const table = newTable({ source, format, fileDigest, name, until: endOf(asOf) })
  for (const part of file.parts) {
    findings.push(...(await readPart(duck, table, part)))
    if (table.parts.length === 0) return { findings }
  }
  return table.parts.length < file.parts.length ? { findings } : { table, findings }
}

/** One part into the table, where its header is one that can be read and is that of the first. */
async function readPart(duck: DuckSession, table: Table, part: DeliveredPart): Promise<Finding[]> {
  const source = { ...table.source, file: part.name }
  const explain = (error: unknown) => explainUnreadable(source, { part, format: table.format }, error)
  const header = await headerOf(duck, source, table.format, part).catch(explain)
  if (!Array.isArray(header)) return [header]
  const line = table.format === 'parquet' ? null : (part.sheet?.headerRow ?? 1 + part.linesBefore)
  const findings = table.parts.length === 0 ? checkHeader(header, source, line) : otherColumns(table, source, header)
  if (findings.some((f) => f.rule === 'delimiter' || f.rule === 'part_columns')) return findings
  const fault = await loadPart(duck, table, part, header).then(() => undefined, explain)
  if (fault) return [...findings, fault]
  const loaded = table.parts.at(-1)!
  if (part.rows !== undefined && !loaded.moreRejects) {
    requireSameRows(`rows of '${source.name}' → delivery`, part.rows, loaded.rows + loaded.rejects.length)
  }
  return findings
}

/** The names of the columns, or why there are none; throws DuckDB's error for a broken Parquet file. */
export async function headerOf(
  duck: DuckSession,
  source: Source,
  format: Table['format'],
  part: DeliveredPart,
): Promise<string[] | Finding> {
  if (format === 'parquet') return [...(await parquetTypes(duck, part.path)).keys()]
  return readHeader(part, part.sheet ? { ...source, format: { ...USUAL_FORMAT, trim: source.format.trim } } : source)
}

/** All parts have the same declared columns: one that lacks some would fill them with nulls. */
function otherColumns(table: Table, source: Source, header: readonly string[]): Finding[] {
  const first = table.parts[0]!.name
  const held = table.columns.map((column) => column.name)
  const has = source.columns.map((c) => c.name).filter((name) => header.includes(nameInFile(source.format, name)))
  const differ = [...held.filter((name) => !has.includes(name)), ...has.filter((name) => !held.includes(name))]
  return differ.map((column) => {
    const says = `the column is ${has.includes(column) ? 'here and not' : 'missing here, and is'} in '${shown(first)}'; all parts have the same columns`
    return finding(source, { column, rule: 'part_columns', says })
  })
}

/** A date means the whole day: what happened in its course is a part of it. */
function endOf(asOf: Instant): Instant {
  return asOf.endsWith('T00:00:00.000000Z') ? addMs(asOf, 24 * 3600_000) : asOf
}

/** All its rows were read and have a key: else its number of rows and its keys say nothing. */
function isWhole({ source, columns, parts, rows }: Table): boolean {
  return (
    parts.every((part) => part.rejects.length === 0) &&
    (rows > 0 || source.kind === 'changes') &&
    source.key.every((key) => columns.some((c) => c.name === key))
  )
}
