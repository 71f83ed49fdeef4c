create schema lake;

-- The one clock of the catalogue. A commit and a pinned knowledge time each take its row and move it on; the row's lock
-- lasts until the transaction ends, so moments come into being in the order in which they become visible.
create table lake.clock (
  one boolean primary key default true check (one),
  last timestamptz not null
);
insert into lake.clock (last) values ('1970-01-01T00:00:00Z');

-- One row is one accepted version of a source's state at a moment. Rows are only ever added.
create table lake.snapshot (
  seq bigint generated always as identity primary key,
  id text not null unique,
  source text not null,
  -- the moment that the values describe
  valid_at timestamptz not null,
  version integer not null check (version >= 1),
  -- when we committed it; never taken from a file
  recorded_at timestamptz not null,
  -- when the fact could first have been known
  available_at timestamptz not null,
  -- sha256 of the Parquet bytes, which is the name of the object
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  object_key text not null,
  -- sha256 of the file as it was delivered
  file_digest text not null check (file_digest ~ '^[0-9a-f]{64}$'),
  rows bigint not null check (rows >= 0),
  bytes bigint not null check (bytes > 0),
  -- [{name, type}] in the order of the file
  columns jsonb not null check (jsonb_typeof(columns) = 'array'),
  -- names of the columns that name each row of the file once, or null
  unique_key jsonb check (jsonb_typeof(unique_key) = 'array'),
  duckdb_version text not null,
  unique (source, valid_at, version)
);

-- serves "the newest of a source at or before T"
create index snapshot_newest on lake.snapshot (source, valid_at desc, available_at desc, seq desc);

create function lake.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'lake.snapshot is append only: a correction is a new version';
end $$;

create trigger snapshot_append_only before update or delete or truncate on lake.snapshot
  for each statement execute function lake.refuse_change();

-- A person's rows were taken out of the lake. Who it was is kept as a digest only.
create table lake.redaction (
  id bigint generated always as identity primary key,
  recorded_at timestamptz not null,
  entity text not null,
  -- sha256 of the key
  key_digest text not null check (key_digest ~ '^[0-9a-f]{64}$'),
  actor text not null,
  reason text not null
);

-- The file that is read in the place of a snapshot's own since then. The snapshot's row stays as it was recorded: with the
-- digest that its file had, so that what was built from it can be told from what is built now.
create table lake.redacted_file (
  redaction bigint not null references lake.redaction (id),
  seq bigint not null references lake.snapshot (seq),
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  object_key text not null,
  rows bigint not null check (rows >= 0),
  bytes bigint not null check (bytes > 0),
  primary key (seq, redaction)
);
