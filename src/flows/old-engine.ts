import { PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import type { Database } from '../db/sql.ts'
import { textOfError } from './errors.ts'

/**
 * The runs of before: until migration 0021 the engine was DBOS, with tables of its own in the schema `dbos`. When no process
 * of that weir is left, its runs come into our tables, whole or not at all, and the schema goes. What had not ended is
 * not resumed, because another build began it: it ends as failed, and says so.
 */
export async function moveOldRuns(db: Database, log: Log): Promise<number> {
  if (!(await isThere(db))) return 0
  const moved = await db.tx(async (sql) => {
    // Two who look at the same time: the second finds nothing any more. Whoever still works there is not waited for.
    const [mine] = await sql.query<{ free: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended('flows old runs', 0)) and not exists (${OLD_PROCESSES}) as free`,
    )
    if (!mine?.free || !(await isThere(sql))) return undefined
    await sql.query(`create function pg_temp.weir_old_json(kept text) returns json language plpgsql as $$
      begin return (kept::json) -> 'json'; exception when others then return to_json(kept); end $$`)
    const runs = await sql.query(RUNS, [textOfError(begunBefore())])
    await sql.query(STEPS)
    await sql.query('drop function pg_temp.weir_old_json(text)')
    await sql.query('drop schema dbos cascade')
    await sql.query('delete from flows.submission')
    await sql.query('delete from flows.worker')
    return runs.length
  })
  if (moved) log.info({ runs: moved }, 'flows: the runs of the earlier engine were taken over')
  return moved ?? 0
}

async function isThere(sql: Pick<Database, 'query'>): Promise<boolean> {
  const [row] = await sql.query<{ there: boolean }>(
    `select to_regclass('dbos.workflow_status') is not null and to_regclass('dbos.operation_outputs') is not null as there`,
  )
  return row?.there === true
}

/** A process of the older weir holds a lease while it works on flows, and a connection of this name while it waits for one. */
const OLD_LEASE_CLASS = 0x77666c77
const OLD_PROCESSES = `
  select 1 from flows.worker w join pg_locks l on l.locktype = 'advisory' and l.granted and l.objsubid = 2
    and l.classid = ${OLD_LEASE_CLASS} and l.objid = w.lease::oid
    and l.database = (select oid from pg_database where datname = current_database())
  union all
  select 1 from pg_stat_activity where datname = current_database() and application_name = 'weir flows'`

function begunBefore(): PlatformError {
  return new PlatformError(
    'conflict',
    'this run was begun by an older weir and had not ended when that was replaced; it is not resumed, since what is recorded ' +
      'and what comes would be of two different programs. Give the command again, and it starts from the beginning',
  )
}

const RUNS = `
  insert into flows.run (id, flow, key, state, input, output, error, told, submitted_at, waiting_since, started_at, finished_at)
  select workflow_uuid, name, coalesce(attributes->>'key', workflow_uuid), state,
    pg_temp.weir_old_json(inputs) -> 0,
    case when state = 'succeeded' then pg_temp.weir_old_json(output) end,
    case when state = 'failed' then coalesce(case when ended then pg_temp.weir_old_json(error) else $1::json end,
      '{"name":"Error","message":"no error was kept"}') end,
    not exists (select from flows.submission s where s.run_id = workflow_uuid),
    to_timestamp(created_at / 1000.0), to_timestamp(created_at / 1000.0), to_timestamp(started_at_epoch_ms / 1000.0),
    case when ended then to_timestamp(coalesce(completed_at, updated_at) / 1000.0) else now() end
  from (
    select *, status in ('SUCCESS', 'ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED') as ended,
      case status when 'SUCCESS' then 'succeeded' when 'CANCELLED' then 'cancelled' else 'failed' end as state
    from dbos.workflow_status
  ) old
  on conflict (id) do nothing
  returning id`

const STEPS = `
  insert into flows.step (run_id, number, name, output, error, started_at, finished_at)
  select workflow_uuid, function_id, function_name,
    case when error is null then pg_temp.weir_old_json(output) end, pg_temp.weir_old_json(error),
    to_timestamp(coalesce(started_at_epoch_ms, completed_at_epoch_ms, 0) / 1000.0),
    to_timestamp(coalesce(completed_at_epoch_ms, started_at_epoch_ms, 0) / 1000.0)
  from dbos.operation_outputs
  where exists (select from flows.run where id = workflow_uuid)
  on conflict (run_id, number) do nothing`
