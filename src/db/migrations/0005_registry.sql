-- Registered models, their versions, stages and aliases. Owned by src/registry.
create schema registry;

create table registry.model (
  name text primary key check (length(name) between 1 and 250),
  description text not null default '',
  creation_ms bigint not null,
  last_update_ms bigint not null,
  -- The greatest number ever given, so that a deleted version's number never comes back.
  last_version integer not null default 0
);

create table registry.model_tag (
  name text not null references registry.model on update cascade on delete cascade,
  key text not null check (length(key) between 1 and 250),
  value text not null,
  primary key (name, key)
);

create table registry.version (
  name text not null references registry.model on update cascade on delete cascade,
  version integer not null check (version > 0),
  stage text not null default 'None' check (stage in ('None', 'Staging', 'Production', 'Archived')),
  source text not null,
  run_id text,
  run_link text,
  description text not null default '',
  status text not null default 'READY' check (status in ('PENDING_REGISTRATION', 'FAILED_REGISTRATION', 'READY')),
  status_message text,
  creation_ms bigint not null,
  last_update_ms bigint not null,
  primary key (name, version)
);
create index version_by_stage on registry.version (name, stage, version desc);
create index version_by_run on registry.version (run_id);

create table registry.version_tag (
  name text not null,
  version integer not null,
  key text not null check (length(key) between 1 and 250),
  value text not null,
  primary key (name, version, key),
  foreign key (name, version) references registry.version on update cascade on delete cascade
);

create table registry.alias (
  name text not null,
  alias text not null check (length(alias) between 1 and 255),
  version integer not null,
  primary key (name, alias),
  foreign key (name, version) references registry.version on update cascade on delete cascade
);

-- Every change of a stage or an alias: who, when, from what to what. Kept also when the version is deleted.
create table registry.transition (
  transition_id bigint generated always as identity primary key,
  name text not null,
  version integer not null,
  kind text not null check (kind in ('stage', 'alias')),
  from_value text,
  to_value text,
  actor text not null,
  comment text,
  at_ms bigint not null
);
create index transition_by_version on registry.transition (name, version, transition_id);
