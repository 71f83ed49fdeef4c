create schema features;

-- The online tables themselves, one for each row of features.online_table, made from the definition.
create schema online;

-- What each online table holds. A table belongs to one definition of its view: when the definition changes, a new table
-- is filled beside the old one, which a server that still has the old definition goes on reading.
create table features.online_table (
  view text not null,
  -- Digest of what decides the table's columns and values.
  definition text not null check (definition ~ '^[0-9a-f]{64}$'),
  -- postgres, or redis: where the rows are
  store text not null,
  table_name text not null,
  -- the snapshot of a whole state, or the last of the deliveries of changes; null where rows were only ever pushed
  snapshot_id text,
  snapshot_digest text,
  -- the newest moment that the rows describe
  valid_at timestamptz,
  available_at timestamptz,
  recorded_at timestamptz,
  -- of the snapshot: what is later than this is still to be brought online
  seq bigint not null default 0,
  -- changes with a later event time were left out
  until timestamptz not null default 'infinity',
  rows bigint not null check (rows >= 0),
  materialized_at timestamptz not null,
  primary key (view, definition, store)
);

-- Statistics of a view in one snapshot, computed once for each definition.
create table features.statistics (
  view text not null,
  definition text not null check (definition ~ '^[0-9a-f]{64}$'),
  -- of the snapshot
  seq bigint not null,
  digest text not null,
  computed_at timestamptz not null,
  -- {rows, features: [{name, type, nullShare, min, mean, max, quantiles, top}]}
  statistics jsonb not null check (jsonb_typeof(statistics) = 'object'),
  primary key (view, definition, seq, digest)
);
