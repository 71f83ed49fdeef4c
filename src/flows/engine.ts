import { DBOS } from '@dbos-inc/dbos-sdk'
import { registerInternalQueue } from '@dbos-inc/dbos-sdk/internal/wfqueue'
import type pg from 'pg'
import { assert } from '../base/assert.ts'
import { messageOf } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { withinMs } from '../base/within.ts'
import { isAway } from '../base/world.ts'
import type { Database } from '../db/sql.ts'
import { APPLICATION, ENGINE_SCHEMA, UNUSED_URL } from './client.ts'
import { engineLog } from './engine-log.ts'
import type { FlowBody } from './flow.ts'
import { type Lease, takeLease } from './lease.ts'
import { ownQueueOf, SHARED_QUEUE } from './queries.ts'
import { requeueOrphans } from './requeue-orphans.ts'
import { createStep } from './step.ts'

/** This process as a worker. DBOS is one per process, so there is one engine per process. */
export type Engine = {
  readonly serves: 'any' | 'own'
  readonly executorId: string
  readonly ownQueue: string
  stop(graceMs: number): Promise<void>
}

/**
 * Runs are not tied to a build: a rebuilt or upgraded Weir goes on with what its predecessor began. The engine would
 * by default take a hash of the code and leave such runs lying. What a flow owes for this is said in `flows.ts`.
 */
const RUNS_VERSION = '1'

/** Between two looks for runs: a submission waits 1/8 s on average, an idle worker asks four times a second. */
const SHARED_POLL_MS = 250
/** A command waits for this queue and lives shortly. */
const OWN_POLL_MS = 25
const ADOPT_EVERY_MS = 1_000
const LAUNCH_MS_MAX = 30_000
const SHUTDOWN_MS_MAX = 2_000
/** Training uses all cores by itself; a second run may go on beside it. */
const RUNS_AT_ONCE = 2

export async function startEngine(options: {
  db: Database
  pool: pg.Pool
  bodies: ReadonlyMap<string, FlowBody>
  executorId: string
  serves: 'any' | 'own'
  log: Log
  signal: AbortSignal
}): Promise<Engine> {
  const { db, executorId, serves, log, signal } = options
  assert(!DBOS.isInitialized(), 'one process runs one engine')
  const lease = await takeLease({ url: db.url, executorId, serves, log, signal })
  try {
    return await launch(options, lease)
  } catch (error) {
    // A start that fails gives back what it took.
    lease.close()
    await shutdown()
    await lease.release()
    throw error
  }
}

async function launch(options: Parameters<typeof startEngine>[0], lease: Lease): Promise<Engine> {
  const { db, executorId, serves, log, signal } = options
  const ownQueue = ownQueueOf(executorId)
  const underWay = new Set<Promise<unknown>>()

  // Queues of this process's memory only: nothing about them has to be kept, or cleaned up after a kill.
  if (serves === 'any') {
    registerInternalQueue(SHARED_QUEUE, { workerConcurrency: RUNS_AT_ONCE, minPollingIntervalMs: SHARED_POLL_MS })
  }
  if (serves === 'own') registerInternalQueue(ownQueue, { minPollingIntervalMs: OWN_POLL_MS })
  for (const [name, body] of options.bodies) register(name, body, lease, underWay)
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: UNUSED_URL,
    systemDatabasePool: options.pool,
    systemDatabaseSchemaName: ENGINE_SCHEMA,
    // Messages and streams between runs are not used; listening costs a connection and 0.1 s at each start.
    useListenNotify: false,
    runMigrations: false,
    applicationVersion: RUNS_VERSION,
    executorID: executorId,
    listenQueues: [],
    logger: engineLog(log),
  })
  // By itself it would go on trying for ever when the database goes away.
  await withinMs('the flow engine', LAUNCH_MS_MAX, () => DBOS.launch(), signal)
  await requeueOrphans(db, executorId, log)
  const stopAdopting = serves === 'any' ? keepAdopting(db, executorId, log) : () => {}

  return {
    serves,
    executorId,
    ownQueue,
    async stop(graceMs) {
      stopAdopting()
      lease.close()
      const done = await settled(underWay, graceMs)
      await shutdown()
      // A step that is still at work keeps the lease until the process ends: nobody may start it elsewhere before.
      if (done) await lease.release()
      else log.warn('flows: a step is still at work; its run is taken up when this process has ended')
    },
  }
}

/** Ends in any case; what of the engine still waits for the database ends with its connections. */
async function shutdown(): Promise<void> {
  await withinMs('the flow engine', SHUTDOWN_MS_MAX, () => DBOS.shutdown({ deregister: true })).catch(() => {})
}

function register(name: string, body: FlowBody, lease: Lease, underWay: Set<Promise<unknown>>): void {
  const run = (input: unknown): Promise<unknown> => {
    const id = DBOS.workflowID
    assert(id !== undefined, 'a flow runs inside of the engine')
    return body({ id, step: createStep(lease, underWay) }, input)
  }
  DBOS.registerWorkflow(run, { name })
}

/** Looks for dead workers from now on: a worker that idles notices within a second. */
function keepAdopting(db: Database, executorId: string, log: Log): () => void {
  let looking = false
  const timer = setInterval(async () => {
    if (looking) return
    looking = true
    await requeueOrphans(db, executorId, log).catch((e) =>
      // That the database is away is told once, by the pulse.
      log[isAway(e) ? 'debug' : 'warn'](`flows: cannot look for the dead: ${messageOf(e)}`),
    )
    looking = false
  }, ADOPT_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Whether all of `work` came to its end within `graceMs`. */
async function settled(work: Set<Promise<unknown>>, graceMs: number): Promise<boolean> {
  if (work.size === 0) return true
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), graceMs)
  })
  const done = Promise.allSettled(work).then(() => true as const)
  const result = await Promise.race([done, late])
  clearTimeout(timer)
  return result
}
