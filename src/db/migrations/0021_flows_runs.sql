-- Runs and steps in tables of our own. What processes of an older weir still do stays in the schema `dbos` and in
-- flows.worker and flows.submission; src/flows/old-engine.ts moves it here when the last of them is gone. Those tables are
-- dropped by a later release.

-- One row for each process that runs flows. The process holds the advisory lock (x'77666c32', lease) on a connection of
-- its own: when it dies, PostgreSQL drops the lock in the same moment, and another may take its runs up.
create table flows.executor (
  id uuid primary key,
  lease integer not null unique generated always as identity,
  -- any: takes whatever is submitted. own: a command that runs only the flow that it submitted itself.
  serves text not null check (serves in ('any', 'own')),
  -- Names the code that the process runs.
  build text,
  -- Host and process-id namespace, so that a neighbour can ask the system whether `pid` is still there.
  place text not null,
  pid integer not null check (pid > 0),
  entered_at timestamptz not null default now(),
  -- Since when the lease was seen free although the process may still live (its connection broke).
  silent_since timestamptz
);

create table flows.run (
  id text primary key,
  flow text not null,
  -- The same wish has the same key.
  key text not null,
  -- The build that it was submitted with: no step is done by another.
  build text,
  state text not null check (state in ('waiting', 'running', 'succeeded', 'failed', 'cancelled')),
  -- Text of JSON: what goes out is what came in, byte for byte.
  input json,
  output json,
  error json,
  -- Who works on it; gone before the entry of its process is.
  holder uuid references flows.executor,
  -- The process that took it for itself, before it begins.
  reserved_for uuid references flows.executor,
  -- Counts how often it was taken up. What an earlier holder brings is refused by it.
  turn integer not null default 0,
  -- How often a process died with it.
  deaths integer not null default 0,
  -- Whether its submitter heard how it ended.
  told boolean not null default false,
  submitted_at timestamptz not null default now(),
  waiting_since timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  constraint run_held_while_running check ((state = 'running') = (holder is not null)),
  constraint run_reserved_while_waiting check (state = 'waiting' or reserved_for is null),
  constraint run_finished_at check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint run_output check (output is null or state = 'succeeded'),
  constraint run_error check ((error is not null) = (state = 'failed'))
);
create unique index run_unfinished on flows.run (key) where state in ('waiting', 'running');
create index run_waiting on flows.run (submitted_at) where state = 'waiting';
create index run_untold on flows.run (key) where state = 'succeeded' and not told;
create index run_holder on flows.run (holder) where holder is not null;
create index run_reserved on flows.run (reserved_for) where reserved_for is not null;
create index run_submitted on flows.run (submitted_at);
create index run_of_flow on flows.run (flow, submitted_at);
create index run_finished on flows.run (flow, finished_at) where finished_at is not null;

create table flows.step (
  run_id text not null references flows.run on delete cascade,
  -- From 0, in the order in which the run's body asks for them.
  number integer not null check (number >= 0),
  name text not null,
  output json,
  error json,
  started_at timestamptz not null,
  finished_at timestamptz not null,
  primary key (run_id, number),
  constraint step_output_or_error check (output is null or error is null)
);
