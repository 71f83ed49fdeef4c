import type { Instant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import type { Flows } from '../flows/flows.ts'
import type { Lake } from '../lake/lake.ts'
import type { Comparison, Pinned, SplitBy, Training, TrainRequest } from '../training/training.ts'
import { type AskedFlow, askedFlow } from './asked-flow.ts'
import { stepsOfProject } from './same-project.ts'

/** `reuse`: a version that was trained from the same rows, definitions and code is the answer, when there is one. */
export type TrainFlowRequest = TrainRequest & { reuse?: boolean }

/** What a training came to. */
export type TrainingReport = {
  name: string
  version: number
  runId: string
  runName: string
  reused: boolean
  asOf: Instant
  knownAt: Instant
  rows: number
  features: number
  trainingSet: string
  metrics: Record<string, number>
  /** How the rows were divided; absent where a version was found again. */
  split?: DividedRows
  /** With the version in Production; absent where a version was found again, null where there was none. */
  comparison?: Comparison | null
}

export type DividedRows = {
  by: SplitBy
  trainRows: number
  testRows: number
  holdOutRows: number
  /** What the model predicts. */
  predicts: 'binary' | 'multiclass' | 'regression'
  /** From which probability it says the positive outcome, where there are two. */
  threshold: number | null
  /** How much higher the main measure (AUC, its mean over classes, R²) would have been said to be with rows at random; null where the rows were taken so. */
  flattery: number | null
}

/** What the flow is given. */
export type TrainInput = TrainFlowRequest & { project: string }

export const TRAIN_FLOW = 'train_baseline'

export type TrainBaseline = AskedFlow<TrainFlowRequest, TrainingReport>

/** The flow `train_baseline`: pin → training set → fit → run → version. Each step may run twice; see `training`. */
export function defineTrainBaseline(
  flows: Flows,
  { training, lake, project }: { training: Training; lake: Lake; project: Project },
): TrainBaseline {
  flows.define<TrainInput, TrainingReport>(TRAIN_FLOW, async (run, input) => {
    const pinned = await stepsOfProject(run, project, input.project)('pin', () => training.pin(input))
    // What is logged is what was pinned: each step is done by that project, that code and those versions, or not at all.
    const step = stepsOfProject(run, project, input.project, () => training.requireSameBuild(pinned))
    const dataset = await step('build training set', () => training.buildDataset(pinned))
    if (input.reuse) {
      const found = await step('find trained', async () => (await training.findTrained(pinned, dataset)) ?? null)
      if (found) return { ...reportOf(pinned, dataset), ...found, reused: true }
    }
    const asServed = await step('build as served', () => training.buildAsServed(pinned))
    const fit = await step('fit', () => training.fit(pinned, dataset, asServed))
    const logged = await step('log run', () =>
      // It shows rows of the training set.
      lake.work.during(() => training.logRun(pinned, dataset, fit)),
    )
    const registered = await step('register', () => training.register(pinned, logged))
    const { splitBy: by, trainRows, testRows, holdOutRows, outcome, flattery, metrics } = fit
    const threshold = outcome.kind === 'binary' ? outcome.threshold : null
    const predicts = outcome.kind
    const split = { by, trainRows, testRows, holdOutRows, predicts, threshold, flattery }
    const { comparison } = fit
    return {
      ...reportOf(pinned, dataset),
      ...registered,
      runId: logged.runId,
      metrics,
      split,
      comparison,
      reused: false,
    }
  })
  return askedFlow<TrainFlowRequest, TrainingReport>(flows, TRAIN_FLOW, { project, lake })
}

function reportOf(pinned: Pinned, dataset: TrainingSetRef) {
  return {
    runName: pinned.runName,
    asOf: pinned.asOf,
    knownAt: pinned.knownAt,
    rows: dataset.rows,
    features: pinned.definitions.service.features.length,
    trainingSet: dataset.digest,
  }
}
