-- Made by npm run db:dump of what src/db/migrations make; a test compares. Do not edit.

create schema db;

create table db.migration (
  number integer not null,
  name text not null,
  digest text not null,
  applied_at timestamp with time zone not null default now(),
  oldest_build integer,
  weir text,
  constraint migration_pkey PRIMARY KEY (number),
  constraint migration_name_key UNIQUE (name)
);

create schema erasure;

create table erasure.affected (
  request uuid not null,
  view text not null,
  key jsonb not null,
  constraint affected_pkey PRIMARY KEY (request, view, key),
  constraint affected_request_fkey FOREIGN KEY (request) REFERENCES erasure.request(id) ON DELETE CASCADE
);

create table erasure.request (
  id uuid not null,
  suppression bigint not null,
  entity text not null,
  key jsonb,
  actor text not null,
  reason text not null,
  asked_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  report jsonb,
  constraint request_pkey PRIMARY KEY (id),
  constraint request_check CHECK (((finished_at IS NULL) = (key IS NOT NULL))),
  constraint request_check1 CHECK (((finished_at IS NULL) = (report IS NULL))),
  constraint request_key_check CHECK ((jsonb_typeof(key) = 'array'::text))
);
CREATE UNIQUE INDEX request_unfinished ON erasure.request USING btree (suppression) WHERE (finished_at IS NULL);

create schema features;

create sequence features.generation;

create table features.online_table (
  view text not null,
  definition text not null,
  store text not null,
  table_name text not null,
  snapshot_id text,
  snapshot_digest text,
  valid_at timestamp with time zone,
  available_at timestamp with time zone,
  recorded_at timestamp with time zone,
  seq bigint not null default 0,
  rows bigint not null,
  materialized_at timestamp with time zone not null,
  coverage jsonb not null default '[]'::jsonb,
  pushed_until timestamp with time zone,
  generation bigint not null default 0,
  constraint online_table_pkey PRIMARY KEY (view, definition, store),
  constraint online_table_coverage_check CHECK ((jsonb_typeof(coverage) = 'array'::text)),
  constraint online_table_definition_check CHECK ((definition ~ '^[0-9a-f]{64}$'::text)),
  constraint online_table_rows_check CHECK ((rows >= 0))
);

create table features.statistics (
  view text not null,
  definition text not null,
  seq bigint not null,
  digest text not null,
  computed_at timestamp with time zone not null,
  statistics jsonb not null,
  constraint statistics_pkey PRIMARY KEY (view, definition, seq, digest),
  constraint statistics_definition_check CHECK ((definition ~ '^[0-9a-f]{64}$'::text)),
  constraint statistics_statistics_check CHECK ((jsonb_typeof(statistics) = 'object'::text))
);

create table features.training_set (
  identity text not null,
  digest text not null,
  object_key text not null,
  name text not null,
  kind text not null,
  as_of timestamp with time zone,
  known_at timestamp with time zone not null,
  mode text not null,
  rows bigint not null,
  built_at timestamp with time zone not null,
  snapshots text[] not null,
  constraint training_set_pkey PRIMARY KEY (identity),
  constraint training_set_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
  constraint training_set_identity_check CHECK ((identity ~ '^[0-9a-f]{64}$'::text)),
  constraint training_set_kind_check CHECK ((kind = ANY (ARRAY['labels'::text, 'rows'::text]))),
  constraint training_set_mode_check CHECK ((mode = ANY (ARRAY['restated'::text, 'served'::text]))),
  constraint training_set_rows_check CHECK ((rows >= 0))
);
CREATE INDEX training_set_snapshots ON features.training_set USING gin (snapshots);

create table features.view_key (
  definition text not null,
  view text not null,
  entity text,
  keys jsonb not null,
  constraint view_key_pkey PRIMARY KEY (definition),
  constraint view_key_definition_check CHECK ((definition ~ '^[0-9a-f]{64}$'::text)),
  constraint view_key_keys_check CHECK ((jsonb_typeof(keys) = 'array'::text))
);

create schema flows;

CREATE OR REPLACE FUNCTION flows.tell_scheduler()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform pg_notify('weir_flows_schedules', '');
  return null;
end $function$;

create table flows.attempt (
  run_id text not null,
  number integer not null,
  turn integer not null,
  attempt integer not null,
  name text not null,
  started_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone,
  error json,
  constraint attempt_pkey PRIMARY KEY (run_id, number, turn, attempt),
  constraint attempt_run_id_fkey FOREIGN KEY (run_id) REFERENCES flows.run(id) ON DELETE CASCADE,
  constraint attempt_attempt_check CHECK ((attempt > 0)),
  constraint attempt_number_check CHECK ((number >= 0))
);

create table flows.backfill (
  id bigint not null generated always as identity,
  schedule text not null,
  from_at timestamp with time zone not null,
  to_at timestamp with time zone not null,
  parallel integer not null,
  asked_by json not null,
  why text,
  asked_at timestamp with time zone not null default now(),
  constraint backfill_pkey PRIMARY KEY (id),
  constraint backfill_schedule_fkey FOREIGN KEY (schedule) REFERENCES flows.schedule(name),
  constraint backfill_check CHECK ((to_at > from_at)),
  constraint backfill_parallel_check CHECK ((parallel > 0))
);
CREATE INDEX backfill_of_schedule ON flows.backfill USING btree (schedule, id);

create table flows.executor (
  id uuid not null,
  lease integer not null generated always as identity,
  serves text not null,
  build text,
  place text not null,
  pid integer not null,
  entered_at timestamp with time zone not null default now(),
  silent_since timestamp with time zone,
  constraint executor_pkey PRIMARY KEY (id),
  constraint executor_lease_key UNIQUE (lease),
  constraint executor_pid_check CHECK ((pid > 0)),
  constraint executor_serves_check CHECK ((serves = ANY (ARRAY['any'::text, 'own'::text])))
);

create table flows.leader (
  one boolean not null default true,
  holder uuid,
  term integer not null default 0,
  renewed_at timestamp with time zone not null default now(),
  constraint leader_pkey PRIMARY KEY (one),
  constraint leader_holder_fkey FOREIGN KEY (holder) REFERENCES flows.executor(id) ON DELETE SET NULL,
  constraint leader_one_check CHECK (one)
);
CREATE TRIGGER leader_gone AFTER UPDATE OF holder ON flows.leader FOR EACH ROW WHEN ((new.holder IS NULL)) EXECUTE FUNCTION flows.tell_scheduler();

create table flows.line (
  run_id text not null,
  number integer not null,
  at timestamp with time zone not null,
  step integer,
  level text not null,
  text text not null,
  constraint line_pkey PRIMARY KEY (run_id, number),
  constraint line_run_id_fkey FOREIGN KEY (run_id) REFERENCES flows.run(id) ON DELETE CASCADE,
  constraint line_level_check CHECK ((level = ANY (ARRAY['info'::text, 'warn'::text, 'error'::text]))),
  constraint line_number_check CHECK ((number > 0)),
  constraint line_text_check CHECK ((length(text) <= 2000))
);

create table flows.run (
  id text not null,
  flow text not null,
  key text not null,
  build text,
  state text not null,
  input json,
  output json,
  error json,
  holder uuid,
  reserved_for uuid,
  turn integer not null default 0,
  deaths integer not null default 0,
  told boolean not null default false,
  submitted_at timestamp with time zone not null default now(),
  waiting_since timestamp with time zone not null default now(),
  started_at timestamp with time zone,
  finished_at timestamp with time zone,
  submitted_by json,
  cancel_asked_at timestamp with time zone,
  cancel_by text,
  cancel_why text,
  retry_of text,
  retry_from integer,
  lines integer not null default 0,
  tick bigint,
  timeout_ms bigint,
  step_timeout_ms bigint,
  constraint run_pkey PRIMARY KEY (id),
  constraint run_holder_fkey FOREIGN KEY (holder) REFERENCES flows.executor(id),
  constraint run_reserved_for_fkey FOREIGN KEY (reserved_for) REFERENCES flows.executor(id),
  constraint run_cancel_asked CHECK (((cancel_asked_at IS NULL) = (cancel_by IS NULL))),
  constraint run_error CHECK (((error IS NOT NULL) = (state = 'failed'::text))),
  constraint run_finished_at CHECK (((state = ANY (ARRAY['succeeded'::text, 'failed'::text, 'cancelled'::text])) = (finished_at IS NOT NULL))),
  constraint run_held_while_running CHECK (((state = 'running'::text) = (holder IS NOT NULL))),
  constraint run_output CHECK (((output IS NULL) OR (state = 'succeeded'::text))),
  constraint run_reserved_while_waiting CHECK (((state = 'waiting'::text) OR (reserved_for IS NULL))),
  constraint run_retry CHECK (((retry_of IS NULL) = (retry_from IS NULL))),
  constraint run_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text]))),
  constraint run_step_timeout_ms_check CHECK ((step_timeout_ms > 0)),
  constraint run_timeout_ms_check CHECK ((timeout_ms > 0))
);
CREATE INDEX run_by_state ON flows.run USING btree (state, submitted_at);
CREATE INDEX run_finished ON flows.run USING btree (flow, finished_at) WHERE (finished_at IS NOT NULL);
CREATE INDEX run_holder ON flows.run USING btree (holder) WHERE (holder IS NOT NULL);
CREATE INDEX run_of_flow ON flows.run USING btree (flow, submitted_at);
CREATE INDEX run_of_flow_by_state ON flows.run USING btree (flow, state, submitted_at);
CREATE INDEX run_of_tick ON flows.run USING btree (tick) WHERE (tick IS NOT NULL);
CREATE INDEX run_reserved ON flows.run USING btree (reserved_for) WHERE (reserved_for IS NOT NULL);
CREATE INDEX run_retry_of ON flows.run USING btree (retry_of) WHERE (retry_of IS NOT NULL);
CREATE INDEX run_submitted ON flows.run USING btree (submitted_at);
CREATE UNIQUE INDEX run_unfinished ON flows.run USING btree (key) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));
CREATE INDEX run_untold ON flows.run USING btree (key) WHERE ((state = 'succeeded'::text) AND (NOT told));
CREATE INDEX run_waiting ON flows.run USING btree (submitted_at) WHERE (state = 'waiting'::text);
CREATE TRIGGER run_of_tick_ended AFTER UPDATE OF finished_at ON flows.run FOR EACH ROW WHEN (((new.tick IS NOT NULL) AND (new.finished_at IS NOT NULL))) EXECUTE FUNCTION flows.tell_scheduler();

create table flows.schedule (
  name text not null,
  rule json not null,
  decided_to timestamp with time zone not null,
  removed_at timestamp with time zone,
  paused_at timestamp with time zone,
  paused_by text,
  paused_why text,
  constraint schedule_pkey PRIMARY KEY (name),
  constraint schedule_paused CHECK (((paused_at IS NULL) = (paused_by IS NULL)))
);

create table flows.step (
  run_id text not null,
  number integer not null,
  name text not null,
  output json,
  error json,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone not null,
  taken_from text,
  constraint step_pkey PRIMARY KEY (run_id, number),
  constraint step_run_id_fkey FOREIGN KEY (run_id) REFERENCES flows.run(id) ON DELETE CASCADE,
  constraint step_number_check CHECK ((number >= 0)),
  constraint step_output_or_error CHECK (((output IS NULL) OR (error IS NULL)))
);

create table flows.submission (
  run_id text not null,
  key text not null,
  submitted_at timestamp with time zone not null default now(),
  constraint submission_pkey PRIMARY KEY (run_id)
);
CREATE INDEX submission_key ON flows.submission USING btree (key);

create table flows.tick (
  id bigint not null generated always as identity,
  schedule text not null,
  origin text not null,
  key text not null,
  period timestamp with time zone not null,
  subject text,
  about text,
  due_at timestamp with time zone not null,
  state text not null,
  why text,
  stands_for integer not null default 1,
  backfill bigint,
  wished_by json,
  attempts integer not null default 0,
  run_id text,
  not_before timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint tick_pkey PRIMARY KEY (id),
  constraint tick_schedule_key_key UNIQUE (schedule, key),
  constraint tick_backfill_fkey FOREIGN KEY (backfill) REFERENCES flows.backfill(id),
  constraint tick_schedule_fkey FOREIGN KEY (schedule) REFERENCES flows.schedule(name),
  constraint tick_backfill CHECK (((backfill IS NOT NULL) = (origin = 'backfill'::text))),
  constraint tick_ended CHECK (((state = ANY (ARRAY['waiting'::text, 'running'::text])) = (ended_at IS NULL))),
  constraint tick_origin_check CHECK ((origin = ANY (ARRAY['time'::text, 'trigger'::text, 'backfill'::text, 'person'::text]))),
  constraint tick_run CHECK (((state <> 'running'::text) OR (run_id IS NOT NULL))),
  constraint tick_stands_for_check CHECK ((stands_for > 0)),
  constraint tick_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'succeeded'::text, 'failed'::text, 'cancelled'::text, 'skipped'::text])))
);
CREATE INDEX tick_ended ON flows.tick USING btree (schedule, ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX tick_of_backfill ON flows.tick USING btree (backfill, due_at, id) WHERE (backfill IS NOT NULL);
CREATE INDEX tick_of_schedule ON flows.tick USING btree (schedule, due_at, id);
CREATE INDEX tick_open ON flows.tick USING btree (schedule, due_at, id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

create table flows.trigger (
  kind text not null,
  id text not null,
  subject text not null,
  details json not null,
  fired_at timestamp with time zone not null default now(),
  due_at timestamp with time zone,
  handled_at timestamp with time zone,
  constraint trigger_pkey PRIMARY KEY (kind, id),
  constraint trigger_kind_check CHECK ((kind = ANY (ARRAY['delivery'::text, 'drift'::text, 'labels'::text, 'withdrawn'::text])))
);
CREATE INDEX trigger_open ON flows.trigger USING btree (due_at) WHERE (handled_at IS NULL);

create table flows.worker (
  executor_id uuid not null,
  lease integer not null generated always as identity,
  serves text not null,
  place text not null,
  pid integer not null,
  started_at timestamp with time zone not null default now(),
  silent_since timestamp with time zone,
  constraint worker_pkey PRIMARY KEY (executor_id),
  constraint worker_lease_key UNIQUE (lease),
  constraint worker_pid_check CHECK ((pid > 0)),
  constraint worker_serves_check CHECK ((serves = ANY (ARRAY['any'::text, 'own'::text])))
);

create schema home;

create table home.home (
  only_one boolean not null default true,
  home_id uuid not null default gen_random_uuid(),
  project text not null,
  objects text not null,
  objects_marked boolean not null default false,
  online text not null,
  created_at timestamp with time zone not null default now(),
  constraint home_pkey PRIMARY KEY (only_one),
  constraint home_objects_check CHECK ((objects <> ''::text)),
  constraint home_online_check CHECK ((online <> ''::text)),
  constraint home_only_one_check CHECK (only_one),
  constraint home_project_check CHECK ((project <> ''::text))
);

create schema identity;

CREATE OR REPLACE FUNCTION identity.audit_chain()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  head identity.audit_head;
  made identity.audit;
begin
  select * into strict head from identity.audit_head for update;
  select * into strict made from identity.audit where id = new.id;
  made.seq := head.seq + 1;
  made.previous := head.hash;
  made.at := coalesce(made.at, clock_timestamp());
  made.hash := encode(sha256(convert_to(identity.audit_text(made), 'UTF8')), 'hex');
  update identity.audit set seq = made.seq, previous = made.previous, at = made.at, hash = made.hash where id = new.id;
  update identity.audit_head set seq = made.seq, hash = made.hash;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION identity.audit_field(value text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
RETURN COALESCE((((octet_length(value))::text || ':'::text) || value), '-'::text);

CREATE OR REPLACE FUNCTION identity.audit_keep()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'INSERT' then
    new.seq := null;
    new.previous := null;
    new.hash := null;
    if new.actor_kind <> 'history' then
      new.at := null;
    end if;
    if new.why is not null then
      new.why_salt := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
      new.why_digest := encode(sha256(convert_to(new.why_salt || new.why, 'UTF8')), 'hex');
    end if;
    return new;
  end if;
  if tg_op = 'UPDATE' then
    if old.hash is null and pg_trigger_depth() > 1 then
      return new;
    end if;
    if old.hash is not null and new.why is null and new.why_salt is null
      and to_jsonb(new) - array['why', 'why_salt'] = to_jsonb(old) - array['why', 'why_salt'] then
      return new;
    end if;
  end if;
  raise exception 'the audit trail is append-only: % is refused', lower(tg_op)
    using errcode = 'integrity_constraint_violation', hint = 'a row that was written in error is put right by a new one';
end
$function$;

CREATE OR REPLACE FUNCTION identity.audit_text(a identity.audit)
 RETURNS text
 LANGUAGE sql
 STABLE
RETURN concat_ws(','::text, identity.audit_field((a).previous), identity.audit_field(((a).seq)::text), identity.audit_field(to_char(((a).at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text)), identity.audit_field((a).actor), identity.audit_field((a).actor_kind), identity.audit_field((a).token), identity.audit_field((a).origin), identity.audit_field((a).action), identity.audit_field((a).on_kind), identity.audit_field((a).on_name), identity.audit_field((a).model), identity.audit_field(((a).from_value)::text), identity.audit_field(((a).to_value)::text), identity.audit_field((a).why_digest));

create table identity.audit (
  id bigint not null generated always as identity,
  seq bigint,
  at timestamp with time zone,
  actor text not null,
  actor_kind text not null,
  token text,
  origin text,
  action text not null,
  on_kind text not null,
  on_name text not null,
  model text,
  from_value json,
  to_value json,
  why text,
  why_salt text,
  why_digest text,
  previous text,
  hash text,
  constraint audit_pkey PRIMARY KEY (id),
  constraint audit_seq_key UNIQUE (seq),
  constraint audit_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['local'::text, 'token'::text, 'flow'::text, 'history'::text])))
);
CREATE INDEX audit_by_action ON identity.audit USING btree (action, seq);
CREATE INDEX audit_by_model ON identity.audit USING btree (model, seq) WHERE (model IS NOT NULL);
CREATE CONSTRAINT TRIGGER audit_chain AFTER INSERT ON identity.audit DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION identity.audit_chain();
CREATE TRIGGER audit_keep BEFORE INSERT OR DELETE OR UPDATE ON identity.audit FOR EACH ROW EXECUTE FUNCTION identity.audit_keep();
CREATE TRIGGER audit_keep_all BEFORE TRUNCATE ON identity.audit FOR EACH STATEMENT EXECUTE FUNCTION identity.audit_keep();

create table identity.audit_head (
  one boolean not null default true,
  seq bigint not null,
  hash text not null,
  constraint audit_head_pkey PRIMARY KEY (one),
  constraint audit_head_one_check CHECK (one)
);

create table identity.session (
  digest text not null,
  token_digest text not null,
  began_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  constraint session_pkey PRIMARY KEY (digest),
  constraint session_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text))
);
CREATE INDEX session_by_token ON identity.session USING btree (token_digest, began_at);

create table identity.token (
  id text not null,
  name text not null,
  digest text not null,
  role text not null,
  model text,
  created_at timestamp with time zone not null default now(),
  created_by text not null,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_by text,
  last_used_at timestamp with time zone,
  last_used_from text,
  constraint token_pkey PRIMARY KEY (id),
  constraint token_digest_key UNIQUE (digest),
  constraint token_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
  constraint token_model_check CHECK ((model <> ''::text)),
  constraint token_name_check CHECK (((name <> ''::text) AND (length(name) <= 100))),
  constraint token_role_check CHECK ((role = ANY (ARRAY['viewer'::text, 'editor'::text, 'promoter'::text, 'admin'::text])))
);
CREATE UNIQUE INDEX token_name ON identity.token USING btree (name) WHERE (revoked_at IS NULL);

create schema ingest;

create table ingest.delivery (
  id bigint not null generated always as identity,
  as_of timestamp with time zone not null,
  directory text not null,
  state text not null,
  started_at timestamp with time zone not null,
  finished_at timestamp with time zone not null,
  sources jsonb not null,
  findings jsonb not null,
  actor text,
  asked text[],
  files jsonb not null default '[]'::jsonb,
  constraint delivery_pkey PRIMARY KEY (id),
  constraint delivery_check CHECK (((state = 'refused'::text) = (sources = '[]'::jsonb))),
  constraint delivery_check1 CHECK (((state <> 'refused'::text) OR (findings @> '[{"severity": "error"}]'::jsonb))),
  constraint delivery_files_check CHECK ((jsonb_typeof(files) = 'array'::text)),
  constraint delivery_findings_check CHECK ((jsonb_typeof(findings) = 'array'::text)),
  constraint delivery_sources_check CHECK ((jsonb_typeof(sources) = 'array'::text)),
  constraint delivery_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'unchanged'::text, 'refused'::text])))
);
CREATE INDEX delivery_as_of ON ingest.delivery USING btree (as_of, id);

create schema lake;

CREATE OR REPLACE FUNCTION lake.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '%.% is append only: a correction is a new version', tg_table_schema, tg_table_name;
end $function$;

create table lake.cache (
  id text not null,
  host text not null,
  folder text not null,
  seen_at timestamp with time zone not null,
  swept bigint not null,
  constraint cache_pkey PRIMARY KEY (id)
);

create table lake.clock (
  one boolean not null default true,
  last timestamp with time zone not null,
  constraint clock_pkey PRIMARY KEY (one),
  constraint clock_one_check CHECK (one)
);

create table lake.erased_object (
  id bigint not null generated always as identity,
  object_key text not null,
  erased_at timestamp with time zone not null,
  constraint erased_object_pkey PRIMARY KEY (id)
);
CREATE INDEX erased_object_by_key ON lake.erased_object USING btree (object_key);

create table lake.key_place (
  entity text not null,
  source text not null,
  columns jsonb not null,
  constraint key_place_pkey PRIMARY KEY (entity, source, columns),
  constraint key_place_columns_check CHECK ((jsonb_typeof(columns) = 'array'::text))
);

create table lake.merged_file (
  id bigint not null generated always as identity,
  source text not null,
  object_key text not null,
  rows bigint not null,
  bytes bigint not null,
  merged_at timestamp with time zone not null,
  replaced_at timestamp with time zone,
  constraint merged_file_pkey PRIMARY KEY (id),
  constraint merged_file_bytes_check CHECK ((bytes > 0)),
  constraint merged_file_rows_check CHECK ((rows >= 0))
);
CREATE INDEX merged_file_by_source ON lake.merged_file USING btree (source) WHERE (replaced_at IS NULL);

create table lake.merged_member (
  file bigint not null,
  seq bigint not null,
  object_key text not null,
  constraint merged_member_pkey PRIMARY KEY (file, seq),
  constraint merged_member_file_fkey FOREIGN KEY (file) REFERENCES lake.merged_file(id) ON DELETE CASCADE,
  constraint merged_member_seq_fkey FOREIGN KEY (seq) REFERENCES lake.snapshot(seq)
);

create table lake.redacted_file (
  redaction bigint not null,
  seq bigint not null,
  digest text not null,
  object_key text not null,
  rows bigint not null,
  bytes bigint not null,
  constraint redacted_file_pkey PRIMARY KEY (seq, redaction),
  constraint redacted_file_redaction_fkey FOREIGN KEY (redaction) REFERENCES lake.redaction(id),
  constraint redacted_file_seq_fkey FOREIGN KEY (seq) REFERENCES lake.snapshot(seq),
  constraint redacted_file_bytes_check CHECK ((bytes > 0)),
  constraint redacted_file_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
  constraint redacted_file_rows_check CHECK ((rows >= 0))
);

create table lake.redaction (
  id bigint not null generated always as identity,
  recorded_at timestamp with time zone not null,
  entity text not null,
  actor text not null,
  reason text not null,
  suppression bigint,
  constraint redaction_pkey PRIMARY KEY (id),
  constraint redaction_suppression_fkey FOREIGN KEY (suppression) REFERENCES lake.suppression(id)
);

create table lake.snapshot (
  seq bigint not null generated always as identity,
  id text not null,
  source text not null,
  valid_at timestamp with time zone not null,
  version integer not null,
  recorded_at timestamp with time zone not null,
  available_at timestamp with time zone not null,
  digest text not null,
  object_key text not null,
  file_digest text not null,
  rows bigint not null,
  bytes bigint not null,
  columns jsonb not null,
  unique_key jsonb,
  duckdb_version text not null,
  constraint snapshot_pkey PRIMARY KEY (seq),
  constraint snapshot_id_key UNIQUE (id),
  constraint snapshot_source_valid_at_version_key UNIQUE (source, valid_at, version),
  constraint snapshot_bytes_check CHECK ((bytes > 0)),
  constraint snapshot_columns_check CHECK ((jsonb_typeof(columns) = 'array'::text)),
  constraint snapshot_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
  constraint snapshot_file_digest_check CHECK ((file_digest ~ '^[0-9a-f]{64}$'::text)),
  constraint snapshot_rows_check CHECK ((rows >= 0)),
  constraint snapshot_unique_key_check CHECK ((jsonb_typeof(unique_key) = 'array'::text)),
  constraint snapshot_version_check CHECK ((version >= 1))
);
CREATE INDEX snapshot_newest ON lake.snapshot USING btree (source, valid_at DESC, available_at DESC, seq DESC);
CREATE TRIGGER snapshot_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON lake.snapshot FOR EACH STATEMENT EXECUTE FUNCTION lake.refuse_change();

create table lake.suppression (
  id bigint not null generated always as identity,
  entity text not null,
  subject text not null,
  secret text not null,
  recorded_at timestamp with time zone not null,
  actor text not null,
  reason text not null,
  lifted_at timestamp with time zone,
  lifted_by text,
  lift_reason text,
  constraint suppression_pkey PRIMARY KEY (id),
  constraint suppression_check CHECK ((num_nulls(lifted_at, lifted_by, lift_reason) = ANY (ARRAY[0, 3]))),
  constraint suppression_subject_check CHECK ((subject ~ '^[0-9a-f]{64}$'::text))
);
CREATE UNIQUE INDEX suppression_active ON lake.suppression USING btree (subject) WHERE (lifted_at IS NULL);

create table lake.withdrawal (
  seq bigint not null,
  recorded_at timestamp with time zone not null,
  actor text not null,
  reason text not null,
  request text not null,
  constraint withdrawal_pkey PRIMARY KEY (seq),
  constraint withdrawal_seq_fkey FOREIGN KEY (seq) REFERENCES lake.snapshot(seq),
  constraint withdrawal_reason_check CHECK ((reason <> ''::text))
);
CREATE TRIGGER withdrawal_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON lake.withdrawal FOR EACH STATEMENT EXECUTE FUNCTION lake.refuse_change();

create table lake.work_epoch (
  one boolean not null default true,
  epoch integer not null,
  constraint work_epoch_pkey PRIMARY KEY (one),
  constraint work_epoch_epoch_check CHECK ((epoch > 0)),
  constraint work_epoch_one_check CHECK (one)
);

create schema monitoring;

create table monitoring.alert (
  id bigint not null generated always as identity,
  rule text not null,
  series text not null,
  severity text not null,
  metric text not null,
  on_kind text not null,
  on_name text not null,
  part text,
  arm text,
  version integer,
  state text not null,
  wrong_since timestamp with time zone not null,
  opened_at timestamp with time zone,
  over_at timestamp with time zone,
  told_at timestamp with time zone,
  value double precision not null,
  threshold double precision not null,
  says text not null,
  next text not null,
  acknowledged_at timestamp with time zone,
  acknowledged_by text,
  acknowledged_why text,
  constraint alert_pkey PRIMARY KEY (id),
  constraint alert_severity_check CHECK ((severity = ANY (ARRAY['info'::text, 'warn'::text, 'critical'::text]))),
  constraint alert_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'open'::text, 'over'::text])))
);
CREATE INDEX alert_by_rule ON monitoring.alert USING btree (rule, series, told_at DESC);
CREATE UNIQUE INDEX alert_once ON monitoring.alert USING btree (rule, series) WHERE (state <> 'over'::text);

create table monitoring.alert_message (
  id bigint not null generated always as identity,
  channel text not null,
  body json not null,
  state text not null default 'waiting'::text,
  tries integer not null default 0,
  made_at timestamp with time zone not null,
  next_at timestamp with time zone not null,
  sent_at timestamp with time zone,
  error text,
  constraint alert_message_pkey PRIMARY KEY (id),
  constraint alert_message_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'given_up'::text])))
);
CREATE INDEX alert_message_waiting ON monitoring.alert_message USING btree (next_at) WHERE (state = 'waiting'::text);

create table monitoring.alert_turn (
  one boolean not null default true,
  looked_at timestamp with time zone not null,
  constraint alert_turn_pkey PRIMARY KEY (one),
  constraint alert_turn_one_check CHECK (one)
);

create table monitoring.decision (
  id bigint not null generated always as identity,
  model text not null,
  kind text not null,
  verdict text not null,
  says text not null,
  at timestamp with time zone not null,
  flow_run text,
  details json not null default '{}'::json,
  recorded_at timestamp with time zone not null default clock_timestamp(),
  constraint decision_pkey PRIMARY KEY (id),
  constraint decision_kind_check CHECK ((kind = ANY (ARRAY['monitor'::text, 'compare'::text, 'canary'::text, 'retrain'::text, 'alert'::text])))
);
CREATE INDEX decision_by_model ON monitoring.decision USING btree (model, at DESC, id DESC);
CREATE UNIQUE INDEX decision_once ON monitoring.decision USING btree (flow_run, kind, model) WHERE (flow_run IS NOT NULL);

create table monitoring.measure (
  id bigint not null generated always as identity,
  metric text not null,
  on_kind text not null,
  on_name text not null,
  version integer,
  arm text,
  part text,
  valid_from timestamp with time zone,
  at timestamp with time zone not null,
  value double precision,
  low double precision,
  high double precision,
  details json not null default '{}'::json,
  recorded_at timestamp with time zone not null default clock_timestamp(),
  constraint measure_pkey PRIMARY KEY (id),
  constraint measure_on_kind_check CHECK ((on_kind = ANY (ARRAY['model'::text, 'source'::text, 'view'::text, 'project'::text])))
);
CREATE INDEX measure_by_metric ON monitoring.measure USING btree (on_kind, on_name, metric, at DESC, id DESC);
CREATE INDEX measure_by_name ON monitoring.measure USING btree (metric, at DESC);
CREATE INDEX measure_by_time ON monitoring.measure USING btree (recorded_at);

create table monitoring.report (
  id text not null,
  digest text not null,
  number bigint not null generated by default as identity,
  kind text not null,
  on_kind text not null,
  on_name text not null,
  at timestamp with time zone not null,
  share double precision,
  drifted boolean not null,
  says text not null,
  body json not null,
  made_at timestamp with time zone not null default clock_timestamp(),
  made_by text not null,
  constraint report_pkey PRIMARY KEY (id),
  constraint report_digest_key UNIQUE (digest),
  constraint report_number_key UNIQUE (number),
  constraint report_kind_check CHECK ((kind = 'drift'::text)),
  constraint report_on_kind_check CHECK ((on_kind = ANY (ARRAY['model'::text, 'source'::text])))
);
CREATE INDEX report_of ON monitoring.report USING btree (on_kind, on_name, number DESC);

create table monitoring.silence (
  id bigint not null generated always as identity,
  rule text,
  until timestamp with time zone not null,
  why text,
  made_by text not null,
  made_at timestamp with time zone not null,
  ended_at timestamp with time zone,
  constraint silence_pkey PRIMARY KEY (id)
);

create table monitoring.traffic (
  server text not null,
  model text not null,
  at timestamp with time zone not null,
  per_second double precision not null,
  refused_per_second double precision not null,
  failed_per_second double precision not null,
  p99_ms double precision,
  constraint traffic_pkey PRIMARY KEY (server, model)
);

create schema online;

create schema predictions;

create table predictions.answer (
  model integer not null,
  at timestamp with time zone not null,
  id bigint not null default nextval('predictions.answer_id'::regclass),
  shape integer not null,
  arm text not null,
  returned boolean not null,
  key text[] not null,
  features json,
  statuses json,
  times json,
  said json,
  score double precision,
  error text,
  latency_ms real not null,
  request_id text,
  recorded_at timestamp with time zone not null default clock_timestamp(),
  constraint answer_arm_check CHECK ((arm = ANY (ARRAY['champion'::text, 'canary'::text, 'shadow'::text]))),
  constraint answer_check CHECK (((said IS NULL) = (error IS NOT NULL)))
) partition by RANGE (model, at);
CREATE INDEX answer_by_key ON ONLY predictions.answer USING btree (key, at);
CREATE INDEX answer_by_moment ON ONLY predictions.answer USING btree (at, id);
CREATE INDEX answer_by_request ON ONLY predictions.answer USING btree (request_id) WHERE (request_id IS NOT NULL);

create sequence predictions.answer_id;

create table predictions.emptied (
  partition text not null,
  constraint emptied_pkey PRIMARY KEY (partition)
);

create table predictions.model (
  id integer not null generated always as identity,
  name text not null,
  constraint model_pkey PRIMARY KEY (id),
  constraint model_name_key UNIQUE (name)
);

create table predictions.shape (
  id integer not null generated always as identity,
  model integer not null,
  version text not null,
  run_id text not null,
  keys jsonb not null,
  features jsonb not null,
  digest text not null,
  constraint shape_pkey PRIMARY KEY (id),
  constraint shape_model_version_run_id_digest_key UNIQUE (model, version, run_id, digest),
  constraint shape_model_fkey FOREIGN KEY (model) REFERENCES predictions.model(id),
  constraint shape_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text)),
  constraint shape_features_check CHECK ((jsonb_typeof(features) = 'array'::text)),
  constraint shape_keys_check CHECK ((jsonb_typeof(keys) = 'array'::text))
);

create table predictions.writer (
  id uuid not null,
  written bigint not null,
  at timestamp with time zone not null default now(),
  constraint writer_pkey PRIMARY KEY (id)
);

create schema registry;

create table registry.alias (
  name text not null,
  alias text not null,
  version integer not null,
  constraint alias_pkey PRIMARY KEY (name, alias),
  constraint alias_name_version_fkey FOREIGN KEY (name, version) REFERENCES registry.version(name, version) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint alias_alias_check CHECK (((length(alias) >= 1) AND (length(alias) <= 255)))
);

create table registry.arm (
  name text not null,
  version integer not null,
  role text not null,
  share double precision not null,
  trial bigint not null default nextval('registry.arm_trial'::regclass),
  began_ms bigint not null,
  changed_ms bigint not null,
  changed_by text not null,
  changed_token text,
  constraint arm_pkey PRIMARY KEY (name, version),
  constraint arm_trial_key UNIQUE (trial),
  constraint arm_name_version_fkey FOREIGN KEY (name, version) REFERENCES registry.version(name, version) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint arm_check CHECK (((role = 'canary'::text) = (share > (0)::double precision))),
  constraint arm_role_check CHECK ((role = ANY (ARRAY['canary'::text, 'shadow'::text]))),
  constraint arm_share_check CHECK (((share >= (0)::double precision) AND (share <= (1)::double precision)))
);
CREATE UNIQUE INDEX arm_one_canary ON registry.arm USING btree (name) WHERE (role = 'canary'::text);

create sequence registry.arm_trial;

create table registry.model (
  name text not null,
  description text not null default ''::text,
  creation_ms bigint not null,
  last_update_ms bigint not null,
  last_version integer not null default 0,
  constraint model_pkey PRIMARY KEY (name),
  constraint model_name_check CHECK (((length(name) >= 1) AND (length(name) <= 250)))
);

create table registry.model_tag (
  name text not null,
  key text not null,
  value text not null,
  constraint model_tag_pkey PRIMARY KEY (name, key),
  constraint model_tag_name_fkey FOREIGN KEY (name) REFERENCES registry.model(name) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint model_tag_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);

create table registry.promotion_request (
  id bigint not null generated always as identity,
  name text not null,
  version integer,
  kind text not null,
  target text not null,
  archive_existing boolean not null,
  champion integer,
  asked_by text not null,
  asked_token text,
  reason text,
  asked_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  state text not null default 'waiting'::text,
  decided_by text,
  decided_token text,
  decided_reason text,
  decided_at timestamp with time zone,
  constraint promotion_request_pkey PRIMARY KEY (id),
  constraint promotion_request_check CHECK (((kind = 'alias'::text) OR (version IS NOT NULL))),
  constraint promotion_request_check1 CHECK (((state = 'waiting'::text) = (decided_at IS NULL))),
  constraint promotion_request_kind_check CHECK ((kind = ANY (ARRAY['stage'::text, 'alias'::text, 'canary'::text]))),
  constraint promotion_request_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text, 'void'::text])))
);
CREATE INDEX promotion_request_by_model ON registry.promotion_request USING btree (name, id DESC);
CREATE INDEX promotion_request_waiting ON registry.promotion_request USING btree (name) WHERE (state = 'waiting'::text);

create table registry.transition (
  transition_id bigint not null generated always as identity,
  name text not null,
  version integer not null,
  kind text not null,
  from_value text,
  to_value text,
  actor text not null,
  comment text,
  at_ms bigint not null,
  ended_ms bigint,
  details json,
  constraint transition_pkey PRIMARY KEY (transition_id),
  constraint transition_kind_check CHECK ((kind = ANY (ARRAY['stage'::text, 'alias'::text, 'arm'::text, 'serving'::text])))
);
CREATE INDEX transition_by_version ON registry.transition USING btree (name, version, transition_id);

create table registry.version (
  name text not null,
  version integer not null,
  stage text not null default 'None'::text,
  source text not null,
  run_id text,
  run_link text,
  description text not null default ''::text,
  status text not null default 'READY'::text,
  status_message text,
  creation_ms bigint not null,
  last_update_ms bigint not null,
  location text,
  constraint version_pkey PRIMARY KEY (name, version),
  constraint version_name_fkey FOREIGN KEY (name) REFERENCES registry.model(name) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint version_stage_check CHECK ((stage = ANY (ARRAY['None'::text, 'Staging'::text, 'Production'::text, 'Archived'::text]))),
  constraint version_status_check CHECK ((status = ANY (ARRAY['PENDING_REGISTRATION'::text, 'FAILED_REGISTRATION'::text, 'READY'::text]))),
  constraint version_version_check CHECK ((version > 0))
);
CREATE INDEX version_by_location ON registry.version USING btree (COALESCE(location, source));
CREATE INDEX version_by_run ON registry.version USING btree (run_id);
CREATE INDEX version_by_stage ON registry.version USING btree (name, stage, version DESC);

create table registry.version_tag (
  name text not null,
  version integer not null,
  key text not null,
  value text not null,
  constraint version_tag_pkey PRIMARY KEY (name, version, key),
  constraint version_tag_name_version_fkey FOREIGN KEY (name, version) REFERENCES registry.version(name, version) ON UPDATE CASCADE ON DELETE CASCADE,
  constraint version_tag_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);

create schema serving;

create table serving.arm_second (
  trial bigint not null,
  side text not null,
  server uuid not null,
  second timestamp with time zone not null,
  counts json not null,
  constraint arm_second_pkey PRIMARY KEY (trial, second, server, side),
  constraint arm_second_side_check CHECK ((side = ANY (ARRAY['arm'::text, 'champion'::text])))
);

create table serving.arm_total (
  trial bigint not null,
  side text not null,
  server uuid not null,
  counts json not null,
  constraint arm_total_pkey PRIMARY KEY (trial, server, side),
  constraint arm_total_side_check CHECK ((side = ANY (ARRAY['arm'::text, 'champion'::text])))
);

create table serving.live (
  server uuid not null,
  model text not null,
  version integer,
  source text,
  since timestamp with time zone not null,
  problem text,
  arms json,
  constraint live_pkey PRIMARY KEY (server, model),
  constraint live_server_fkey FOREIGN KEY (server) REFERENCES serving.server(id) ON DELETE CASCADE
);

create table serving.server (
  id uuid not null,
  host text not null,
  pid integer not null,
  weir text not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  constraint server_pkey PRIMARY KEY (id)
);

create schema tracking;

CREATE OR REPLACE FUNCTION tracking.delete_metric()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from tracking.point p using tracking.series s
  where s.run_id = old.run_id and s.key = old.key and p.series_id = s.series_id
    and (p.timestamp_ms, p.step, p.value) = (old.timestamp_ms, old.step, old.value);
  return old;
end $function$;

CREATE OR REPLACE FUNCTION tracking.delete_points()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from tracking.point p using gone where p.series_id = gone.series_id;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION tracking.forget_extent()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.least := null;
  new.greatest := null;
  return new;
end $function$;

CREATE OR REPLACE FUNCTION tracking.insert_metric()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  id bigint;
begin
  select series_id into id from tracking.series where run_id = new.run_id and key = new.key;
  if id is null then
    insert into tracking.series (run_id, key) values (new.run_id, new.key)
    on conflict (run_id, key) do update set key = excluded.key returning series_id into id;
  end if;
  insert into tracking.point (series_id, timestamp_ms, step, value)
  values (id, new.timestamp_ms, new.step, new.value) on conflict do nothing;
  return new;
end $function$;

create table tracking.dataset (
  dataset_id bigint not null generated always as identity,
  experiment_id bigint not null,
  name text not null,
  digest text not null,
  source_type text not null,
  source text not null,
  schema text,
  profile text,
  constraint dataset_pkey PRIMARY KEY (dataset_id),
  constraint dataset_experiment_id_name_digest_key UNIQUE (experiment_id, name, digest),
  constraint dataset_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES tracking.experiment(experiment_id) ON DELETE CASCADE,
  constraint dataset_digest_check CHECK (((length(digest) >= 1) AND (length(digest) <= 36))),
  constraint dataset_name_check CHECK (((length(name) >= 1) AND (length(name) <= 500)))
);

create table tracking.experiment (
  experiment_id bigint not null generated by default as identity,
  name text not null,
  artifact_location text not null,
  lifecycle_stage text not null default 'active'::text,
  deleted_ms bigint,
  creation_ms bigint not null,
  last_update_ms bigint not null,
  constraint experiment_pkey PRIMARY KEY (experiment_id),
  constraint experiment_name_key UNIQUE (name),
  constraint experiment_check CHECK (((deleted_ms IS NOT NULL) = (lifecycle_stage = 'deleted'::text))),
  constraint experiment_lifecycle_stage_check CHECK ((lifecycle_stage = ANY (ARRAY['active'::text, 'deleted'::text]))),
  constraint experiment_name_check CHECK (((length(name) >= 1) AND (length(name) <= 500)))
);

create table tracking.experiment_tag (
  experiment_id bigint not null,
  key text not null,
  value text not null,
  constraint experiment_tag_pkey PRIMARY KEY (experiment_id, key),
  constraint experiment_tag_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES tracking.experiment(experiment_id) ON DELETE CASCADE,
  constraint experiment_tag_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);

create table tracking.input (
  run_id text not null,
  dataset_id bigint not null,
  constraint input_pkey PRIMARY KEY (run_id, dataset_id),
  constraint input_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES tracking.dataset(dataset_id) ON DELETE CASCADE,
  constraint input_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE
);

create table tracking.input_again (
  run_id text not null,
  dataset_id bigint not null,
  context text not null,
  tags jsonb not null,
  constraint input_again_pkey PRIMARY KEY (run_id, dataset_id, context),
  constraint input_again_run_id_dataset_id_fkey FOREIGN KEY (run_id, dataset_id) REFERENCES tracking.input(run_id, dataset_id) ON DELETE CASCADE,
  constraint input_again_context_check CHECK ((length(context) <= 500))
);

create table tracking.input_tag (
  run_id text not null,
  dataset_id bigint not null,
  key text not null,
  value text not null,
  constraint input_tag_pkey PRIMARY KEY (run_id, dataset_id, key),
  constraint input_tag_run_id_dataset_id_fkey FOREIGN KEY (run_id, dataset_id) REFERENCES tracking.input(run_id, dataset_id) ON DELETE CASCADE,
  constraint input_tag_key_check CHECK (((length(key) >= 1) AND (length(key) <= 255))),
  constraint input_tag_value_check CHECK ((length(value) <= 500))
);

create table tracking.latest_metric (
  run_id text not null,
  experiment_id bigint not null,
  key text not null,
  timestamp_ms bigint not null,
  step bigint not null,
  value double precision not null,
  "least" double precision,
  "greatest" double precision,
  toggle boolean not null default false,
  constraint latest_metric_pkey PRIMARY KEY (run_id, key),
  constraint latest_metric_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE
);
CREATE INDEX latest_metric_by_value ON tracking.latest_metric USING btree (experiment_id, key, value);
CREATE TRIGGER forget_extent BEFORE UPDATE ON tracking.latest_metric FOR EACH ROW WHEN ((new.toggle = old.toggle)) EXECUTE FUNCTION tracking.forget_extent();

create table tracking.logged_model (
  model_id text not null,
  experiment_id bigint not null,
  name text not null,
  model_type text,
  source_run_id text,
  status text not null,
  artifact_uri text not null,
  lifecycle_stage text not null default 'active'::text,
  creation_ms bigint not null,
  last_update_ms bigint not null,
  constraint logged_model_pkey PRIMARY KEY (model_id),
  constraint logged_model_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES tracking.experiment(experiment_id) ON DELETE CASCADE,
  constraint logged_model_lifecycle_stage_check CHECK ((lifecycle_stage = ANY (ARRAY['active'::text, 'deleted'::text]))),
  constraint logged_model_model_id_check CHECK ((model_id ~ '^m-[0-9a-f]{32}$'::text)),
  constraint logged_model_name_check CHECK (((length(name) >= 1) AND (length(name) <= 500))),
  constraint logged_model_status_check CHECK ((status = ANY (ARRAY['PENDING'::text, 'READY'::text, 'FAILED'::text])))
);
CREATE INDEX logged_model_by_experiment ON tracking.logged_model USING btree (experiment_id, creation_ms DESC, model_id);
CREATE INDEX logged_model_by_run ON tracking.logged_model USING btree (source_run_id);

create table tracking.logged_model_metric (
  model_id text not null,
  run_id text not null,
  key text not null,
  timestamp_ms bigint not null,
  step bigint not null,
  value double precision not null,
  dataset_name text,
  dataset_digest text,
  constraint logged_model_metric_model_id_key_run_id_timestamp_ms_step_v_key UNIQUE NULLS NOT DISTINCT (model_id, key, run_id, timestamp_ms, step, value, dataset_name, dataset_digest),
  constraint logged_model_metric_model_id_fkey FOREIGN KEY (model_id) REFERENCES tracking.logged_model(model_id) ON DELETE CASCADE,
  constraint logged_model_metric_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE,
  constraint logged_model_metric_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250))),
  constraint logged_model_metric_timestamp_ms_check CHECK ((timestamp_ms >= 0))
);

create table tracking.logged_model_param (
  model_id text not null,
  key text not null,
  value text not null,
  constraint logged_model_param_pkey PRIMARY KEY (model_id, key),
  constraint logged_model_param_model_id_fkey FOREIGN KEY (model_id) REFERENCES tracking.logged_model(model_id) ON DELETE CASCADE,
  constraint logged_model_param_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250))),
  constraint logged_model_param_value_check CHECK ((length(value) <= 6000))
);

create table tracking.logged_model_tag (
  model_id text not null,
  key text not null,
  value text not null,
  constraint logged_model_tag_pkey PRIMARY KEY (model_id, key),
  constraint logged_model_tag_model_id_fkey FOREIGN KEY (model_id) REFERENCES tracking.logged_model(model_id) ON DELETE CASCADE,
  constraint logged_model_tag_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);

create view tracking.metric as
 SELECT s.run_id,
    s.key,
    p.timestamp_ms,
    p.step,
    p.value
   FROM tracking.series s
     JOIN tracking.point p USING (series_id);
CREATE TRIGGER delete_metric INSTEAD OF DELETE ON tracking.metric FOR EACH ROW EXECUTE FUNCTION tracking.delete_metric();
CREATE TRIGGER insert_metric INSTEAD OF INSERT ON tracking.metric FOR EACH ROW EXECUTE FUNCTION tracking.insert_metric();

create table tracking.model_input (
  run_id text not null,
  model_id text not null,
  constraint model_input_pkey PRIMARY KEY (run_id, model_id),
  constraint model_input_model_id_fkey FOREIGN KEY (model_id) REFERENCES tracking.logged_model(model_id) ON DELETE CASCADE,
  constraint model_input_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE
);

create table tracking.model_output (
  run_id text not null,
  model_id text not null,
  step bigint not null,
  constraint model_output_pkey PRIMARY KEY (run_id, model_id),
  constraint model_output_model_id_fkey FOREIGN KEY (model_id) REFERENCES tracking.logged_model(model_id) ON DELETE CASCADE,
  constraint model_output_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE
);

create table tracking.param (
  run_id text not null,
  key text not null,
  value text not null,
  constraint param_pkey PRIMARY KEY (run_id, key),
  constraint param_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE,
  constraint param_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250))),
  constraint param_value_check CHECK ((length(value) <= 6000))
);

create table tracking.point (
  series_id bigint not null,
  timestamp_ms bigint not null,
  step bigint not null,
  value double precision not null,
  constraint point_pkey PRIMARY KEY (series_id, timestamp_ms, step, value),
  constraint point_timestamp_ms_check CHECK ((timestamp_ms >= 0))
);

create table tracking.run (
  run_id text not null,
  experiment_id bigint not null,
  name text not null,
  user_id text not null,
  status text not null,
  start_ms bigint not null,
  end_ms bigint,
  artifact_uri text not null,
  lifecycle_stage text not null default 'active'::text,
  deleted_ms bigint,
  revision bigint not null default ((EXTRACT(epoch FROM clock_timestamp()) * (1000000)::numeric))::bigint,
  constraint run_pkey PRIMARY KEY (run_id),
  constraint run_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES tracking.experiment(experiment_id) ON DELETE CASCADE,
  constraint run_check CHECK (((deleted_ms IS NOT NULL) = (lifecycle_stage = 'deleted'::text))),
  constraint run_lifecycle_stage_check CHECK ((lifecycle_stage = ANY (ARRAY['active'::text, 'deleted'::text]))),
  constraint run_run_id_check CHECK ((run_id ~ '^[0-9a-f]{32}$'::text)),
  constraint run_status_check CHECK ((status = ANY (ARRAY['RUNNING'::text, 'SCHEDULED'::text, 'FINISHED'::text, 'FAILED'::text, 'KILLED'::text])))
);
CREATE INDEX run_by_deletion ON tracking.run USING btree (deleted_ms) WHERE (deleted_ms IS NOT NULL);
CREATE INDEX run_by_experiment ON tracking.run USING btree (experiment_id, start_ms DESC, run_id);

create table tracking.run_writes (
  run_id text not null,
  slot smallint not null,
  writes bigint not null,
  constraint run_writes_pkey PRIMARY KEY (run_id, slot),
  constraint run_writes_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE
);

create table tracking.saved_view (
  view_id bigint not null generated always as identity,
  experiment_id bigint not null,
  name text not null,
  state jsonb not null,
  saved_by text not null,
  saved_ms bigint not null,
  constraint saved_view_pkey PRIMARY KEY (view_id),
  constraint saved_view_experiment_id_name_key UNIQUE (experiment_id, name),
  constraint saved_view_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES tracking.experiment(experiment_id) ON DELETE CASCADE,
  constraint saved_view_name_check CHECK (((length(name) >= 1) AND (length(name) <= 250)))
);

create table tracking.sealed_file (
  folder text not null,
  path text not null,
  digest text not null,
  bytes bigint not null,
  constraint sealed_file_pkey PRIMARY KEY (folder, path),
  constraint sealed_file_folder_fkey FOREIGN KEY (folder) REFERENCES tracking.sealed_folder(path) ON DELETE CASCADE,
  constraint sealed_file_bytes_check CHECK ((bytes >= 0)),
  constraint sealed_file_digest_check CHECK ((digest ~ '^[0-9a-f]{64}$'::text))
);

create table tracking.sealed_folder (
  path text not null,
  sealed_ms bigint not null,
  digested_ms bigint,
  constraint sealed_folder_pkey PRIMARY KEY (path),
  constraint sealed_folder_path_check CHECK ((path <> ''::text))
);

create table tracking.series (
  series_id bigint not null generated always as identity,
  run_id text not null,
  key text not null,
  constraint series_pkey PRIMARY KEY (series_id),
  constraint series_run_id_key_key UNIQUE (run_id, key),
  constraint series_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE,
  constraint series_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);
CREATE TRIGGER delete_points AFTER DELETE ON tracking.series REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tracking.delete_points();

create table tracking.tag (
  run_id text not null,
  key text not null,
  value text not null,
  constraint tag_pkey PRIMARY KEY (run_id, key),
  constraint tag_run_id_fkey FOREIGN KEY (run_id) REFERENCES tracking.run(run_id) ON DELETE CASCADE,
  constraint tag_check CHECK ((length(value) <=
CASE key
    WHEN 'mlflow.log-model.history'::text THEN 1000000
    ELSE 8000
END)),
  constraint tag_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);
CREATE INDEX tag_by_parent ON tracking.tag USING btree ("left"(value, 32)) WHERE (key = 'mlflow.parentRunId'::text);

create table tracking.thinned (
  series_id bigint not null,
  by_time boolean not null,
  revision bigint not null,
  points bigint not null,
  packed bytea not null,
  constraint thinned_pkey PRIMARY KEY (series_id, by_time),
  constraint thinned_series_id_fkey FOREIGN KEY (series_id) REFERENCES tracking.series(series_id) ON DELETE CASCADE,
  constraint thinned_points_check CHECK ((points >= 0))
);

create table tracking.trace (
  trace_id text not null,
  experiment_id bigint not null,
  timestamp_ms bigint not null,
  execution_ms bigint,
  status text not null,
  client_request_id text,
  request_preview text,
  response_preview text,
  constraint trace_pkey PRIMARY KEY (trace_id),
  constraint trace_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES tracking.experiment(experiment_id) ON DELETE CASCADE,
  constraint trace_status_check CHECK ((status = ANY (ARRAY['STATE_UNSPECIFIED'::text, 'OK'::text, 'ERROR'::text, 'IN_PROGRESS'::text]))),
  constraint trace_trace_id_check CHECK ((trace_id ~ '^[A-Za-z0-9_-]{1,100}$'::text))
);
CREATE INDEX trace_by_experiment ON tracking.trace USING btree (experiment_id, timestamp_ms DESC, trace_id);

create table tracking.trace_assessment (
  assessment_id text not null,
  trace_id text not null,
  place bigint not null generated always as identity,
  document jsonb not null,
  constraint trace_assessment_pkey PRIMARY KEY (assessment_id),
  constraint trace_assessment_trace_id_fkey FOREIGN KEY (trace_id) REFERENCES tracking.trace(trace_id) ON DELETE CASCADE
);
CREATE INDEX trace_assessment_by_trace ON tracking.trace_assessment USING btree (trace_id, place);

create table tracking.trace_metadata (
  trace_id text not null,
  key text not null,
  value text not null,
  constraint trace_metadata_pkey PRIMARY KEY (trace_id, key),
  constraint trace_metadata_trace_id_fkey FOREIGN KEY (trace_id) REFERENCES tracking.trace(trace_id) ON DELETE CASCADE,
  constraint trace_metadata_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);

create table tracking.trace_tag (
  trace_id text not null,
  key text not null,
  value text not null,
  constraint trace_tag_pkey PRIMARY KEY (trace_id, key),
  constraint trace_tag_trace_id_fkey FOREIGN KEY (trace_id) REFERENCES tracking.trace(trace_id) ON DELETE CASCADE,
  constraint trace_tag_key_check CHECK (((length(key) >= 1) AND (length(key) <= 250)))
);
