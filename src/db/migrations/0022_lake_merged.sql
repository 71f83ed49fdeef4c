-- Copies of many small files of a source of changes in one file, for readers: the small ones stay what counts. A server that
-- does not know these tables reads the small files, and takes a merged one that holds an erased person for what it is: an
-- object that no snapshot reads.
create table lake.merged_file (
  id bigint generated always as identity primary key,
  source text not null,
  object_key text not null,
  rows bigint not null check (rows >= 0),
  bytes bigint not null check (bytes > 0),
  merged_at timestamptz not null,
  -- Not read from then on; its object goes when nobody can be reading it any more.
  replaced_at timestamptz
);
create index merged_file_by_source on lake.merged_file (source) where replaced_at is null;

create table lake.merged_member (
  file bigint not null references lake.merged_file on delete cascade,
  seq bigint not null references lake.snapshot (seq),
  -- The file that the rows were taken from. Another one since: none of the merged file is read any more.
  object_key text not null,
  primary key (file, seq)
);
