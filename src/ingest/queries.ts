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
  sources: Omit<SourceReport, 'findings'>[]
  findings: Finding[]
}

export async function insertDelivery(sql: Sql, d: Omit<Delivery, 'id'>): Promise<number> {
  const rows = await sql.query<{ id: number }>(
    `insert into ingest.delivery (as_of, directory, state, started_at, finished_at, sources, findings)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb)
     returning id`,
    [d.asOf, d.directory, d.state, d.startedAt, d.finishedAt, JSON.stringify(d.sources), JSON.stringify(d.findings)],
  )
  return rows[0]!.id
}

export async function selectDeliveries(sql: Sql, where: { asOf?: Instant; limit: number }): Promise<Delivery[]> {
  return sql.query<Delivery>(
    `select id, as_of as "asOf", directory, state, started_at as "startedAt", finished_at as "finishedAt", sources, findings
     from ingest.delivery
     where ($1::timestamptz is null or as_of = $1)
     order by id desc
     limit $2`,
    [where.asOf ?? null, where.limit],
  )
}

/** Of all deliveries that have some. */
export async function selectFindings(sql: Sql): Promise<{ id: number; findings: Finding[] }[]> {
  return sql.query(`select id, findings from ingest.delivery where findings <> '[]' order by id`)
}

export async function updateFindings(sql: Sql, id: number, findings: readonly Finding[]): Promise<void> {
  await sql.query('update ingest.delivery set findings = $2::jsonb where id = $1', [id, JSON.stringify(findings)])
}
