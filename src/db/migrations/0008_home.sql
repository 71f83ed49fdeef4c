-- Whose this database is, and where what belongs to it lies. One row, written by the first process that works on it;
-- changed only by `weir adopt`.
create schema home;

create table home.home (
  only_one boolean primary key default true check (only_one),
  home_id uuid not null default gen_random_uuid(),
  project text not null check (project <> ''),
  -- 's3://BUCKET/PREFIX', 'home' (the folder objects of WEIR_HOME) or the path of another folder
  objects text not null check (objects <> ''),
  -- whether the object store says that it is this home's
  objects_marked boolean not null default false,
  -- 'postgres', or 'redis://HOST:PORT/NUMBER' without user and password
  online text not null check (online <> ''),
  created_at timestamptz not null default now()
);
