import { messageOf, PlatformError } from '../base/errors.ts'
import type { Project } from '../config/project.ts'
import type { BuiltSet, LiveView } from '../features/define/readers.ts'
import type { Features } from '../features/features.ts'
import type { Lake, Recorded } from '../lake/lake.ts'
import { pickVersion } from '../lake/withdraw.ts'
import type { CountedAnswers, Predictions } from '../predictions/predictions.ts'
import type { RegistryApi, Stage } from '../registry/registry.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { TRAINING_SET_IDENTITY_TAG } from '../training/training.ts'
import { countTouched } from './touched-answers.ts'

export type ImpactRequest = { source: string; validAt: string; version?: number }

export type ReadingRun = { runId: string; runName: string; status: string; trainingSet: string }
export type ReadingVersion = { name: string; version: number; stage: Stage; aliases: string[]; runId: string }

export type Impact = {
  snapshot: Recorded
  trainingSets: BuiltSet[]
  /** Null where the tracking server could not be asked; `unanswered` says why. */
  runs: ReadingRun[] | null
  versions: ReadingVersion[] | null
  unanswered: string | null
  liveViews: LiveView[]
  /** Answers whose features came from it; null of changes, where that cannot be told (touched-answers.ts). */
  answers: CountedAnswers[] | null
  /** Answers of versions that were trained from it, whatever their features came from. */
  versionAnswers: CountedAnswers[]
}

type Deps = {
  lake: Lake
  features: Features
  mlflow: { tracking: TrackingApi; registry: RegistryApi }
  predictions: Pick<Predictions, 'counts'>
  project: Project
}

const EXPERIMENTS_MAX = 1000
const RUNS_MAX = 1000

/** Who reads a snapshot: training sets and live views by our own records, runs and versions by the tracking server's. */
export async function impactOf(deps: Deps, request: ImpactRequest): Promise<Impact> {
  const history = await deps.lake.history({ source: request.source })
  return impactOfSnapshot(deps, pickVersion(history, request, 'look at'))
}

export async function impactOfSnapshot(deps: Deps, snapshot: Recorded): Promise<Impact> {
  const { features, mlflow, predictions } = deps
  const { trainingSets, views: liveViews } = await features.readersOf(snapshot)
  const own = { snapshot, trainingSets, liveViews, answers: await countTouched(deps, snapshot), versionAnswers: [] }
  try {
    const runs = await runsOf(mlflow.tracking, trainingSets)
    const versions = await versionsOf(mlflow.registry, runs)
    const versionAnswers = await answersOfVersions(predictions, versions)
    return { ...own, runs, versions, versionAnswers, unanswered: null }
  } catch (error) {
    // Another MLflow server that does not answer hides nothing of what we know ourselves.
    if (!(error instanceof PlatformError)) throw error
    return { ...own, runs: null, versions: null, unanswered: messageOf(error) }
  }
}

async function answersOfVersions(
  predictions: Pick<Predictions, 'counts'>,
  versions: readonly ReadingVersion[],
): Promise<CountedAnswers[]> {
  const counts: CountedAnswers[] = []
  for (const { name, version } of versions) {
    counts.push(...(await predictions.counts({ model: name, version: String(version), refused: false })))
  }
  return counts
}

/** Every run says the digest of its training set in a tag, whichever server keeps it. */
export async function runsOf(
  tracking: TrackingApi,
  sets: readonly Pick<BuiltSet, 'kind' | 'digest' | 'identity'>[],
): Promise<ReadingRun[]> {
  const digests = [...new Set(sets.filter((set) => set.kind === 'labels').map((set) => set.digest))]
  if (digests.length === 0) return []
  const experiments = await tracking.experiments.search({ maxResults: EXPERIMENTS_MAX })
  const experimentIds = experiments.rows.map((experiment) => experiment.experimentId)
  const identities = new Set(sets.map((set) => set.identity))
  const found: ReadingRun[] = []
  for (const digest of digests) {
    const filter = `tags.\`weir.training_set\` = '${digest}'`
    const { rows } = await tracking.runs.search({ experimentIds, filter, maxResults: RUNS_MAX })
    for (const run of rows) {
      // The same rows can come of other snapshots.
      const identity = run.tags.find((tag) => tag.key === TRAINING_SET_IDENTITY_TAG)?.value
      if (identity !== undefined && !identities.has(identity)) continue
      found.push({ runId: run.runId, runName: run.name, status: run.status, trainingSet: digest })
    }
  }
  return found
}

async function versionsOf(registry: RegistryApi, runs: readonly ReadingRun[]): Promise<ReadingVersion[]> {
  if (runs.length === 0) return []
  const ids = new Set(runs.map((run) => run.runId))
  const found: ReadingVersion[] = []
  for (const { name } of await registry.listModels()) {
    for (const { version, stage, aliases, runId } of await registry.versionsOf(name)) {
      if (runId !== null && ids.has(runId)) found.push({ name, version, stage, aliases, runId })
    }
  }
  return found
}
