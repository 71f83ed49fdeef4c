import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import type { Finding } from './finding.ts'
import type { SourceReport } from './report.ts'

/** One try to bring a delivery in. */
export type Delivery = {
  id: number
  asOf: Instant
  directory: string
  state: 'accepted' | 'unchanged' | 'refused'
  startedAt: Instant
  finishedAt: Instant
  /** Who brought it; null for those from before this was kept. */
  actor: string | null
  /** As they came, also of a refused delivery: one that could not be read is not among them. */
  files: TakenFile[]
  sources: Omit<SourceReport, 'findings'>[]
  findings: Finding[]
}

export type TakenFile = { source: string; file: string; bytes: number; digest: string }

/** `asked`: the names of the sources, which a refused delivery would not tell otherwise. */
export async function insertDelivery(sql: Sql, d: Omit<Delivery, 'id'> & { asked: string[] }): Promise<number> {
  const rows = await sql.query<{ id: number }>(
    `insert into ingest.delivery (as_of, directory, state, started_at, finished_at, sources, findings, actor, asked, files)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8, $9, $10::jsonb)
     returning id`,
    [
      ...[d.asOf, d.directory, d.state, d.startedAt, d.finishedAt],
      ...[JSON.stringify(d.sources), JSON.stringify(d.findings), d.actor, d.asked, JSON.stringify(d.files)],
    ],
  )
  return rows[0]!.id
}

const COLUMNS = `id, as_of as "asOf", directory, state, started_at as "startedAt", finished_at as "finishedAt", actor,
  files, sources, findings`

export type DeliveryFilter = {
  asOf?: Instant
  source?: string
  state?: Delivery['state']
  /** Only those with a smaller id. */
  before: number | null
  limit: number
}

/** Newest first. */
export async function selectDeliveries(sql: Sql, where: DeliveryFilter): Promise<Delivery[]> {
  return sql.query<Delivery>(
    `select ${COLUMNS} from ingest.delivery
     where ($1::timestamptz is null or as_of = $1)
       and ($2::text is null or case when asked is null
         then jsonb_path_exists(sources || findings, '$[*] ? (@.source == $name)', jsonb_build_object('name', $2::text))
         else $2 = any (asked) end)
       and ($3::text is null or state = $3)
       and ($4::bigint is null or id < $4)
     order by id desc
     limit $5`,
    [where.asOf ?? null, where.source ?? null, where.state ?? null, where.before, where.limit],
  )
}

export async function findDelivery(sql: Sql, id: number): Promise<Delivery | undefined> {
  const rows = await sql.query<Delivery>(`select ${COLUMNS} from ingest.delivery where id = $1`, [id])
  return rows[0]
}

/** Those that brought a file of this digest, also where they were refused; newest first. */
export async function selectDeliveriesOfFile(sql: Sql, digest: string, limit: number): Promise<Delivery[]> {
  return sql.query<Delivery>(
    `select ${COLUMNS} from ingest.delivery where files @> jsonb_build_array(jsonb_build_object('digest', $1::text))
     order by id desc limit $2`,
    [digest, limit],
  )
}

/** Of all deliveries that have some. */
export async function selectFindings(sql: Sql): Promise<{ id: number; findings: Finding[] }[]> {
  return sql.query(`select id, findings from ingest.delivery where findings <> '[]' order by id`)
}

export async function updateFindings(sql: Sql, id: number, findings: readonly Finding[]): Promise<void> {
  await sql.query('update ingest.delivery set findings = $2::jsonb where id = $1', [id, JSON.stringify(findings)])
}

export async function countRefused(sql: Sql, from: Instant): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `select count(*) as count from ingest.delivery where state = 'refused' and recorded_at >= $1`,
    [from],
  )
  return row?.count ?? 0
}
