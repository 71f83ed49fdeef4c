/**
 * What an alert may watch. `measure`: what flows and gates record (src/monitoring/measures.ts); it is as old as its last run.
 * `live`: asked at each look.
 */
export type AlertMetric = {
  kind: 'measure' | 'live'
  of: readonly ('model' | 'source' | 'view' | 'project')[]
  says: string
  /** What to do when a rule of it comes true. */
  next: string
}

const QUALITY = 'Look at the timeline of the model, and train a candidate: weir compare MODEL.'
const ESTIMATE =
  'No label says it yet. Look at the drift of the columns that matter, and at what came in: weir drift MODEL.'
const DRIFT = 'Look at the report (page Watch, or weir drift); is it the data or the world? Then weir compare MODEL.'

const quality = (says: string): AlertMetric => ({ kind: 'measure', of: ['model'], says, next: QUALITY })
const estimate = (says: string): AlertMetric => ({
  kind: 'measure',
  of: ['model'],
  says: `${says}, estimated before labels came`,
  next: ESTIMATE,
})

const SAID = {
  auc: 'area under the ROC curve',
  logloss: 'log-loss',
  brier: 'Brier score',
  calibration: 'expected calibration error',
  f1: 'F1 at the threshold',
  precision: 'precision at the threshold',
  recall: 'recall at the threshold',
  accuracy: 'accuracy at the threshold',
} as const

export const ALERT_METRICS: Record<string, AlertMetric> = {
  'drift.share': { kind: 'measure', of: ['model', 'source'], says: 'share of the columns that drifted', next: DRIFT },
  'drift.column': {
    kind: 'measure',
    of: ['model', 'source'],
    says: "value of a column's test (part: the column)",
    next: DRIFT,
  },
  'drift.nulls': {
    kind: 'measure',
    of: ['model', 'source'],
    says: 'how far the share of nulls of a column moved (part: the column)',
    next: 'Ask whoever delivers the column; withdraw the delivery if it is wrong: weir withdraw.',
  },
  'drift.prediction': { kind: 'measure', of: ['model'], says: 'how far what is predicted moved', next: DRIFT },
  'drift.label': { kind: 'measure', of: ['model'], says: 'how far what came true moved', next: QUALITY },
  ...Object.fromEntries(Object.entries(SAID).map(([name, says]) => [`quality.${name}`, quality(says)])),
  ...Object.fromEntries(Object.entries(SAID).map(([name, says]) => [`estimate.${name}`, estimate(says)])),
  'canary.error_share': {
    kind: 'measure',
    of: ['model'],
    says: 'share of the answers of a canary that failed',
    next: 'The gate decides by itself; see the history of the model.',
  },
  'canary.p99_ms': {
    kind: 'measure',
    of: ['model'],
    says: 'time in ms that 99 of 100 answers of a canary took at most',
    next: 'The gate decides by itself; see the history of the model.',
  },
  'serving.error_share': {
    kind: 'live',
    of: ['model'],
    says: 'share of the requests of the last minute that failed for a reason of ours (5xx), all servers together',
    next: 'GET /ready says why; then the log of the server, by the request id.',
  },
  'serving.refused_share': {
    kind: 'live',
    of: ['model'],
    says: 'share of the requests of the last minute that were refused or failed (4xx, 5xx)',
    next: 'Ask for a prediction of one of the keys: the refusal says what is missing.',
  },
  'serving.p99_ms': {
    kind: 'live',
    of: ['model'],
    says: 'time in ms that 99 of 100 requests of the last minute took at most, the slowest server',
    next: 'Look at weir_http_request_seconds by stage; add a server or a worker.',
  },
  'serving.per_second': {
    kind: 'live',
    of: ['model'],
    says: 'requests by second in the last minute, all servers together',
    next: 'Is the caller, or the way to the servers, away?',
  },
  'serving.not_loaded': {
    kind: 'live',
    of: ['model'],
    says: 'servers at which the promoted version does not answer',
    next: 'GET /ready of that server says why; the version before it goes on answering: promote one that loads.',
  },
  'view.age_hours': {
    kind: 'live',
    of: ['view'],
    says: 'hours since the moment that the live values of a view describe',
    next: 'Deliver the newest state of its source, then weir materialize.',
  },
  'source.age_hours': {
    kind: 'live',
    of: ['source'],
    says: 'hours since a delivery of the source was taken in',
    next: 'Ask whoever delivers it; then weir ingest.',
  },
  'flows.failed': {
    kind: 'live',
    of: ['project'],
    says: 'runs of flows that failed within the window',
    next: 'The page Flows shows the step that failed and its lines; retry it there.',
  },
  'deliveries.refused': {
    kind: 'live',
    of: ['project'],
    says: 'deliveries that were refused within the window',
    next: 'The page Data shows the check that failed, with its rows.',
  },
}
