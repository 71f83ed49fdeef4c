import type { Clock } from '../base/clock.ts'
import type { Project } from '../config/project.ts'
import type { Flows } from '../flows/flows.ts'
import { collectHandedOver } from '../ingest/hand-over.ts'
import { collectObjects } from '../lake/collect-objects.ts'
import type { Lake } from '../lake/lake.ts'
import type { MergeReport } from '../lake/merge-small.ts'
import type { ObjectStat, ObjectStore } from '../lake/objects.ts'
import { trimCache } from '../lake/trim-cache.ts'
import type { RegistryApi } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { TRAINING_SET_TAG } from '../training/training.ts'
import { INGEST_MONTH } from './ingest-month.ts'

export type StorageRequest = { datasetsKeptMs: number; cacheBytesMax: number; dryRun?: boolean }

type Removed = { files: number; bytes: number }

/** What went, or would go, of each kind that can be made again or that somebody has left. */
export type StorageReport = {
  /** Models on their way from a fit to a run; the run has its own. */
  models: Removed
  /** Training sets that no version was trained from. Null where the tracking server could not be asked. */
  datasets: Removed | null
  /** Files of deliveries that a killed command has left. */
  handedOver: Removed
  /** Copies of this host. */
  cache: Removed
  /** Small deliveries of changes that are read together from now on, and merged files that others have replaced. */
  merged: MergeReport
  /** Runs of flows, with their steps. */
  flows: number
}

type Deps = {
  project: Project
  lake: Lake
  objects: ObjectStore
  flows: Flows
  clock: Clock
  mlflow: { tracking: TrackingApi; registry: RegistryApi }
}

/** What a step wrote and has not recorded yet is younger than that. */
const UNDER_WAY_MS = 24 * 3_600_000

/**
 * Removes what is kept and nobody owns. Never what a flow under way has recorded or was given, what a registered version was
 * trained from, or what was written within a day: who writes an object and who removes it take turns.
 */
export async function collectStorage(
  { project, lake, objects, flows, clock, mlflow }: Deps,
  { datasetsKeptMs, cacheBytesMax, dryRun = false }: StorageRequest,
): Promise<StorageReport> {
  const nowMs = clock.nowMs()
  const deps = { objects, work: lake.work }
  // First the flows, then the versions: what a flow ends with meanwhile is seen among these.
  const underWay = await flows.unfinishedTexts()
  const mentioned = (key: string) => underWay.some((text) => text.includes(key))
  const old = { beforeMs: nowMs - UNDER_WAY_MS, dryRun }
  const models = await collectObjects(deps, { ...old, prefix: 'models', inUse: mentioned })
  const used = await trainedFrom(mlflow).catch(() => undefined)
  const datasets =
    used &&
    (await collectObjects(deps, {
      ...old,
      prefix: 'datasets',
      beforeMs: Math.min(old.beforeMs, nowMs - datasetsKeptMs),
      inUse: (key) => mentioned(key) || used.has(key),
    }))
  const handedOver = await collectHandedOver(objects, {
    inUse: await flows.unfinishedTexts(INGEST_MONTH),
    beforeMs: old.beforeMs,
    dryRun,
  })
  const changes = project.sources.filter((source) => source.kind === 'changes')
  const merged = await lake.mergeSmall({ sources: changes.map((source) => source.name), dryRun })
  if (!dryRun) await lake.caches.sweep()
  const { cacheDir } = objects
  const cache =
    cacheDir === undefined
      ? { files: 0, bytes: 0 }
      : await trimCache(cacheDir, { bytesMax: cacheBytesMax, nowMs, dryRun })
  return {
    models: sum(models),
    datasets: datasets ? sum(datasets) : null,
    handedOver: sum(handedOver),
    cache,
    merged,
    flows: await flows.collect({ dryRun }),
  }
}

/** The training sets of all registered versions, by their object keys. */
async function trainedFrom({ tracking, registry }: Deps['mlflow']): Promise<Set<string>> {
  const used = new Set<string>()
  for (const { name } of await registry.listModels()) {
    for (const { runId } of await registry.versionsOf(name)) {
      if (runId === null) continue
      const run = await tracking.runs.get(runId).catch((error) => {
        if ((error as { code?: unknown }).code === 'not_found') return undefined
        throw error
      })
      const digest = run?.tags.find((tag) => tag.key === TRAINING_SET_TAG)?.value
      if (digest !== undefined) used.add(`datasets/${digest}.parquet`)
    }
  }
  return used
}

function sum(objects: readonly ObjectStat[]): Removed {
  return { files: objects.length, bytes: objects.reduce((total, { bytes }) => total + bytes, 0) }
}
