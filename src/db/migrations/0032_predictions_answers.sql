-- What models answered. A server of the release before writes nothing here and reads nothing of it.
create schema predictions;

-- The models that ever answered: their names are not repeated in each row, and partitions are named by their number.
create table predictions.model (
  id integer generated always as identity primary key,
  name text not null unique
);

-- What a version of a model was asked with: the join keys and the features that the values of its answers are of.
create table predictions.shape (
  id integer generated always as identity primary key,
  model integer not null references predictions.model,
  version text not null,
  run_id text not null,
  -- [{name, type}] in order
  keys jsonb not null check (jsonb_typeof(keys) = 'array'),
  -- [{name, type, view}] in order
  features jsonb not null check (jsonb_typeof(features) = 'array'),
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  unique (model, version, run_id, digest)
);

create sequence predictions.answer_id cache 1000;

-- One row is one answer for one key. Without a primary key: a row is named by its moment and its id, and an index more would
-- cost as much as the row. Its partitions, one for each model and month in UTC, are made as they are needed
-- (src/predictions/partitions.ts).
create table predictions.answer (
  model integer not null,
  at timestamptz not null,
  id bigint not null default nextval('predictions.answer_id'),
  shape integer not null,
  arm text not null check (arm in ('champion', 'canary', 'shadow')),
  -- false of an answer that was only computed
  returned boolean not null,
  -- the text of each join key, in order
  key text[] not null,
  -- the values in the order of the features of the shape; null where there were none
  features json,
  -- by feature, or one for all; null where each is as its value says (a value: PRESENT, a null: NULL_VALUE)
  statuses json,
  -- by feature, or one for all: the moment that each describes
  times json,
  said json,
  score double precision,
  -- why there is no prediction
  error text,
  latency_ms real not null,
  request_id text,
  recorded_at timestamptz not null default clock_timestamp(),
  check ((said is null) = (error is not null))
) partition by range (model, at);
create index answer_by_moment on predictions.answer (at, id);
create index answer_by_key on predictions.answer (key, at);
create index answer_by_request on predictions.answer (request_id) where request_id is not null;

-- Which batch each writing process has written last: one whose commit was not heard of is not written twice.
create table predictions.writer (
  id uuid primary key,
  written bigint not null,
  at timestamptz not null default now()
);

-- Partitions that somebody was taken out of, until they are written anew: no deleted row stays in a page.
create table predictions.emptied (
  partition text primary key
);
