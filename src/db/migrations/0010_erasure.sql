-- Whose rows may no longer come in, unless that was lifted. Who it is stands here as an HMAC-SHA256 with a secret of the
-- home, which is not in this database: a dump does not tell it, not even to who tries all keys there can be.
create table lake.suppression (
  id bigint generated always as identity primary key,
  entity text not null,
  subject text not null check (subject ~ '^[0-9a-f]{64}$'),
  -- names the secret that it was made with
  secret text not null,
  recorded_at timestamptz not null,
  actor text not null,
  reason text not null,
  lifted_at timestamptz,
  lifted_by text,
  lift_reason text,
  check (num_nulls(lifted_at, lifted_by, lift_reason) in (0, 3))
);
create unique index suppression_active on lake.suppression (subject) where lifted_at is null;

-- Where the keys of an entity stood in a source when a delivery of it was taken in: the project may name neither any more.
create table lake.key_place (
  entity text not null,
  source text not null,
  columns jsonb not null check (jsonb_typeof(columns) = 'array'),
  primary key (entity, source, columns)
);

-- Counts up when everything that is under way must have ended before something goes on (src/lake/work.ts).
create table lake.work_epoch (
  one boolean primary key default true check (one),
  epoch integer not null check (epoch > 0)
);
insert into lake.work_epoch (epoch) values (1);

-- Objects that were taken out because somebody's data was in them: what is kept of them elsewhere goes too.
create table lake.erased_object (
  id bigint generated always as identity primary key,
  object_key text not null,
  erased_at timestamptz not null
);
create index erased_object_by_key on lake.erased_object (object_key);

-- Folders in which a host keeps copies of objects, and up to which erased object it has dropped them.
create table lake.cache (
  id text primary key,
  host text not null,
  folder text not null,
  seen_at timestamptz not null,
  swept bigint not null
);

-- The digest of the key had no salt: whoever had a list of keys could tell whose it was. The table is written anew, so that
-- no old row keeps it.
alter table lake.redaction drop column key_digest;
alter table lake.redaction add column suppression bigint references lake.suppression (id);
alter table lake.redaction alter column reason type text using reason || '';

-- What the rows of an online table are keyed by; the project may name neither the view nor the entity any more.
create table features.view_key (
  definition text primary key check (definition ~ '^[0-9a-f]{64}$'),
  view text not null,
  entity text,
  -- [{name, type}] in order
  keys jsonb not null check (jsonb_typeof(keys) = 'array')
);

create schema erasure;

-- One row is one request to take somebody's data out. Who it is stands in lake.suppression; the key itself is here only
-- until the request is done, because a process that dies must be able to go on.
create table erasure.request (
  id uuid primary key,
  suppression bigint not null,
  entity text not null,
  key jsonb check (jsonb_typeof(key) = 'array'),
  actor text not null,
  reason text not null,
  asked_at timestamptz not null,
  finished_at timestamptz,
  -- what was taken out where, without a key and without a value
  report jsonb,
  check ((finished_at is null) = (key is not null)),
  check ((finished_at is null) = (report is null))
);
create unique index request_unfinished on erasure.request (suppression) where finished_at is null;

-- Keys of other views whose values came from the subject's rows; gone with the end of the request.
create table erasure.affected (
  request uuid not null references erasure.request (id) on delete cascade,
  view text not null,
  key jsonb not null,
  primary key (request, view, key)
);
