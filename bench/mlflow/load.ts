import pg from 'pg'
import type { BenchServer } from './servers.ts'

/**
 * Runs with metrics m0…, ten params and the five tags that a client sets by itself, written into the server's own tables:
 * calls would take too long.
 */
export async function loadRuns(server: BenchServer, name: string, runs: number, metrics: number): Promise<string> {
  const client = new pg.Client({ connectionString: server.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(server.kind === 'weir' ? OURS.experiment : THEIRS.experiment, [name])
    const id = String(rows[0].experiment_id)
    for (const text of (server.kind === 'weir' ? OURS : THEIRS).fill) {
      await client.query(
        text.replaceAll('$ID', id).replaceAll('$RUNS', String(runs)).replaceAll('$METRICS', String(metrics)),
      )
    }
    await client.query('analyze')
    return id
  } finally {
    await client.end()
  }
}

const RUN = "md5('$ID-' || i)"
const EACH = 'generate_series(1, $RUNS) i'
const VALUE = '(hashint8(i * 31 + j) & 1048575)::double precision / 1048576'
const TAGS = `(values ('mlflow.user', 'me'), ('mlflow.source.name', 'train.py'), ('mlflow.source.type', 'LOCAL'),
  ('mlflow.runName', 'run-' || i), ('team', 'team-' || i % 10)) t (key, value)`

const OURS = {
  experiment: `insert into tracking.experiment (name, artifact_location, creation_ms, last_update_ms)
    values ($1::text, 'mlflow-artifacts:/bench-' || $1::text, 0, 0) returning experiment_id`,
  fill: [
    `insert into tracking.run (run_id, experiment_id, name, user_id, status, start_ms, end_ms, artifact_uri)
     select ${RUN}, $ID, 'run-' || i, 'me', 'FINISHED', i, i + 1, 'mlflow-artifacts:/$ID/' || ${RUN} from ${EACH}`,
    `insert into tracking.latest_metric (run_id, experiment_id, key, timestamp_ms, step, value)
     select ${RUN}, $ID, 'm' || j, i, 0, ${VALUE} from ${EACH}, generate_series(0, $METRICS - 1) j`,
    `insert into tracking.param (run_id, key, value)
     select ${RUN}, 'p' || j, (i % 4)::text from ${EACH}, generate_series(0, 9) j`,
    `insert into tracking.tag (run_id, key, value)
     select ${RUN}, t.key, t.value from ${EACH}, lateral ${TAGS}`,
  ],
}

const THEIRS = {
  experiment: `insert into experiments (name, artifact_location, lifecycle_stage, creation_time, last_update_time)
    values ($1::text, 'mlflow-artifacts:/bench-' || $1::text, 'active', 0, 0) returning experiment_id`,
  fill: [
    `insert into runs (run_uuid, experiment_id, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, artifact_uri)
     select ${RUN}, $ID, 'run-' || i, 'UNKNOWN', 'me', 'FINISHED', i, i + 1, 'active', 'mlflow-artifacts:/$ID/' || ${RUN} from ${EACH}`,
    `insert into latest_metrics (run_uuid, key, timestamp, step, value, is_nan)
     select ${RUN}, 'm' || j, i, 0, ${VALUE}, false from ${EACH}, generate_series(0, $METRICS - 1) j`,
    `insert into params (run_uuid, key, value)
     select ${RUN}, 'p' || j, (i % 4)::text from ${EACH}, generate_series(0, 9) j`,
    `insert into tags (run_uuid, key, value)
     select ${RUN}, t.key, t.value from ${EACH}, lateral ${TAGS}`,
  ],
}
