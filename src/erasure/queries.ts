import type { Instant } from '../base/instant.ts'
import type { Sql } from '../db/sql.ts'
import type { AffectedKey } from '../features/erasure.ts'
import type { ErasureReport } from './report.ts'

export type RequestRow = {
  id: string
  suppression: number
  entity: string
  /** Null when it is done. */
  key: string[] | null
  actor: string
  reason: string
  askedAt: Instant
  finishedAt: Instant | null
  report: ErasureReport | null
}

const COLUMNS = `id, suppression, entity, key, actor, reason, asked_at as "askedAt", finished_at as "finishedAt", report`

export async function selectRequest(sql: Sql, id: string): Promise<RequestRow | undefined> {
  const rows = await sql.query<RequestRow>(`select ${COLUMNS} from erasure.request where id = $1`, [id])
  return rows[0]
}

export async function selectUnfinished(sql: Sql, suppression: number): Promise<string | undefined> {
  const rows = await sql.query<{ id: string }>(
    'select id from erasure.request where suppression = $1 and finished_at is null',
    [suppression],
  )
  return rows[0]?.id
}

export async function insertRequest(sql: Sql, row: Omit<RequestRow, 'finishedAt' | 'report'>): Promise<void> {
  await sql.query(
    `insert into erasure.request (id, suppression, entity, key, actor, reason, asked_at)
     values ($1, $2, $3, $4::jsonb, $5, $6, $7)`,
    [row.id, row.suppression, row.entity, JSON.stringify(row.key), row.actor, row.reason, row.askedAt],
  )
}

export async function insertAffected(sql: Sql, request: string, affected: readonly AffectedKey[]): Promise<void> {
  await sql.query(
    `insert into erasure.affected (request, view, key)
     select $1, a->>'view', a->'key' from jsonb_array_elements($2::jsonb) a on conflict do nothing`,
    [request, JSON.stringify(affected)],
  )
}

export async function selectAffected(sql: Sql, request: string): Promise<AffectedKey[]> {
  return sql.query<AffectedKey>('select view, key from erasure.affected where request = $1 order by view, key', [
    request,
  ])
}

/** From here on nothing of ours says whose request it was. */
export async function finishRequest(sql: Sql, id: string, at: Instant, report: ErasureReport): Promise<void> {
  await sql.query('delete from erasure.affected where request = $1', [id])
  await sql.query(
    `update erasure.request set key = null, finished_at = $2, report = $3 where id = $1 and finished_at is null`,
    [id, at, report],
  )
}

export async function updateReport(sql: Sql, id: string, report: ErasureReport): Promise<void> {
  await sql.query('update erasure.request set report = $2 where id = $1 and finished_at is not null', [id, report])
}
