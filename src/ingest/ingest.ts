/**
 * Ingest: the files of a month → checks → snapshots in the lake. A delivery is wholly there or not at all: all faults
 * of all files are found first, then the Parquet objects are written, then one transaction adds the rows of the
 * catalogue. A refused delivery leaves no snapshot, but is itself kept, with what was found.
 *
 * Owns ingest.delivery. What comes in:
 * - A delivery is a folder of files (CSV, Parquet, Excel), tables of a PostgreSQL, or rows of this process; all become a file
 *   of ours first and pass the same checks.
 * - A CSV file is UTF-8 with or without byte order mark, a header, commas, double quotes, line ends of one kind, where the
 *   format of its source does not say otherwise; it may be packed by gzip or zstd. An empty field without quotes is null; `""` is an empty text, which only a String can be.
 * - The folder is named by the operator. A file in it that is a link out of it is refused.
 * - The same bytes for a known moment, or other bytes with the same content, change nothing. Other content is a
 *   correction: a new version beside the old one. That holds for labels too: one month never overwrites another.
 * - Rows of a key that was erased are left out and counted as a warning, whatever file they come in.
 * - Running it twice is running it once, so a durable flow may repeat it after a crash.
 *
 * Doors: erase.ts, finding.ts, hand-over.ts, routes/named-snapshot.ts, sample.ts, submitted.ts.
 */

import { join } from 'node:path'
import { throwIfCancelled } from '../base/cancel.ts'
import { PlatformError } from '../base/errors.ts'
import { displayInstant, type Instant, instantOfMs, parseInstant } from '../base/instant.ts'
import { requirePast } from '../base/past.ts'
import type { Project, Source } from '../config/project.ts'
import type { Subject } from '../lake/subject.ts'
import {
  type Attempt,
  accept,
  type Delivered,
  type IngestDeps,
  type IngestReport,
  noteDelivery,
  type Taken,
  writeDrafts,
} from './commit.ts'
import { openDeliveryFolder, takeFile } from './delivery-file.ts'
import { eraseFromDeliveries, findInDeliveries } from './erase.ts'
import { counted, type Finding, hasErrors } from './finding.ts'
import { otherFiles } from './folder-files.ts'
import { noting } from './noting.ts'
import { openPostgresTables } from './postgres-tables.ts'
import {
  countRefused,
  type Delivery,
  type DeliveryFilter,
  findDelivery,
  insertDelivery,
  selectDeliveries,
  selectDeliveriesOfFile,
} from './queries.ts'
import { type Fetch, readDelivery } from './read-delivery.ts'
import { checkSample, type Proposal } from './sample.ts'
import { aboutFormat, sampleHints } from './sample-hints.ts'
import { elsewhere, requireSubmitted, type Submitted } from './submitted.ts'
import { type IngestParquet, takeParquet } from './take-parquet.ts'
import { writeRows } from './write-rows.ts'

export type { Delivered, IngestReport, Taken }

/** `dir` holds the files; none is needed where every source comes from PostgreSQL. */
export type IngestMonth = {
  dir?: string
  asOf: string
  sources?: readonly string[]
  /** What the files were when another process asked for this: others are refused. */
  submitted?: Submitted
  /** Who brings it. */
  actor?: string
  /** What is kept as the place that it came from, where that is not the folder. */
  from?: string
}

/** What a look found that takes nothing in. */
export type Checked = {
  asOf: Instant
  /** `same`: the lake has these bytes already, so they were not read. No rows where the file could not be read. */
  sources: { source: string; rows: number | null; same: 'bytes' | null }[]
  findings: Finding[]
}

/** Rows of this process, each an object by column; what is left out is null. */
export type IngestRows = { source: string; asOf: string; rows: readonly Readonly<Record<string, unknown>>[] }

export type { Delivery }

export type Ingest = {
  /** Brings the files of a folder in as the state of `asOf`; refuses (delivery_refused) with all findings. */
  ingestMonth(month: IngestMonth): Promise<IngestReport>
  /** The same reading and the same refusals, but nothing is kept, not even that it was asked. */
  checkMonth(month: IngestMonth): Promise<Checked>
  /** What to write in the project so that files of a folder that were refused could be read; see sample.ts. */
  propose(dir: string, findings: readonly Finding[]): Promise<Proposal[]>
  /** Refuses what can be refused without its files: a moment to come, a source that there is not. Gives the sources. */
  requireMonth(month: Pick<IngestMonth, 'asOf' | 'sources'>): Source[]
  /** The same for rows that are no file. They are checked as those of a file are. */
  ingestRows(rows: IngestRows): Promise<IngestReport>
  /** The same for a file of our own. */
  ingestParquet(file: IngestParquet): Promise<IngestReport>
  /** Deliveries whose kept findings name a subject, and taking it out of them; see erase.ts. */
  find(subject: Subject): Promise<number>
  erase(subject: Subject): Promise<number>
  /** Tries so far, newest first, also refused ones. */
  deliveries(where?: Partial<Omit<DeliveryFilter, 'asOf'>> & { asOf?: string }): Promise<Delivery[]>
  delivery(id: number): Promise<Delivery | undefined>
  /** Those that brought a file of this digest, also refused ones, newest first. */
  deliveriesOfFile(digest: string): Promise<Delivery[]>
  /** Deliveries that were refused since then. */
  refusedSince(from: Instant): Promise<number>
}

const DELIVERIES_MAX = 100
/** A file that nothing can be proposed for. */
function unlessRefused(error: unknown): undefined {
  if (!(error instanceof PlatformError)) throw error
}

/** What stands for the folder of a delivery that has none. */
const [NO_FOLDER, ROWS] = ['(no folder)', '(rows)']

export function createIngest(deps: IngestDeps): Ingest {
  const { sql, project, clock } = deps
  return {
    ingestMonth: (month) => withDelivery(deps, month, (delivered) => ingestDelivery(deps, delivered)),
    checkMonth: (month) => withDelivery(deps, month, (delivered) => checkDelivery(deps, delivered)),
    async propose(dir, findings) {
      const proposals: Proposal[] = []
      const look = { duck: deps.duck, project, now: instantOfMs(clock.nowMs()), withScratch: deps.lake.withScratch }
      for (const [file, source] of aboutFormat(findings)) {
        const found = await checkSample(look, join(dir, file), source).catch(unlessRefused)
        if (found) proposals.push({ ...found, file })
      }
      return proposals
    },
    requireMonth({ asOf, sources }) {
      requirePast(parseInstant(asOf, 'as-of'), clock, 'as-of')
      return chooseSources(project, sources)
    },
    async ingestRows({ source: name, asOf: text, rows }) {
      const asOf = requirePast(parseInstant(text, 'as-of'), clock, 'as-of')
      const sources = chooseSources(project, [name])
      const take: Fetch = (source, target) => writeRows(source, rows, target)
      return ingestDelivery(deps, { asOf, directory: ROWS, actor: null, sources, take, beside: [] })
    },
    async ingestParquet({ source: name, asOf: text, path, from }) {
      const [asOf, sources] = [requirePast(parseInstant(text, 'as-of'), clock, 'as-of'), chooseSources(project, [name])]
      return ingestDelivery(deps, { asOf, directory: from, actor: null, sources, take: takeParquet(path), beside: [] })
    },
    find: (subject) => findInDeliveries(sql, subject),
    erase: (subject) => eraseFromDeliveries(sql, project, subject),
    deliveries: ({ asOf, before = null, limit = DELIVERIES_MAX, ...where } = {}) =>
      selectDeliveries(sql, {
        ...where,
        before,
        limit,
        asOf: asOf === undefined ? undefined : parseInstant(asOf, 'as_of'),
      }),
    delivery: (id) => findDelivery(sql, id),
    refusedSince: (from) => countRefused(sql, from),
    deliveriesOfFile: (digest) => selectDeliveriesOfFile(sql, digest, DELIVERIES_MAX),
  }
}

type Opened = {
  asOf: Instant
  directory: string
  actor: string | null
  sources: Source[]
  take: Fetch
  beside: Finding[]
}

/** Opens what a delivery is read from: its folder, and the tables of a PostgreSQL. */
async function withDelivery<T>(
  { lake, project, clock }: IngestDeps,
  { dir, asOf: text, sources: names, submitted, actor, from }: IngestMonth,
  body: (opened: Opened) => Promise<T>,
): Promise<T> {
  const asOf = requirePast(parseInstant(text, 'as-of'), clock, 'as-of')
  const sources = chooseSources(project, names)
  const folder = await folderFor(dir, sources).catch((error) => {
    throw submitted ? elsewhere(error, submitted) : error
  })
  const tables = openPostgresTables({ lake, env: process.env, asOf })
  const take: Fetch = async (source, target) => {
    if (source.postgres) return tables.take(source, target)
    const file = await takeFile(folder ?? '', source, target)
    if (submitted) await requireSubmitted(submitted, { dir: folder ?? '', source, file })
    return file
  }
  try {
    const beside = folder === undefined ? [] : await otherFiles(folder, project)
    return await body({ asOf, directory: from ?? folder ?? NO_FOLDER, actor: actor ?? null, sources, take, beside })
  } finally {
    await tables.close()
  }
}

async function ingestDelivery(
  deps: IngestDeps,
  { asOf, directory, actor, sources, take, beside }: Opened,
): Promise<IngestReport> {
  const { lake, duck, project, clock, log } = deps
  const asked = sources.map((source) => source.name)
  const attempt: Attempt = { asOf, directory, actor, asked, files: [], startedAt: instantOfMs(clock.nowMs()) }
  const noted = noting(take, attempt.files)
  const report = await lake.work.during((held) =>
    lake.withScratch((scratch) =>
      duck.session(async (session) => {
        const suppressed = await lake.suppressions.active()
        const given = { take: noted, sources, scratch }
        const read = await readDelivery({ duck: session, lake, project, asOf, suppressed }, given)
        read.findings.push(...beside)
        // A statement that was interrupted looks like a file that cannot be read.
        throwIfCancelled()
        if (hasErrors(read.findings)) throw await refuse(deps, attempt, read.findings)
        const drafts = await writeDrafts({ ...deps, session, asOf, scratch }, read)
        held()
        throwIfCancelled()
        return accept(deps, attempt, { ...read, drafts, sources })
      }),
    ),
  )
  deps.onDelivery?.({ id: report.delivery, asOf, state: report.state })
  log.info({ asOf, delivery: report.delivery, state: report.state }, 'delivery ingested')
  return report
}

async function checkDelivery(
  { lake, duck, project }: IngestDeps,
  { asOf, directory, sources, take, beside }: Opened,
): Promise<Checked> {
  return lake.withScratch((scratch) =>
    duck.session(async (session) => {
      const suppressed = await lake.suppressions.active()
      const read = await readDelivery({ duck: session, lake, project, asOf, suppressed }, { take, sources, scratch })
      const findings = [...read.findings, ...beside]
      if (hasErrors(findings)) throw refusalOf({ asOf, directory, findings })
      const checked = sources.map(({ name }) => {
        const known = read.unchanged.find((snapshot) => snapshot.source === name)
        const table = read.tables.find(({ source }) => source.name === name)
        return { source: name, rows: known?.rows ?? table?.rows ?? null, same: known ? ('bytes' as const) : null }
      })
      return { asOf, sources: checked, findings }
    }),
  )
}

async function folderFor(dir: string | undefined, sources: Source[]): Promise<string | undefined> {
  if (dir !== undefined) return openDeliveryFolder(dir)
  const files = sources.filter((source) => source.postgres === null).map((source) => source.file)
  if (files.length === 0) return undefined
  throw new PlatformError('invalid_argument', `name the folder that holds ${files.join(', ')}`)
}

function chooseSources(project: Project, names: readonly string[] | undefined): Source[] {
  const unknown = names?.filter((name) => !project.sources.some((s) => s.name === name)) ?? []
  if (unknown.length > 0 || names?.length === 0) {
    const known = project.sources.map((s) => s.name).join(', ')
    throw new PlatformError('invalid_argument', `no source '${unknown.join("', '")}'; the project has ${known}`)
  }
  return project.sources.filter((source) => names === undefined || names.includes(source.name))
}

async function refuse(
  { sql, clock, onDelivery }: IngestDeps,
  attempt: Attempt,
  findings: Finding[],
): Promise<PlatformError> {
  const finishedAt = instantOfMs(clock.nowMs())
  const delivery = await sql.tx(async (tx) => {
    const id = await insertDelivery(tx, { ...attempt, finishedAt, state: 'refused', sources: [], findings })
    await noteDelivery(tx, 'delivery.refused', id, { sources: attempt.asked, asOf: attempt.asOf })
    return id
  })
  onDelivery?.({ id: delivery, asOf: attempt.asOf, state: 'refused' })
  return refusalOf({ ...attempt, findings, delivery })
}

type Refused = { asOf: Instant; directory: string; findings: Finding[]; delivery?: number }

function refusalOf({ asOf, directory, findings, delivery }: Refused): PlatformError {
  const errors = findings.filter((f) => f.severity === 'error')
  const files = new Set(errors.map((f) => f.file)).size
  const message = `delivery of ${displayInstant(asOf)} refused, nothing was taken: ${counted(errors.length, 'fault')} in ${counted(files, 'file')}`
  const lines = [message, ...errors.map((f) => `  ${f.message}`), ...sampleHints(directory, errors)]
  return new PlatformError('delivery_refused', lines.join('\n'), {
    details: { ...(delivery === undefined ? {} : { delivery }), asOf, findings },
  })
}
