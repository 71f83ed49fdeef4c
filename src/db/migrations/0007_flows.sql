-- Who works on flows. The runs and steps themselves are kept by the engine in the schema `dbos`, which it migrates
-- itself (src/flows/engine.ts); only src/flows touches either.
create schema flows;

-- One row for each process that runs flows. The process holds the advisory lock (x'77666c77', lease) on a connection of
-- its own: when the process dies, PostgreSQL drops the lock in the same moment, and another may adopt its runs.
create table flows.worker (
  executor_id uuid primary key,
  lease integer not null unique generated always as identity,
  -- any: takes whatever is submitted. own: a command that runs only the flow that it submitted itself.
  serves text not null check (serves in ('any', 'own')),
  -- Host and process-id namespace, so that a neighbour can ask the system whether `pid` is still there.
  place text not null,
  pid integer not null check (pid > 0),
  started_at timestamptz not null default now(),
  -- Since when the lease was seen free although the process may still live (its connection broke).
  silent_since timestamptz
);
