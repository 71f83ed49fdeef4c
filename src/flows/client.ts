import { DBOSClient } from '@dbos-inc/dbos-sdk'
import { ensureSystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database'
import { GlobalLogger } from '@dbos-inc/dbos-sdk/internal/telemetry/logs'
import { dbRetryConfig } from '@dbos-inc/dbos-sdk/internal/utils'
import type pg from 'pg'
import type { Log } from '../base/log.ts'
import { engineLog } from './engine-log.ts'
import { reviveError } from './errors.ts'
import { findUnfinished, findUnheard, insertSubmission, SHARED_QUEUE } from './queries.ts'

/** What can be asked of the engine's records without running anything: submit, look, fetch a result. */
export type FlowClient = {
  submit(run: { name: string; input: unknown; key: string; runId: string }): Promise<string>
  /** The output of a finished run, or its error, thrown. */
  outputOf(runId: string): Promise<unknown>
  readonly records: Pick<DBOSClient, 'listWorkflows' | 'listWorkflowSteps' | 'getWorkflow'>
  close(): Promise<void>
}

/** The engine asks for a URL with a host even when it is given a pool, and then never uses it. */
export const UNUSED_URL = 'postgresql://given@pool/given'
export const ENGINE_SCHEMA = 'dbos'
export const APPLICATION = 'weir'

/** Between two tries of the engine while the database is away; by itself it would come to wait a minute. */
const RETRY_S_MAX = 1

export async function createClient({ pool, log }: { pool: pg.Pool; log: Log }): Promise<FlowClient> {
  Object.assign(dbRetryConfig, { initialBackoffSec: 0.25, maxBackoffSec: RETRY_S_MAX })
  await migrateEngine(pool, log)
  const dbos = await DBOSClient.create({
    systemDatabaseUrl: UNUSED_URL,
    systemDatabasePool: pool,
    systemDatabaseSchemaName: ENGINE_SCHEMA,
    applicationName: APPLICATION,
    logger: engineLog(log),
  })
  return {
    async submit({ name, input, key, runId }) {
      const session = await pool.connect()
      let submitted: string
      try {
        await session.query('begin')
        // Two who submit the same at the same moment: the second finds the first's run.
        await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`flows ${key}`])
        const sql = {
          query: async <Row>(text: string, values?: readonly unknown[]) =>
            (await session.query(text, values as unknown[])).rows as Row[],
        }
        const known = (await findUnfinished(sql, key)) ?? (await findUnheard(sql, key))
        const options = { queueName: SHARED_QUEUE, workflowName: name, workflowID: runId, attributes: { key } }
        if (known === undefined) {
          await dbos.enqueueInTransaction(session, options, input)
          await insertSubmission(sql, runId, key)
        }
        await session.query('commit')
        submitted = known ?? runId
      } catch (error) {
        // Not given back: what its connection still holds must not be read by another.
        session.release(true)
        throw error
      }
      session.release()
      return submitted
    },
    async outputOf(runId) {
      try {
        return await dbos.retrieveWorkflow(runId).getResult()
      } catch (error) {
        throw reviveError(error)
      }
    },
    records: dbos,
    close: () => dbos.destroy(),
  }
}

/**
 * Brings the engine's own tables up to date: the same database, a schema of its own. Its migrations take no lock of
 * their own, hence ours; when there is nothing to do this costs four short queries.
 */
async function migrateEngine(pool: pg.Pool, log: Log): Promise<void> {
  const session = await pool.connect()
  try {
    await session.query(`select pg_advisory_lock(hashtextextended('flows migrate', 0))`)
    const logger = new GlobalLogger(undefined, { logger: engineLog(log) })
    await ensureSystemDatabase(UNUSED_URL, logger, pool, ENGINE_SCHEMA, false)
  } finally {
    // Destroyed, not returned: whatever happened, the lock goes with the session.
    session.release(true)
  }
}
