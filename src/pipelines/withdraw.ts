import { randomUUID } from 'node:crypto'
import type { Instant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { Sql } from '../db/sql.ts'
import type { Features } from '../features/features.ts'
import type { Materialized } from '../features/online/materialize.ts'
import type { Flows } from '../flows/flows.ts'
import { recordChange } from '../identity/audit.ts'
import type { Lake, Recorded, WithdrawRequest } from '../lake/lake.ts'
import type { Predictions } from '../predictions/predictions.ts'
import type { RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { type Impact, impactOfSnapshot } from './impact.ts'
import type { RunOptions } from './ingest-month.ts'
import { projectDigest, stepsOfProject } from './same-project.ts'
import { tellWithdrawn } from './triggers.ts'

export type WithdrawFlowRequest = { source: string; validAt: Instant; version?: number; actor: string; reason: string }

export type WithdrawReport = {
  snapshot: Recorded
  /** The version of the same moment that counts now, null where there is none: then an earlier moment counts. */
  countsNow: string | null
  /** Who had read it, as it was when it was withdrawn. */
  impact: Impact
  /** The live views that showed it, corrected. */
  views: Materialized[]
}

async function noteWithdrawal(tx: Sql, snapshot: Recorded): Promise<void> {
  const { id, withdrawn, rows } = snapshot
  const on = { kind: 'snapshot', name: id }
  await tellWithdrawn(tx, snapshot)
  await recordChange(tx, {
    action: 'snapshot.withdrawn',
    on,
    from: { rows },
    to: null,
    why: withdrawn?.reason ?? null,
  })
}

type Input = WithdrawRequest & { project: string }
type Deps = {
  features: Features
  lake: Lake
  mlflow: { tracking: TrackingApi; registry: RegistryApi }
  predictions: Pick<Predictions, 'counts'>
  project: Project
}

/**
 * The flow `withdraw`: a version is taken back, it is said who read it, and each live view that shows it is brought back to
 * what counts without it. A process that is killed in between is gone on from there.
 */
export function defineWithdraw(
  flows: Flows,
  deps: Deps,
): (request: WithdrawFlowRequest, options?: RunOptions) => Promise<WithdrawReport> {
  const { features, lake, project } = deps
  flows.define<Input, WithdrawReport>('withdraw', async (run, { project: digest, ...request }) => {
    const step = stepsOfProject(run, project, digest)
    const snapshot = await step('withdraw', () => lake.withdraw(request, noteWithdrawal))
    const impact = await step('impact', () => impactOfSnapshot(deps, snapshot))
    const views: Materialized[] = []
    for (const { view, asOf } of impact.liveViews) {
      const bounds = asOf === null ? {} : { asOf }
      views.push(await step(`materialize ${view}`, () => features.materializeOne(view, bounds)))
    }
    const now = await step(
      'look',
      async () => (await lake.newestVersion(snapshot.source, snapshot.validAt))?.id ?? null,
    )
    return { snapshot, countsNow: now, impact, views }
  })
  return async (request, options) => {
    const input: Input = { ...request, request: randomUUID(), project: projectDigest(project) }
    // The same wish again goes on with a run that was interrupted.
    const { source, validAt, version } = request
    const runId = await flows.submit('withdraw', input, { key: [source, validAt, version ?? null, input.project] })
    return flows.wait<WithdrawReport>(runId, options)
  }
}
