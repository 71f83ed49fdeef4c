import pg from 'pg'

/**
 * The experiment that a table of runs is measured on: 10,000 runs with 50 metrics and 30 params each, 12,000 names of
 * metrics among them (the shape that G-Research/fasttrackml#860 reports). Written into the server's own tables; by calls it
 * would take an hour.
 */
export const YARDSTICK = { runs: 10_000, metrics: 50, params: 30, names: 12_000 }

/** Metrics that every run has; the others are of a few runs each. */
export const SHARED = ['loss', 'auc', 'accuracy', 'val/loss', 'val/auc', 'f1', 'precision', 'recall', 'seconds', 'rows']

export type YardstickShape = typeof YARDSTICK

/** Gives the id of the experiment. */
export async function loadYardstick(
  { databaseUrl, kind }: { databaseUrl: string; kind: 'weir' | 'mlflow' },
  name: string,
  shape: YardstickShape = YARDSTICK,
): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const tables = kind === 'weir' ? OURS : THEIRS
    const { rows } = await client.query(tables.experiment, [name])
    const id = String(rows[0].experiment_id)
    for (const text of tables.fill) await client.query(filled(text, id, shape))
    await client.query('vacuum analyze')
    return id
  } finally {
    await client.end()
  }
}

/** The id of the run with this number, from 1 on: so a bench can name some. */
export const RUN_ID_SQL = "md5('$ID-' || i)"

function filled(text: string, id: string, { runs, metrics, params, names }: YardstickShape): string {
  const shared = Math.min(SHARED.length, metrics)
  return text
    .replaceAll('$RUN', RUN_ID_SQL)
    .replaceAll('$ID', id)
    .replaceAll('$EACH', `generate_series(1, ${runs}) i`)
    .replaceAll('$METRIC', `generate_series(0, ${metrics - 1}) j`)
    .replaceAll('$PARAM', `generate_series(0, ${params - 1}) j`)
    .replaceAll(
      '$KEY',
      `case when j < ${shared} then (array[${SHARED.map((key) => `'${key}'`).join(', ')}])[j + 1]
        else 'layer_' || (i * ${metrics - shared} + j) % ${names - shared} || '/grad' end`,
    )
    .replaceAll('$VALUE', '(hashint8(i::bigint * 3100 + j) & 1048575)::double precision / 1048576')
}

/** Names, a number, and a text of usual length; every tenth run is the parent of the nine behind it. */
const PARAM =
  "case when j % 3 = 0 then (i % (j + 2))::text when j % 3 = 1 then (i % 97 / 100.0)::text else 'choice_' || i % (j + 3) end"
const TAGS = `(values ('mlflow.user', 'user_' || i % 7), ('mlflow.source.name', 'train.py'), ('mlflow.source.type', 'LOCAL'),
  ('mlflow.runName', 'run-' || i), ('team', 'team-' || i % 10),
  ('mlflow.parentRunId', case when i % 10 = 1 then null else md5('$ID-' || ((i - 1) / 10 * 10 + 1)) end)) t (key, value)`
const STARTED = '1700000000000 + i * 60000'
const STATUS = "case when i % 50 = 0 then 'FAILED' else 'FINISHED' end"

const OURS = {
  experiment: `insert into tracking.experiment (name, artifact_location, creation_ms, last_update_ms)
    values ($1::text, 'mlflow-artifacts:/' || $1::text, 0, 0) returning experiment_id`,
  fill: [
    `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, end_ms, artifact_uri)
     select $RUN, $ID, 'run-' || i, 'user_' || i % 7, ${STATUS}, ${STARTED}, ${STARTED} + 30000,
       'mlflow-artifacts:/$ID/' || $RUN || '/artifacts' from $EACH`,
    `insert into tracking.latest_metric (run_id, experiment_id, key, timestamp_ms, step, value, least, greatest)
     select $RUN, $ID, $KEY, ${STARTED}, 20, $VALUE, $VALUE - 0.5, $VALUE + 0.5 from $EACH, $METRIC`,
    `insert into tracking.param (run_id, key, value) select $RUN, 'param_' || j, ${PARAM} from $EACH, $PARAM`,
    `insert into tracking.tag (run_id, key, value)
     select $RUN, t.key, t.value from $EACH, lateral ${TAGS} where t.value is not null`,
  ],
}

const THEIRS = {
  experiment: `insert into experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time)
    values ($1::text, 'mlflow-artifacts:/' || $1::text, 'active', 0, 0) returning experiment_id`,
  fill: [
    `insert into runs (run_uuid, experiment_id, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri)
     select $RUN, $ID, 'run-' || i, 'UNKNOWN', 'user_' || i % 7, ${STATUS}, ${STARTED}, ${STARTED} + 30000, 'active',
       'mlflow-artifacts:/$ID/' || $RUN || '/artifacts' from $EACH`,
    `insert into latest_metrics (run_uuid, key, timestamp, step, value, is_nan)
     select $RUN, $KEY, ${STARTED}, 20, $VALUE, false from $EACH, $METRIC`,
    `insert into params (run_uuid, key, value) select $RUN, 'param_' || j, ${PARAM} from $EACH, $PARAM`,
    `insert into tags (run_uuid, key, value)
     select $RUN, t.key, t.value from $EACH, lateral ${TAGS} where t.value is not null`,
  ],
}
