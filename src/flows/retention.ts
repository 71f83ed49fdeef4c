import type { Sql } from '../db/sql.ts'

/** What is kept of runs that are over, with their steps. */
export type Retention = {
  /** A run that ended longer ago is removed. */
  keepMs: number
  /** Of one flow, at most that many. */
  keepRuns: number
}

export const RETENTION: Retention = { keepMs: 30 * 24 * 3_600_000, keepRuns: 10_000 }

const AT_ONCE = 1_000

/** An answer that nobody was told stays for whoever submits the same again. */
const GONE_FOR_GOOD = `(run.told or run.state <> 'succeeded' or run.finished_at < now() - interval '1 hour')`

/**
 * Removes the runs that need not be kept any more, with their steps; gives (or, dry, would give) their number. Never one that waits or runs.
 * Many at once, on several hosts, take different ones.
 */
export async function collectRuns(sql: Sql, { keepMs, keepRuns }: Retention, dryRun = false): Promise<number> {
  if (dryRun) {
    const rows = await sql.query<{ n: number }>(`select count(*)::int as n from (${surplus('')}) s`, [keepMs, keepRuns])
    return rows[0]!.n
  }
  let removed = 0
  for (;;) {
    const rows = await sql.query(
      `with gone as (${surplus(`limit ${AT_ONCE} for update of run skip locked`)})
       delete from flows.run using gone where run.id = gone.id returning run.id`,
      [keepMs, keepRuns],
    )
    removed += rows.length
    if (rows.length < AT_ONCE) return removed
  }
}

/** Of each flow, when the newest of those that are too many ended: what ended before it goes too. */
function surplus(tail: string): string {
  return `
    select run.id from flows.run
    left join (
      select named.flow, too_many.finished_at
      from (select distinct flow from flows.run where finished_at is not null) named
      cross join lateral (
        select finished_at from flows.run newest
        where newest.flow = named.flow and newest.finished_at is not null
        order by newest.finished_at desc offset $2 limit 1
      ) too_many
    ) bound on bound.flow = run.flow
    where run.finished_at is not null and ${GONE_FOR_GOOD}
      and (run.finished_at < now() - $1::float8 * interval '1 millisecond' or run.finished_at <= bound.finished_at)
    ${tail}`
}
