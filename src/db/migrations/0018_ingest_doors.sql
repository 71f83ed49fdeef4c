-- Who delivered, which sources were asked for, and the files as they came: also of a refused delivery. Rows from before know none of it.
alter table ingest.delivery
  add column actor text,
  add column asked text[],
  -- [{source, file, bytes, digest}]
  add column files jsonb not null default '[]' check (jsonb_typeof(files) = 'array');
