-- Where a version's files lie, when that is another address than its source: MLflow records a source as it was given
-- (`models:/m-…`, `runs:/…`), and what is ours of these is found here. Null in a row of a server from before: its source
-- was the address.
alter table registry.version add column location text;

-- The source that was given is no longer one of few spellings; versions of the same files are known by their address.
create index version_by_location on registry.version ((coalesce(location, source)));

-- A dataset that a run used once more for another purpose: `training` and then `eval`. The first use is the row in
-- tracking.input, as before, so that a server of the version before keeps working.
create table tracking.input_again (
  run_id text not null,
  dataset_id bigint not null,
  -- The tag mlflow.data.context; empty where there is none.
  context text not null check (length(context) <= 500),
  -- All tags of this use, as {"key": "value"}.
  tags jsonb not null,
  primary key (run_id, dataset_id, context),
  foreign key (run_id, dataset_id) references tracking.input on delete cascade
);

-- What one call of somebody's program did, as `mlflow.trace` tells it. Its spans are an artifact, traces.json.
create table tracking.trace (
  trace_id text primary key check (trace_id ~ '^[A-Za-z0-9_-]{1,100}$'),
  experiment_id bigint not null references tracking.experiment on delete cascade,
  timestamp_ms bigint not null,
  -- Null until it has ended.
  execution_ms bigint,
  status text not null check (status in ('STATE_UNSPECIFIED', 'OK', 'ERROR', 'IN_PROGRESS')),
  client_request_id text,
  request_preview text,
  response_preview text
);
create index trace_by_experiment on tracking.trace (experiment_id, timestamp_ms desc, trace_id);

create table tracking.trace_tag (
  trace_id text not null references tracking.trace on delete cascade,
  key text not null check (length(key) between 1 and 250),
  value text not null,
  primary key (trace_id, key)
);

create table tracking.trace_metadata (
  trace_id text not null references tracking.trace on delete cascade,
  key text not null check (length(key) between 1 and 250),
  value text not null,
  primary key (trace_id, key)
);

-- What somebody thought of a trace (feedback), or would have wanted (expectation): the document as the client gave it.
create table tracking.trace_assessment (
  assessment_id text primary key,
  trace_id text not null references tracking.trace on delete cascade,
  place bigint generated always as identity,
  document jsonb not null
);
create index trace_assessment_by_trace on tracking.trace_assessment (trace_id, place);
