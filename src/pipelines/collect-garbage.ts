import type { Clock } from '../base/clock.ts'
import type { Registry } from '../registry/registry.ts'
import type { DeletedExperiment, DeletedRun, Tracking } from '../tracking/tracking.ts'

export type GarbageRequest = { olderThanMs: number; experiments?: string[]; dryRun?: boolean }

export type GarbageReport = {
  dryRun: boolean
  runs: DeletedRun[]
  experiments: DeletedExperiment[]
  /** Deleted runs that stay, because a registered version is made of them. */
  kept: (DeletedRun & { usedBy: string })[]
  /** Deleted experiments that stay, because a registered version is made of a model that was logged in them. */
  keptExperiments: (DeletedExperiment & { usedBy: string })[]
  /** Uploads in parts that nobody added to for a day: given up. */
  uploads: number
}

/** Removes for good the runs and experiments that were deleted long enough ago, with their artifacts. */
export async function collectGarbage(
  { tracking, registry, clock }: { tracking: Tracking; registry: Registry; clock: Clock },
  { olderThanMs, experiments: names, dryRun = false }: GarbageRequest,
): Promise<GarbageReport> {
  const named = names && (await Promise.all(names.map((name) => tracking.experiments.getByName(name))))
  const found = await tracking.garbage.find(
    clock.nowMs() - olderThanMs,
    named?.map((experiment) => experiment.experimentId),
  )
  const used = new Map((await registry.versionsUsing(found.runs)).map((v) => [v.runId, `${v.name}/${v.version}`]))
  const kept = found.runs.flatMap((run) => (used.has(run.runId) ? [{ ...run, usedBy: used.get(run.runId)! }] : []))
  const runs: DeletedRun[] = []
  for (const run of found.runs) {
    if (!used.has(run.runId) && (dryRun || (await tracking.garbage.removeRun(run)))) runs.push(run)
  }
  const holding = new Set(kept.map((run) => run.experimentId))
  // A version may be of a logged model and of no run.
  const at = await registry.versionsAt(found.experiments.flatMap((experiment) => experiment.modelUris))
  const usedAt = new Map(at.map((v) => [v.uri, `${v.name}/${v.version}`]))
  const keptExperiments: GarbageReport['keptExperiments'] = []
  const experiments: DeletedExperiment[] = []
  for (const experiment of found.experiments) {
    const uri = experiment.modelUris.find((one) => usedAt.has(one))
    if (uri !== undefined) keptExperiments.push({ ...experiment, usedBy: usedAt.get(uri) ?? '' })
    if (uri !== undefined || holding.has(experiment.experimentId)) continue
    if (dryRun || (await tracking.garbage.removeExperiment(experiment.experimentId))) experiments.push(experiment)
  }
  const uploads = dryRun ? 0 : await tracking.artifacts.uploads.collect(clock.nowMs())
  return { dryRun, runs, experiments, kept, keptExperiments, uploads }
}
