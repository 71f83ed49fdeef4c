create schema ingest;

-- One row is one try to bring a delivery in, also a refused one: what was wrong stays known when the files are gone.
create table ingest.delivery (
  id bigint generated always as identity primary key,
  as_of timestamptz not null,
  directory text not null,
  -- accepted: at least one new snapshot; unchanged: everything was there already; refused: nothing was taken
  state text not null check (state in ('accepted', 'unchanged', 'refused')),
  started_at timestamptz not null,
  finished_at timestamptz not null,
  -- [{source, outcome, snapshot, version, rows, digest}], empty when refused
  sources jsonb not null check (jsonb_typeof(sources) = 'array'),
  -- [{file, source, column, rule, severity, count, examples, message}]
  findings jsonb not null check (jsonb_typeof(findings) = 'array'),
  check ((state = 'refused') = (sources = '[]')),
  check (state <> 'refused' or findings @> '[{"severity": "error"}]')
);

create index delivery_as_of on ingest.delivery (as_of, id);
