import type { Log } from '../base/log.ts'
import type { Database } from '../db/sql.ts'
import { isGone } from './lease.ts'
import { type Absent, absentWorkers, markSilent, removeWorker, requeueRuns, SHARED_QUEUE, tryLease } from './queries.ts'

/**
 * How long a lease may be free before a process that may still live counts as dead. A process that only lost its
 * connection (the database was restarted) takes its lease back well within this; one that is certainly gone (same
 * host, no such process) is not waited for.
 */
const SILENCE_MS_MAX = 10_000

/** Puts the unfinished runs of every dead worker back into the shared queue, and forgets the worker. */
export async function requeueOrphans(db: Database, self: string, log: Log): Promise<void> {
  for (const worker of await absentWorkers(db)) {
    if (worker.executorId === self || !(await isDead(db, worker))) continue
    const runs = await db.tx(async (sql) => {
      if (worker.lease !== null && !(await tryLease(sql, worker.lease))) return 0
      const count = await requeueRuns(sql, worker, { queue: SHARED_QUEUE })
      if (worker.lease !== null) await removeWorker(sql, worker.executorId)
      return count
    })
    if (runs > 0) log.info({ runs, from: worker.executorId }, 'flows: going on with the runs of a worker that died')
  }
}

/** Takes one unfinished run over from `holder` into `queue`, if that process is dead. */
export async function requeueRun(db: Database, holder: string, to: { queue: string; runId: string }): Promise<boolean> {
  const worker = (await absentWorkers(db)).find((w) => w.executorId === holder)
  if (!worker || !(await isDead(db, worker))) return false
  return db.tx(async (sql) => {
    if (worker.lease !== null && !(await tryLease(sql, worker.lease))) return false
    return (await requeueRuns(sql, worker, to)) === 1
  })
}

async function isDead(db: Database, worker: Absent): Promise<boolean> {
  if (worker.lease === null || isGone(worker.place, worker.pid)) return true
  if (worker.silentMs === null) await markSilent(db, worker.executorId)
  return (worker.silentMs ?? 0) > SILENCE_MS_MAX
}
