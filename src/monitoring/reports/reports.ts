/**
 * Reports of drift: made, kept, and given as pages.
 *
 * Owns monitoring.report. Invariants:
 * - The same content is one report, under the same id, however often it is made.
 * - No more than the newest 1,000 are kept.
 * - A report that is new leaves its figures as measures, in the same transaction.
 */
import { PlatformError } from '../../base/errors.ts'
import { digestOf } from '../../base/hash.ts'
import type { Instant } from '../../base/instant.ts'
import type { Database, Sql } from '../../db/sql.ts'
import { actorNow } from '../../identity/principal.ts'
import type { DriftReport } from '../../wire/drift.ts'
import type { Drift } from '../drift/drift.ts'
import type { DriftOptions, Side } from '../drift/sides.ts'
import { recordMeasures } from '../measures.ts'
import { measuresOfDrift } from './measures-of-drift.ts'

export type ReportRequest = { reference: Side; current: Side; options?: DriftOptions }

export type ReportLine = {
  id: string
  on: { kind: 'model' | 'source'; name: string }
  at: Instant
  share: number | null
  drifted: boolean
  says: string
  madeAt: Instant
  madeBy: string
  number: number
}

export type KeptReport = ReportLine & { report: DriftReport }

export type Reports = {
  /** Compares, and keeps what was found. */
  make(request: ReportRequest): Promise<KeptReport>
  get(id: string): Promise<KeptReport>
  /** The newest first. */
  list(where: { on?: string; limit: number; before: number | null }): Promise<ReportLine[]>
}

const KEPT = 1_000
const ID_LENGTH = 16

export function createReports({ sql, drift }: { sql: Database; drift: Drift }): Reports {
  return {
    async make({ reference, current, options }) {
      const report = await drift.between(reference, current, options)
      return sql.tx((tx) => keep(tx, report))
    },
    async get(id) {
      const [found] = await select(sql, 'r.id = $1', [id])
      if (found) return found
      throw new PlatformError('not_found', `there is no report '${id}'; list them with GET /drift-reports`)
    },
    list: ({ on = null, limit, before }) =>
      sql.query<ReportLine>(
        `select ${LINE} from monitoring.report r
         where ($1::text is null or r.on_name = $1) and ($2::bigint is null or r.number < $2)
         order by r.number desc limit $3`,
        [on, before, limit],
      ),
  }
}

const LINE = `r.id, json_build_object('kind', r.on_kind, 'name', r.on_name) as "on", r.at, r.share, r.drifted, r.says,
  r.made_at as "madeAt", r.made_by as "madeBy", r.number`

async function select(sql: Pick<Sql, 'query'>, condition: string, values: unknown[]): Promise<KeptReport[]> {
  return sql.query<KeptReport>(`select ${LINE}, r.body as report from monitoring.report r where ${condition}`, values)
}

async function keep(tx: Sql, report: DriftReport): Promise<KeptReport> {
  const digest = digestOf(report)
  const id = digest.slice(0, ID_LENGTH)
  const on = report.model === null ? (['source', report.current.name] as const) : (['model', report.model] as const)
  // Who makes the same at once waits here; the later one finds it made.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('monitoring.report', 0))`)
  const before = await select(tx, 'r.digest = $1', [digest])
  await tx.query(
    `insert into monitoring.report (id, digest, kind, on_kind, on_name, at, share, drifted, says, body, made_by)
     values ($1, $2, 'drift', $3, $4, $5, $6, $7, $8, $9::json, $10)
     on conflict (digest) do update set made_at = clock_timestamp(), made_by = excluded.made_by,
       number = nextval(pg_get_serial_sequence('monitoring.report', 'number'))`,
    [
      id,
      digest,
      ...on,
      report.current.at,
      report.share,
      report.drifted,
      report.says,
      JSON.stringify(report),
      actorNow().name,
    ],
  )
  if (before.length === 0) await recordMeasures(tx, measuresOfDrift(report, id))
  await tx.query(
    `delete from monitoring.report where number <= (
       select number from monitoring.report order by number desc offset $1 limit 1
     )`,
    [KEPT],
  )
  const [kept] = await select(tx, 'r.id = $1', [id])
  return kept!
}
