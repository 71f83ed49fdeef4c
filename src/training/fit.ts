import { cancelSignal, throwIfCancelled } from '../base/cancel.ts'
import { canonicalJson } from '../base/hash.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import { keepObjects } from '../lake/collect-objects.ts'
import type { ObjectStore } from '../lake/objects.ts'
import type { Work } from '../lake/work.ts'
import { isAuto } from '../ml/learn/auto/params.ts'
import type { Evaluation, Metrics } from './evaluate.ts'
import type { FitJob, FitResult } from './fit-job.ts'
import { fitInThread } from './fit-thread.ts'
import { weightColumn } from './frame.ts'
import { keepFile, type StoredFile } from './keep-file.ts'
import { failRun, learnOutside, type OutsideDeps } from './outside/learn-outside.ts'
import type { Pinned } from './pin.ts'
import { readChampion } from './report/champion.ts'
import { type Comparison, comparisonMetrics } from './report/compare.ts'
import { hindsightMetrics } from './report/hindsight.ts'
import type { Report } from './report/report.ts'
import { searchNotes } from './search-notes.ts'

/** What a fit gave, as plain JSON. The digests are of the bytes; `objectKey` is where they lie. */
export type Fit = Omit<FitResult, 'trainTimeSec' | 'evaluation' | 'report' | 'model' | 'onnx'> & {
  metrics: Metrics
  model: StoredFile
  onnx: StoredFile
  evaluation: StoredFile
  report: StoredFile
  /** With the version in Production; null where there was none. */
  comparison: Comparison | null
  finishedMs: number
}

type Deps = OutsideDeps & {
  objects: ObjectStore
  lake: { work: Pick<Work, 'alone'> }
}

/** Reads the training set, has a thread of its own do the fit (fit-job.ts), and keeps what came out. */
export async function fitModel(
  deps: Deps,
  pinned: Pinned,
  dataset: TrainingSetRef,
  asServed: TrainingSetRef | null,
): Promise<Fit> {
  const signal = cancelSignal()
  const options = signal ? { signal } : {}
  const { model: definition, service } = pinned.definitions
  const champion = pinned.champion ? await readChampion(deps.tracking, deps.objects, pinned.champion) : null
  const outside = definition.learner.kind === 'trainer'
  const given = outside ? { given: await learnOutside(deps, pinned, dataset, options) } : {}
  const data = await deps.features.readTrainingSet(dataset)
  const served = asServed && (await readAsServed(deps, dataset, asServed))
  const features = service.features.map((f) => f.name)
  const weight = weightColumn(definition)
  const { threads } = pinned
  const search = isAuto(definition.learner) ? await searchNotes(deps.objects, pinned.runId) : null
  const known = search?.known ?? {}
  const job = { data, served, features, label: dataset.label, weight, definition, champion, threads, known, ...given }
  const { trainTimeSec, evaluation, report, model, onnx, ...fit } = await fitInThread(job, {
    ...options,
    onFold: (name, score) => search?.note(name, score),
  }).catch((error: unknown) => {
    if (outside) return failRun(deps, pinned, error, signal)
    throw error
  })
  await search?.written()
  // Nothing is kept yet.
  throwIfCancelled()
  const [storedModel, storedOnnx, storedEvaluation, storedReport] = await keepObjects(deps.lake.work, () =>
    Promise.all([
      keepFile(deps.objects, model, 'weir'),
      keepFile(deps.objects, onnx, 'onnx'),
      keepFile(deps.objects, Buffer.from(canonicalJson(evaluation satisfies Evaluation)), 'evaluation.json'),
      keepFile(deps.objects, Buffer.from(canonicalJson(report satisfies Report)), 'report.json'),
    ]),
  )
  const metrics: Metrics = {
    ...evaluation.metrics,
    ...comparisonMetrics(report.champion),
    ...hindsightMetrics(report.hindsight),
    train_time_sec: trainTimeSec,
  }
  deps.log.info({ model: pinned.model, rows: fit.rows, ...metrics }, 'fit')
  return {
    ...fit,
    metrics,
    model: storedModel,
    onnx: storedOnnx,
    evaluation: storedEvaluation,
    report: storedReport,
    comparison: report.champion,
    finishedMs: deps.clock.nowMs(),
  }
}

/** Where nothing was corrected and nothing came late it is the same file. */
async function readAsServed(
  { features }: Deps,
  dataset: TrainingSetRef,
  asServed: TrainingSetRef,
): Promise<FitJob['served']> {
  return asServed.digest === dataset.digest ? 'same' : features.readTrainingSet(asServed)
}
