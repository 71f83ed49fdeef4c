import { sha256Hex } from '../base/hash.ts'
import type { Auto } from '../ml/learn/auto/params.ts'
import type { Search, Trial } from '../ml/learn/auto/search.ts'
import type { Outcome } from '../ml/model/outcome.ts'
import type { TrackingApi } from '../tracking/tracking.ts'
import { learnerParams } from './learner-params.ts'

export type ParentRun = { experimentId: string; runId: string; startedMs: number; finishedMs: number }

/** MLflow's own name for a run that belongs to another. */
const PARENT_TAG = 'mlflow.parentRunId'

/** A run for each trial of a search, below the run of the training. May be repeated: its ids follow from the parent's. */
export async function logTrials(tracking: TrackingApi, parent: ParentRun, search: Search, kind: Outcome['kind']) {
  for (const trial of search.trials) await logTrial(tracking, parent, trial, kind)
}

async function logTrial(
  { runs, logBatch }: TrackingApi,
  { experimentId, runId, startedMs, finishedMs }: ParentRun,
  trial: Trial,
  kind: Outcome['kind'],
): Promise<void> {
  const run = await runs.create({
    experimentId,
    runId: sha256Hex(`trial ${trial.number} of ${runId}`).slice(0, 32),
    runName: `trial ${trial.number} ${trial.learner.kind}`,
    userId: 'weir',
    startTimeMs: startedMs,
    tags: { 'mlflow.source.name': 'weir train', 'mlflow.source.type': 'LOCAL', 'mlflow.user': 'weir' },
  })
  const params = { model_type: trial.learner.kind, ...learnerParams(trial.learner, kind) }
  const metrics = Object.entries(metricsOf(trial, kind)).filter((entry): entry is [string, number] => entry[1] !== null)
  await logBatch(run.runId, {
    params: entries(params),
    metrics: metrics.map(([key, value]) => ({ key, value, timestampMs: finishedMs, step: 0 })),
    tags: entries({
      [PARENT_TAG]: runId,
      'weir.trial': String(trial.number),
      'weir.trial_status': trial.status,
      ...(trial.reason === null ? {} : { 'weir.trial_reason': trial.reason }),
    }),
  })
  await runs.update(run.runId, { status: trial.status === 'failed' ? 'FAILED' : 'FINISHED', endTimeMs: finishedMs })
}

function metricsOf(trial: Trial, kind: Outcome['kind']): Record<string, number | null> {
  const { loss, units, predictMicros, modelBytes, folds, share } = trial
  return {
    [lossName(kind)]: loss,
    cv_folds: folds,
    cv_row_share: share,
    work_units: units,
    predict_micros: predictMicros,
    model_bytes: modelBytes,
  }
}

/** What trials are compared by. */
export function lossName(kind: Outcome['kind']): string {
  return kind === 'regression' ? 'cv_mse' : 'cv_logloss'
}

/** The params of the training's run that a search adds to those of what it took. */
export function searchParams(auto: Auto, { trials, units }: Search): Record<string, string> {
  return {
    learner: 'auto',
    search_budget: String(auto.budget),
    search_units: units.toFixed(0),
    search_trials: String(trials.length),
    search_seed: String(auto.seed),
    ...(auto.learners === null ? {} : { search_learners: auto.learners.join(',') }),
    ...(auto.maxPredictMicros === null ? {} : { max_predict_micros: String(auto.maxPredictMicros) }),
    ...(auto.maxModelBytes === null ? {} : { max_model_bytes: String(auto.maxModelBytes) }),
  }
}

/** The trials, best first: who came furthest, then by loss. */
export function leaderboard(search: Search): Trial[] {
  const last = (trial: Trial) => (trial.loss === null ? -1 : trial.round)
  return [...search.trials].sort(
    (a, b) =>
      Number(b.status === 'won') - Number(a.status === 'won') ||
      last(b) - last(a) ||
      (a.loss ?? 0) - (b.loss ?? 0) ||
      a.number - b.number,
  )
}

/** The same as a table, in Markdown. */
export function leaderboardTable(search: Search, kind: Outcome['kind']): string {
  const head = [
    '',
    'learner',
    'status',
    lossName(kind),
    'folds',
    'share of rows',
    'µs a prediction',
    'bytes',
    'units',
    'options',
  ]
  const rows = leaderboard(search).map((trial, place) => [
    String(place + 1),
    trial.learner.kind,
    trial.reason === null ? trial.status : `${trial.status}: ${trial.reason}`,
    trial.loss?.toPrecision(5) ?? '',
    String(trial.folds),
    String(trial.share),
    trial.predictMicros?.toFixed(2) ?? '',
    String(trial.modelBytes ?? ''),
    trial.units.toFixed(0),
    Object.entries(learnerParams(trial.learner, kind))
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
  ])
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  const note = 'Microseconds and units are those of the cost model (docs/guide/auto.md), the same on every machine.'
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n\n${note}\n`
}

function entries(record: Record<string, string>): { key: string; value: string }[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }))
}
