import type { Sql } from '../db/sql.ts'
import { recordChange } from '../identity/audit.ts'
import { proxyPathOf } from '../mlflow/artifact-uri.ts'
import type { createArtifacts } from './artifacts.ts'
import * as queries from './queries/garbage.ts'

export type { DeletedExperiment, DeletedRun } from './queries/garbage.ts'

type Deps = { sql: Sql; artifacts: Pick<ReturnType<typeof createArtifacts>, 'remove'> }

/**
 * What was deleted, and its end for good. The files go first, under a lock that holds off a restore: when the process
 * dies between, the rows are there still and the next try removes them.
 */
export function createGarbage({ sql, artifacts }: Deps) {
  return {
    async find(beforeMs: number, experimentIds?: string[]) {
      const ids = experimentIds ?? null
      const [runs, experiments] = await Promise.all([
        queries.selectDeletedRuns(sql, beforeMs, ids),
        queries.selectDeletedExperiments(sql, beforeMs, ids),
      ])
      return { runs, experiments }
    },

    /** False when it was restored or removed meanwhile. */
    removeRun: (run: queries.DeletedRun): Promise<boolean> =>
      sql.tx(async (tx) => {
        if (!(await queries.lockDeletedRun(tx, run.runId))) return false
        await artifacts.remove(proxyPathOf(run.artifactUri))
        await queries.deleteRun(tx, run.runId)
        const on = { kind: 'run', name: run.runId }
        await recordChange(tx, { action: 'garbage.collected', on, from: null, to: null })
        return true
      }),

    /** Also false when it has runs left, deleted or not. */
    removeExperiment: (experimentId: string): Promise<boolean> =>
      sql.tx(async (tx) => {
        if (!(await queries.lockEmptyExperiment(tx, experimentId))) return false
        for (const uri of await queries.selectModelUris(tx, experimentId)) await artifacts.remove(proxyPathOf(uri))
        for (const uri of await queries.selectSpanUris(tx, experimentId)) await artifacts.remove(proxyPathOf(uri))
        await queries.deleteExperiment(tx, experimentId)
        const on = { kind: 'experiment', name: experimentId }
        await recordChange(tx, { action: 'garbage.collected', on, from: null, to: null })
        return true
      }),
  }
}
