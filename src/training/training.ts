/**
 * Training: frame → fit → evaluate → log → register. Each function is one step of a durable flow: it takes and gives
 * plain JSON and may be run again after a crash. Large things (the training set, the model, the evaluation) go through
 * the object store by their digests.
 *
 * Owns no table: runs belong to tracking, versions to the registry. Owns the objects below `models/`. Invariants:
 * - Everything that decides the model is pinned first and logged with the run: as-of, knowledge time, definitions,
 *   snapshots, training set, code, lock file, versions.
 * - A run that goes on in a process of another build is refused: what is logged is what did the work.
 * - No row of the training set is dropped; nulls are values.
 * - The same pinned inputs give byte-identical model.weir and model.onnx, on any number of threads.
 *
 * Doors: build-name.ts, card-routes.ts.
 */
import type { Clock } from '../base/clock.ts'
import type { Instant } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import type { Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import type { Lake } from '../lake/lake.ts'
import { getVerified } from '../lake/named-by-digest.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { SplitBy } from '../ml/learn/splits.ts'
import type { Outcome } from '../ml/model/outcome.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { Environment, InstalledPackages } from './environment.ts'
import { type Fit, fitModel } from './fit.ts'
import type { GitState } from './git.ts'
import { identityOf } from './identity.ts'
import { type LoggedRun, logRun } from './log-run.ts'
import type { TrainerHost } from './outside/learn-outside.ts'
import {
  type Definitions,
  definitionsOf,
  type Pinned,
  pin,
  requireSameBuild,
  type TrainRequest,
  type Versions,
} from './pin.ts'
import { type BuildRecord, type CodeRecord, recordBuild } from './record.ts'
import { findTrained, type Registered, register, type Trained, type VersionStore } from './register.ts'
import type { Report } from './report/report.ts'
import {
  loadModel,
  referenceRows,
  type ScoredMoment,
  type ScoredRows,
  type ScoredVersion,
  scoredMonth,
} from './scored-rows.ts'
import { type FairChampion, fairChampion } from './stand-in.ts'

export { TRAINING_SET_IDENTITY_TAG, TRAINING_SET_TAG } from './log-run.ts'

export type { Comparison } from './report/compare.ts'
export type { Hindsight } from './report/hindsight.ts'
export type { FeatureLeak } from './report/leaks.ts'
export type {
  BuildRecord,
  CodeRecord,
  Definitions,
  Environment,
  FairChampion,
  Fit,
  GitState,
  InstalledPackages,
  LoggedRun,
  Pinned,
  Registered,
  ScoredRows,
  ScoredVersion,
  SplitBy,
  Trained,
  TrainRequest,
}

export type TrainingDeps = {
  project: Project
  lake: Pick<Lake, 'pinKnownAt' | 'work'>
  features: Pick<Features, 'writeTrainingRows' | 'trainingSet' | 'readTrainingSet' | 'readFirstRows'>
  objects: ObjectStore
  tracking: TrackingApi
  registry: VersionStore
  clock: Clock
  log: Log
  /** What is not known here; asked for when a training starts. */
  versions: () => Promise<Versions>
  /** Where models of the project have trainers; see outside/. */
  trainers?: TrainerHost | undefined
}

export type Training = {
  /** Fixes everything that decides the result: K is now unless given, and a run id is chosen. */
  pin(request: TrainRequest): Promise<Pinned>
  /** Refuses (conflict) where the code, the lock file or a version is not what was pinned: it would be logged falsely. */
  requireSameBuild(pinned: Pinned): Promise<void>
  /** The code and the environment of this process, as a run records them. */
  record(pinned: Pinned): Promise<BuildRecord>
  buildDataset(pinned: Pinned): Promise<TrainingSetRef>
  /** The same rows as they were known at T, for what is said of hindsight; null where the project does not ask for it. */
  buildAsServed(pinned: Pinned): Promise<TrainingSetRef | null>
  /** A registered version that was trained from the same training set by the same definitions and code. */
  findTrained(pinned: Pinned, dataset: TrainingSetRef): Promise<Trained | undefined>
  fit(pinned: Pinned, dataset: TrainingSetRef, asServed?: TrainingSetRef | null): Promise<Fit>
  /** What a fit tells beside its evaluation. */
  readReport(fit: Fit): Promise<Report>
  /** The run with params, metrics, tags, inputs, artifacts and the model folder, finished. */
  logRun(pinned: Pinned, dataset: TrainingSetRef, fit: Fit): Promise<LoggedRun>
  /** How the champion can be measured on the rows that are kept from every fit, also where its own fit had seen them. */
  fairChampion(pinned: Pinned): Promise<FairChampion>
  /** What a version predicts, and from where it says yes. */
  outcomeOf(version: ScoredVersion): Promise<Outcome>
  /** What a version says of the rows that measured it; or why they are not known. */
  referenceRows(version: ScoredVersion): Promise<ScoredRows | { reason: string }>
  /** What a version would have said of the labelled rows of one moment. */
  scoredMonth(
    version: ScoredVersion,
    moment: { at: Instant; asOf: Instant; knownAt: Instant },
  ): Promise<ScoredMoment | null>
  /** The version of that run, made when there is none. */
  register(pinned: Pinned, run: LoggedRun): Promise<Registered>
}

export function createTraining(deps: TrainingDeps): Training {
  const build = ({ model, asOf, from, knownAt, mode }: Pinned) =>
    deps.features.trainingSet({ model, asOf, knownAt, mode, ...(from ? { from } : {}) }, { forModel: true })
  const fit: Training['fit'] = (pinned, dataset, asServed = null) => fitModel(deps, pinned, dataset, asServed)
  return {
    pin: (request) => pin(deps, request),
    requireSameBuild: (pinned) => requireSameBuild(deps, pinned),
    record: (pinned) => recordBuild(deps, pinned.git),
    buildDataset: build,
    async buildAsServed(pinned) {
      if (pinned.mode === 'served' || !pinned.definitions.model.hindsight) return null
      return build({ ...pinned, mode: 'served' })
    },
    findTrained: (pinned, dataset) => findTrained(deps, pinned, identityOf(pinned, dataset)),
    fit,
    fairChampion: (pinned) => fairChampion({ tracking: deps.tracking, learn: fit }, pinned),
    outcomeOf: async (version) => (await loadModel(deps, version)).outcome,
    referenceRows: (version) => referenceRows(deps, version),
    scoredMonth: (version, moment) => scoredMonth(deps, definitionsOf(deps.project, version.name), version, moment),
    readReport: async (fit) => JSON.parse((await getVerified(deps.objects, fit.report.objectKey)).toString()) as Report,
    logRun: (pinned, dataset, fit) => logRun(deps, pinned, dataset, fit),
    register: (pinned, run) => register(deps, pinned, run),
  }
}
