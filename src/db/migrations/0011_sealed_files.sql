-- The files of registered versions. Owned by src/tracking, which keeps them as they were when the version was registered.

-- A folder of artifacts that nobody may change any more: the source of a registered version. Without `digested_ms` the
-- digests of its files are still to be taken: by the registration under way, or, for versions that were registered before
-- there were any, by the first server that loads one.
create table tracking.sealed_folder (
  path text primary key check (path <> ''),
  sealed_ms bigint not null,
  digested_ms bigint
);

create table tracking.sealed_file (
  folder text not null references tracking.sealed_folder (path) on delete cascade,
  path text not null,
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),
  bytes bigint not null check (bytes >= 0),
  primary key (folder, path)
);

insert into tracking.sealed_folder (path, sealed_ms)
select distinct regexp_replace(regexp_replace(source, '^mlflow-artifacts:(//[^/]*)?/+', ''), '/+$', ''), 0
from registry.version where source ~ '^mlflow-artifacts:(//[^/]*)?/+[^/]'
on conflict do nothing;

-- Set when the model was deleted: its history stays readable, and a model made again under its name has none of it.
alter table registry.transition add column ended_ms bigint;
update registry.transition t set ended_ms = 0 where not exists (select 1 from registry.model m where m.name = t.name);
