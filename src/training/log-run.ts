import { canonicalJson, sha256Hex } from '../base/hash.ts'
import { displayInstant } from '../base/instant.ts'
import type { Project } from '../config/project.ts'
import type { Features } from '../features/features.ts'
import type { TrainingSetRef } from '../features/offline/training-set.ts'
import { getVerified } from '../lake/named-by-digest.ts'
import type { ObjectStore } from '../lake/objects.ts'
import { isAuto } from '../ml/learn/auto/params.ts'
import { categoriesOfColumns } from '../ml/model/encoder.ts'
import { isYesOrNo, type Outcome } from '../ml/model/outcome.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import type { Evaluation } from './evaluate.ts'
import { EXAMPLE_ROWS, inputExample } from './example.ts'
import type { Fit } from './fit.ts'
import { identityOf } from './identity.ts'
import { learnerParams, python } from './learner-params.ts'
import { leaderboard, leaderboardTable, logTrials, searchParams } from './log-search.ts'
import { logModelHistory, modelFolderFiles, signature } from './mlmodel.ts'
import type { Pinned, TrainedModel, Versions } from './pin.ts'
import { recordBuild } from './record.ts'
import { cardOf } from './report/card.ts'
import type { Report } from './report/report.ts'
import { createTrainingRun } from './training-run.ts'

export type LoggedRun = {
  runId: string
  experimentId: string
  artifactUri: string
  /** Where the model folder lies: what a version is registered from. */
  source: string
  modelDigest: string
  identity: string
}

export const TRAINING_SET_TAG = 'weir.training_set'
export const IDENTITY_TAG = 'weir.identity'
/** Of the training set: tells two with the same bytes apart by what they were built from. */
export const TRAINING_SET_IDENTITY_TAG = 'weir.training_set_identity'

type Deps = {
  project: Project
  features: Pick<Features, 'readFirstRows'>
  objects: ObjectStore
  tracking: TrackingApi
  versions: () => Promise<Versions>
}

/** Every write may be repeated: the run id is pinned, params and metric points are equal, artifacts are replaced. */
export async function logRun(deps: Deps, pinned: Pinned, dataset: TrainingSetRef, fit: Fit): Promise<LoggedRun> {
  const { tracking, objects } = deps
  const identity = identityOf(pinned, dataset)
  const run = await createTrainingRun(tracking, pinned)
  // Another MLflow server gives ids of its own.
  const { runId, experimentId } = run
  const folder = { runId, modelUuid: sha256Hex(`model of ${runId}`).slice(0, 32), createdMs: fit.finishedMs }
  const said = new Set(isOutside(pinned) ? run.params.map(({ key }) => key) : [])
  await tracking.logBatch(runId, {
    // A param never changes: what a trainer has said under a name of ours stays.
    params: entries(paramsOf(pinned, dataset, fit)).filter(({ key }) => !said.has(key)),
    metrics: [
      ...Object.entries(fit.metrics).map(([key, value]) => ({ key, value, timestampMs: fit.finishedMs, step: 0 })),
      ...curvePoints(fit),
    ],
    tags: entries({
      'mlflow.log-model.history': logModelHistory({ ...folder, encoder: fit.encoder, outcome: fit.outcome }),
      ...pinnedTags(pinned),
      [TRAINING_SET_TAG]: dataset.digest,
      [TRAINING_SET_IDENTITY_TAG]: dataset.identity,
      'weir.model_digest': fit.model.digest,
      'weir.onnx_digest': fit.onnx.digest,
      [IDENTITY_TAG]: identity,
    }),
  })
  if (fit.search) {
    const parent = { experimentId, runId, startedMs: pinned.startedMs, finishedMs: fit.finishedMs }
    await logTrials(tracking, parent, fit.search, fit.outcome.kind)
  }
  await tracking.runs.logInputs(runId, [datasetInput(pinned, dataset, fit)])

  const example = inputExample(await deps.features.readFirstRows(dataset, EXAMPLE_ROWS), fit.encoder)
  const evaluation = JSON.parse((await getVerified(objects, fit.evaluation.objectKey)).toString()) as Evaluation
  const report = JSON.parse((await getVerified(objects, fit.report.objectKey)).toString()) as Report
  const { code, environment } = await recordBuild(deps, pinned.git)
  const { diff } = pinned
  const files: Record<string, string | Buffer> = {
    'code.json': pretty(code),
    'environment.json': pretty(environment),
    ...(diff ? { 'uncommitted.diff': await getVerified(objects, diff.objectKey) } : {}),
    ...report.images,
    'model_card.md': cardOf({ runId, pinned, dataset, fit, evaluation, report }),
    'segments.json': pretty(report.segments),
    ...(report.reasons.shap ? { 'shap_summary.json': pretty(report.reasons.shap) } : {}),
    ...(report.reasons.dependence ? { 'shap_dependence.json': JSON.stringify(report.reasons.dependence) } : {}),
    'permutation_importance.json': pretty(report.reasons.permutation),
    'leaks.json': pretty(report.leaks),
    ...(report.readable ? { 'shapes.json': JSON.stringify(report.readable) } : {}),
    ...(report.hindsight ? { 'hindsight.json': pretty(report.hindsight) } : {}),
    ...(report.champion ? { 'champion_comparison.json': pretty(report.champion) } : {}),
    ...(report.calibration ? { 'calibration_tried.json': pretty(report.calibration) } : {}),
    'feature_schema.json': pretty(featureSchema(fit, dataset.label)),
    ...detailFiles(evaluation),
    'intervals.json': pretty(evaluation.intervals),
    'feature_importance.json': pretty(evaluation.importance),
    ...(fit.search
      ? {
          'leaderboard.json': pretty(leaderboard(fit.search)),
          'leaderboard.md': leaderboardTable(fit.search, fit.outcome.kind),
        }
      : {}),
    'inputs.json': pretty({ identity, pinned, trainingSet: dataset, model: fit.model, onnx: fit.onnx }),
    ...under('model', await modelFolderFiles({ ...folder, encoder: fit.encoder, outcome: fit.outcome, example })),
    'model/model.weir': await getVerified(objects, fit.model.objectKey),
    'model/model.onnx': await getVerified(objects, fit.onnx.objectKey),
  }
  for (const [path, content] of Object.entries(files)) {
    await tracking.artifacts.putOfRun(runId, path, typeof content === 'string' ? Buffer.from(content) : content)
  }
  await tracking.runs.update(runId, { status: 'FINISHED', endTimeMs: fit.finishedMs })
  const artifactUri = run.artifactUri
  return { runId, experimentId, artifactUri, source: `${artifactUri}/model`, modelDigest: fit.model.digest, identity }
}

/** The loss by round, of the rows that are learned from (`train_`) and of those that early stopping put aside (`valid_`). */
function curvePoints({ curves, outcome, finishedMs }: Fit) {
  const loss = outcome.kind === 'regression' ? 'rmse' : 'logloss'
  return curves.flatMap(({ of, rounds, losses }) =>
    rounds.map((step, i) => ({ key: `${of}_${loss}`, value: losses[i]!, timestampMs: finishedMs, step })),
  )
}

/** Whether a trainer has written to the run before. */
function isOutside({ definitions }: Pinned): boolean {
  return definitions.model.learner.kind === 'trainer'
}

/** What was pinned and is one word each, so that runs can be searched by it; all of it is in inputs.json. */
function pinnedTags(pinned: Pinned): Record<string, string> {
  const { model, definitionsDigest, code, lockFile, versions, projectCode, git } = pinned
  return {
    ...(projectCode ? { 'weir.project_code_digest': projectCode } : {}),
    // MLflow's own name for it; what is not committed is the artifact uncommitted.diff.
    ...(git?.kind === 'git' && git.commit ? { 'mlflow.source.git.commit': git.commit } : {}),
    'weir.git': git?.kind === 'git' ? (git.dirty ? 'dirty' : 'clean') : 'none',
    'weir.model': model,
    'weir.definitions_digest': definitionsDigest,
    'weir.code_digest': code,
    'weir.lock_file_digest': lockFile.digest ?? 'none',
    'weir.version': versions.weir,
    'weir.duckdb_version': versions.duckdb,
    'weir.node_version': versions.node,
    'weir.platform': versions.platform,
  }
}

function paramsOf(pinned: Pinned, dataset: TrainingSetRef, fit: Fit): Record<string, string> {
  const { model, service } = pinned.definitions
  const { split } = model
  return {
    model_type: fit.learner.kind,
    ...learnerParams(fit.learner, fit.outcome.kind),
    ...(fit.search && isAuto(model.learner) ? searchParams(model.learner, fit.search) : {}),
    trees: String(fit.trees),
    split_by: fit.splitBy,
    test_size: String(split.testShare),
    split_seed: String(split.seed),
    stratify: python(split.stratify ?? fit.outcome.kind !== 'regression'),
    ...outcomeParams(model, fit.outcome),
    feature_service: service.name,
    label: dataset.label,
    as_of: displayInstant(pinned.asOf),
    known_at: displayInstant(pinned.knownAt),
    mode: pinned.mode,
    rows: String(fit.rows),
    train_rows: String(fit.trainRows),
    val_rows: String(fit.testRows),
    ...(split.holdOut > 0 ? { hold_out: String(split.holdOut), holdout_rows: String(fit.holdOutRows) } : {}),
    features: String(fit.encoder.inputs.length),
    categorical_features: fit.encoder.inputs.flatMap((i) => (i.type === 'String' ? [i.name] : [])).join(','),
  }
}

function outcomeParams({ threshold, weight }: TrainedModel, outcome: Outcome): Record<string, string> {
  const rule: Record<string, string> =
    threshold === null || typeof threshold === 'number' ? {} : { threshold_rule: canonicalJson(threshold) }
  const weights: Record<string, string> =
    weight === null ? {} : { sample_weight: 'column' in weight ? weight.column : weight.feature }
  if (outcome.kind === 'regression') return { predicts: outcome.kind, ...weights }
  const classes: Record<string, string> = isYesOrNo(outcome)
    ? {}
    : { classes: JSON.stringify(outcome.classes).slice(0, PARAM_MAX) }
  if (outcome.kind === 'multiclass') return { predicts: outcome.kind, ...classes, ...weights }
  return { predicts: outcome.kind, threshold: String(outcome.threshold), ...rule, ...classes, ...weights }
}

/** What MLflow keeps of the value of a parameter. */
const PARAM_MAX = 6_000

/** The curves and tables of the kind. */
function detailFiles(evaluation: Evaluation): Record<string, string> {
  if (evaluation.kind === 'regression') return { 'residuals.json': pretty(evaluation.residuals) }
  if (evaluation.kind === 'multiclass') {
    return { 'confusion_matrix.json': pretty(evaluation.confusion), 'classes.json': pretty(evaluation.classes) }
  }
  return {
    'confusion_matrix.json': pretty(evaluation.confusion),
    'roc.json': pretty(evaluation.roc),
    'precision_recall.json': pretty(evaluation.precisionRecall),
    'calibration.json': pretty(evaluation.calibration),
    'lift.json': pretty(evaluation.lift),
  }
}

/** Names and types in order, the categories that the model knows, and what it predicts. */
function featureSchema({ encoder, outcome }: Fit, label: string) {
  const features = encoder.inputs.map(({ name, type, nullable }) => {
    const categories = categoriesOfColumns(encoder, name)
    return { name, type, nullable, ...(type === 'String' ? { categories } : {}) }
  })
  const columns = encoder.columns.map((c) => (c.kind === 'one_hot' ? `${c.input}=${c.category}` : c.input))
  return { label, outcome, features, encoded_columns: columns }
}

function datasetInput(pinned: Pinned, dataset: TrainingSetRef, { encoder, outcome }: Fit) {
  const { identity, inputs, asOf, knownAt, mode } = dataset
  const source = { object: dataset.objectKey, identity, asOf, knownAt, mode, inputs }
  return {
    dataset: {
      name: `${pinned.model} ${displayInstant(asOf)}`,
      // 36 characters are what MLflow keeps of a digest; the whole one is in the tag weir.training_set.
      digest: dataset.digest.slice(0, 36),
      sourceType: 'weir',
      source: canonicalJson(source),
      schema: JSON.stringify({ mlflow_colspec: JSON.parse(signature(encoder, outcome).inputs) as unknown }),
      profile: JSON.stringify({ num_rows: dataset.rows, num_elements: dataset.rows * dataset.columns.length }),
    },
    tags: [{ key: 'mlflow.data.context', value: 'training' }],
  }
}

function entries(record: Record<string, string>): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }))
}

function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]))
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
