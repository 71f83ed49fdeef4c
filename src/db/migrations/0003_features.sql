create schema features;

-- The online tables themselves, one for each row of features.online_table, made from the definition.
create schema online;

-- Which snapshot each online table holds. A table belongs to one definition of its view: when the definition changes, a
-- new table is filled beside the old one, which a server that still has the old definition goes on reading.
create table features.online_table (
  view text not null,
  -- Digest of what decides the table's columns and values.
  definition text not null check (definition ~ '^[0-9a-f]{64}$'),
  table_name text not null unique,
  snapshot_id text not null,
  snapshot_digest text not null,
  valid_at timestamptz not null,
  available_at timestamptz not null,
  recorded_at timestamptz not null,
  seq bigint not null,
  rows bigint not null check (rows >= 0),
  materialized_at timestamptz not null,
  primary key (view, definition)
);
