-- Cancelling, retrying from a step, attempts and lines of runs. A server of the release before goes on: it does not hear that
-- a run is to be cancelled, and ends it as ever.

alter table flows.run
  -- Who wished it, with a name; what it does is done on behalf of that one.
  add column submitted_by json,
  -- Asked for, and by whom; a run under way hears it, and ends as cancelled if its last step was not done before.
  add column cancel_asked_at timestamptz,
  add column cancel_by text,
  add column cancel_why text,
  -- The run whose recorded steps this one took over, and the number of the first step that it does itself. That run may be
  -- removed before this one.
  add column retry_of text,
  add column retry_from integer,
  -- How many lines were ever written.
  add column lines integer not null default 0;
alter table flows.run
  add constraint run_cancel_asked check ((cancel_asked_at is null) = (cancel_by is null)),
  add constraint run_retry check ((retry_of is null) = (retry_from is null));
create index run_by_state on flows.run (state, submitted_at);
create index run_of_flow_by_state on flows.run (flow, state, submitted_at);
create index run_retry_of on flows.run (retry_of) where retry_of is not null;

-- The run that did it, where this one took it over.
alter table flows.step add column taken_from text;

-- Each time that a step was begun. One without an end, of a turn that is over, died with its process.
create table flows.attempt (
  run_id text not null references flows.run on delete cascade,
  number integer not null check (number >= 0),
  turn integer not null,
  -- From 1, within the turn.
  attempt integer not null check (attempt > 0),
  name text not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  error json,
  primary key (run_id, number, turn, attempt)
);

-- What a run said, in its order; lines in the middle are removed where there are too many.
create table flows.line (
  run_id text not null references flows.run on delete cascade,
  -- From 1, without gaps as they are written.
  number integer not null check (number > 0),
  at timestamptz not null,
  -- Of which step.
  step integer,
  level text not null check (level in ('info', 'warn', 'error')),
  text text not null check (length(text) <= 2000),
  primary key (run_id, number)
);
