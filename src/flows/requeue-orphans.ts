import type { Log } from '../base/log.ts'
import type { Database } from '../db/sql.ts'
import { isGone } from './lease.ts'
import { type Absent, absentExecutors, markSilent, removeExecutor, tryLease } from './queries/executors.ts'
import { notifyWaiting, takeAway } from './queries/runs.ts'

/**
 * How long a lease may be free before a process that may still live counts as dead. A process that only lost its
 * connection (the database was restarted) takes its lease back well within this; one that is certainly gone (same
 * host, no such process) is not waited for.
 */
const SILENCE_MS_MAX = 10_000

/** Gives the unfinished runs of every dead process back to all, and forgets the process. */
export async function requeueOrphans(db: Database, self: string, log: Log): Promise<void> {
  for (const absent of await absentExecutors(db)) {
    if (absent.executorId === self || !(await isDead(db, absent))) continue
    const runs = await db.tx(async (sql) => {
      if (!(await tryLease(sql, absent.lease))) return 0
      const count = await removeExecutor(sql, absent.executorId, { died: true })
      if (count > 0) await notifyWaiting(sql)
      return count
    })
    if (runs > 0) log.info({ runs, from: absent.executorId }, 'flows: the runs of a worker that died go on')
  }
}

/** Reserves one unfinished run of `holder` for another process, if `holder` is dead. */
export async function requeueRun(
  db: Database,
  holder: string,
  to: { executorId: string; runId: string },
): Promise<boolean> {
  const absent = (await absentExecutors(db)).find((e) => e.executorId === holder)
  if (!absent || !(await isDead(db, absent))) return false
  return db.tx(async (sql) => (await tryLease(sql, absent.lease)) && takeAway(sql, to.runId, holder, to.executorId))
}

async function isDead(db: Database, absent: Absent): Promise<boolean> {
  if (isGone(absent.place, absent.pid)) return true
  if (absent.silentMs === null) await markSilent(db, absent.executorId)
  return (absent.silentMs ?? 0) > SILENCE_MS_MAX
}
