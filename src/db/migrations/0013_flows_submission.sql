-- A run whose end nobody has been told yet. Whoever submits the same again, because the process that waited for it was
-- killed, is given this run's answer and does not run it once more.
create table flows.submission (
  run_id text primary key,
  key text not null,
  submitted_at timestamptz not null default now()
);
create index submission_key on flows.submission (key);
