-- Schedules: what is begun by itself, when and why. A server of the release before goes on: it schedules nothing, and works on
-- the runs that a schedule began as on any other (without their time limits).

-- Which of the workers schedules; one row. Whatever is decided is decided in a transaction that holds this row and names the
-- term, so one that was overtaken decides nothing more.
create table flows.leader (
  one boolean primary key default true check (one),
  holder uuid references flows.executor on delete set null,
  term integer not null default 0,
  -- A leader that is silent for too long is overtaken, though its connection stands.
  renewed_at timestamptz not null default now()
);

create table flows.schedule (
  name text primary key,
  -- What the project file says, as the leader read it.
  rule json not null,
  -- Every due time up to this one has been decided on: begun, or passed over with a reason.
  decided_to timestamptz not null,
  -- Since when the project file does not name it any more.
  removed_at timestamptz,
  paused_at timestamptz,
  paused_by text,
  paused_why text,
  constraint schedule_paused check ((paused_at is null) = (paused_by is null))
);

-- A range of periods that somebody wants done.
create table flows.backfill (
  id bigint primary key generated always as identity,
  schedule text not null references flows.schedule,
  from_at timestamptz not null,
  to_at timestamptz not null check (to_at > from_at),
  -- How many of its periods may be under way at once.
  parallel integer not null check (parallel > 0),
  asked_by json not null,
  why text,
  asked_at timestamptz not null default now()
);
create index backfill_of_schedule on flows.backfill (schedule, id);

-- One wish of a schedule: a due time, a trigger, a period of a backfill, or a person's "now".
create table flows.tick (
  id bigint primary key generated always as identity,
  schedule text not null references flows.schedule,
  origin text not null check (origin in ('time', 'trigger', 'backfill', 'person')),
  -- The same wish has the same key, and is there once.
  key text not null,
  -- What it is about, for the terms of the input.
  period timestamptz not null,
  subject text,
  about text,
  -- When it was to begin.
  due_at timestamptz not null,
  state text not null check (state in ('waiting', 'running', 'succeeded', 'failed', 'cancelled', 'skipped')),
  -- Why it waits, was skipped or did not succeed.
  why text,
  -- How many due times in a row a skipped one stands for.
  stands_for integer not null default 1 check (stands_for > 0),
  backfill bigint references flows.backfill,
  wished_by json,
  -- How often a run of it was begun, and the newest of these.
  attempts integer not null default 0,
  run_id text,
  -- Not begun before: after a failure, the pause before the next attempt.
  not_before timestamptz not null,
  ended_at timestamptz,
  unique (schedule, key),
  constraint tick_ended check ((state in ('waiting', 'running')) = (ended_at is null)),
  constraint tick_run check (state <> 'running' or run_id is not null),
  constraint tick_backfill check ((backfill is not null) = (origin = 'backfill'))
);
create index tick_of_schedule on flows.tick (schedule, due_at, id);
create index tick_open on flows.tick (schedule, due_at, id) where state in ('waiting', 'running');
create index tick_of_backfill on flows.tick (backfill, due_at, id) where backfill is not null;
create index tick_ended on flows.tick (schedule, ended_at) where ended_at is not null;

-- What happened that a schedule may wait for; told once.
create table flows.trigger (
  kind text not null check (kind in ('delivery', 'drift', 'labels', 'withdrawn')),
  id text not null,
  subject text not null,
  details json not null,
  fired_at timestamptz not null default now(),
  -- Looked at from then on, by the leader's clock; null: at once.
  due_at timestamptz,
  handled_at timestamptz,
  primary key (kind, id)
);
create index trigger_open on flows.trigger (due_at) where handled_at is null;

alter table flows.run
  -- The tick that it is an attempt of; that may be removed before this one.
  add column tick bigint,
  add column timeout_ms bigint check (timeout_ms > 0),
  add column step_timeout_ms bigint check (step_timeout_ms > 0);
create index run_of_tick on flows.run (tick) where tick is not null;

-- However a run ends: the leader hears it.
create function flows.tell_scheduler() returns trigger language plpgsql as $$
begin
  perform pg_notify('weir_flows_schedules', '');
  return null;
end $$;
create trigger run_of_tick_ended after update of finished_at on flows.run
  for each row when (new.tick is not null and new.finished_at is not null) execute function flows.tell_scheduler();
create trigger leader_gone after update of holder on flows.leader
  for each row when (new.holder is null) execute function flows.tell_scheduler();
