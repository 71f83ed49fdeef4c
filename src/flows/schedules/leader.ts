import type { Database, Sql } from '../../db/sql.ts'

/**
 * Who decides for all. The one row of flows.leader is a lease: it is given back when its process ends, taken from one whose
 * process is dead when its entry is removed (`requeue-orphans.ts`, within seconds), and from one that is silent for too long.
 * Whatever a leader decides, it decides in a transaction that renews the lease under its term: one that was overtaken
 * decides nothing more, however late its statement comes.
 */
export type Lead = { executorId: string; term: number }

const SILENT = `interval '30 seconds'`

/** Takes the lead, where nobody has it. */
export async function takeLead(sql: Pick<Sql, 'query'>, executorId: string): Promise<Lead | undefined> {
  const rows = await sql.query<{ term: number }>(
    `insert into flows.leader as leader (holder, term) select id, 1 from flows.executor where id = $1
     on conflict (one) do update set holder = $1, term = leader.term + 1, renewed_at = now()
       where leader.holder is null or leader.holder = $1 or leader.renewed_at < now() - ${SILENT}
     returning term`,
    [executorId],
  )
  return rows[0] && { executorId, term: rows[0].term }
}

/** Runs `body` in a transaction of the leader; 'overtaken' where somebody else has the lead by now. */
export async function asLeader<T>(
  db: Database,
  { executorId, term }: Lead,
  body: (sql: Sql) => Promise<T>,
): Promise<T | 'overtaken'> {
  return db.tx(async (sql) => {
    const rows = await sql.query(
      'update flows.leader set renewed_at = now() where holder = $1 and term = $2 returning term',
      [executorId, term],
    )
    return rows.length === 0 ? 'overtaken' : body(sql)
  })
}

/** Gives the lead back, so that another need not wait. */
export async function giveBack(sql: Pick<Sql, 'query'>, { executorId, term }: Lead): Promise<void> {
  await sql.query('update flows.leader set holder = null where holder = $1 and term = $2', [executorId, term])
}

export type LeaderRow = { place: string; pid: number; term: number; silentMs: number }

export async function findLeader(sql: Pick<Sql, 'query'>): Promise<LeaderRow | undefined> {
  const rows = await sql.query<LeaderRow>(
    `select place, pid, term, (extract(epoch from now() - renewed_at) * 1000)::float8 as "silentMs"
     from flows.leader join flows.executor on executor.id = leader.holder`,
  )
  return rows[0]
}
