-- A version of a moment that was taken back. Its row and its file stay: whoever asks for what was known before
-- recorded_at still sees it, whoever asks for what is known since does not.
create table lake.withdrawal (
  -- of the snapshot; each is taken back once at most
  seq bigint primary key references lake.snapshot (seq),
  -- a moment of lake.clock, like those of the snapshots
  recorded_at timestamptz not null,
  actor text not null,
  reason text not null check (reason <> ''),
  -- names the wish, so that a step that runs twice finds what it did itself
  request text not null
);

create trigger withdrawal_append_only before update or delete or truncate on lake.withdrawal
  for each statement execute function lake.refuse_change();

create or replace function lake.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '%.% is append only: a correction is a new version', tg_table_schema, tg_table_name;
end $$;

-- Every training set that was built, with the snapshots that it was built from: who read what.
create table features.training_set (
  -- sha256 of the request, the definitions and what was read
  identity text primary key check (identity ~ '^[0-9a-f]{64}$'),
  -- sha256 of its bytes
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  object_key text not null,
  -- the model whose labels it holds, or the feature service that a caller's own rows were joined with
  name text not null,
  kind text not null check (kind in ('labels', 'rows')),
  as_of timestamptz,
  known_at timestamptz not null,
  mode text not null check (mode in ('restated', 'served')),
  rows bigint not null check (rows >= 0),
  built_at timestamptz not null,
  -- names of snapshots, as in lake.snapshot.id
  snapshots text[] not null
);

create index training_set_snapshots on features.training_set using gin (snapshots);
