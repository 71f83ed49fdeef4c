import { displayInstant } from '../base/instant.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { IDENTITY_TAG, type LoggedRun } from './log-run.ts'
import type { Pinned } from './pin.ts'
import type { ProductionVersions } from './report/champion.ts'

export type Registered = { name: string; version: number }

export type Trained = Registered & { runId: string; metrics: Record<string, number>; params: Record<string, string> }

/** What training needs of the registry. */
export type VersionStore = ProductionVersions & {
  ensureModel(name: string): Promise<unknown>
  findVersionByRun(name: string, runId: string): Promise<{ version: number } | undefined>
  createVersion(version: {
    name: string
    source: string
    runId: string
    description: string
    tags: Record<string, string>
  }): Promise<{ version: number }>
}

type Deps = { tracking: TrackingApi; registry: VersionStore }

export async function register(
  { registry }: Pick<Deps, 'registry'>,
  pinned: Pinned,
  run: LoggedRun,
): Promise<Registered> {
  const name = pinned.model
  await registry.ensureModel(name)
  const found = await registry.findVersionByRun(name, run.runId)
  if (found) return { name, version: found.version }
  const made = await registry.createVersion({
    name,
    source: run.source,
    runId: run.runId,
    description: `As of ${displayInstant(pinned.asOf)}, ${pinned.mode}.`,
    tags: { 'weir.model_digest': run.modelDigest, [IDENTITY_TAG]: run.identity },
  })
  return { name, version: made.version }
}

/** The newest version whose finished run has this identity. */
export async function findTrained(
  { tracking, registry }: Deps,
  pinned: Pinned,
  identity: string,
): Promise<Trained | undefined> {
  const { experimentId } = await tracking.experiments.ensure(pinned.definitions.model.experiment)
  const filter = `tags.\`${IDENTITY_TAG}\` = '${identity}' and attributes.status = 'FINISHED'`
  const { rows } = await tracking.runs.search({ experimentIds: [experimentId], filter, maxResults: 20 })
  for (const run of rows) {
    const found = await registry.findVersionByRun(pinned.model, run.runId)
    if (!found) continue
    const metrics = Object.fromEntries(run.metrics.map(({ key, value }) => [key, value]))
    const params = Object.fromEntries(run.params.map(({ key, value }) => [key, value]))
    return { name: pinned.model, version: found.version, runId: run.runId, metrics, params }
  }
  return undefined
}
