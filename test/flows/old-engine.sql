-- The tables of DBOS 5.3.0 as far as they were used, with what an older weir left in them. The texts are its own.
create schema dbos;
create table dbos.workflow_status (
  workflow_uuid text primary key, status text, name text, output text, error text, executor_id text,
  created_at bigint not null, updated_at bigint not null, application_version text, recovery_attempts bigint default 0,
  queue_name text, inputs text, started_at_epoch_ms bigint, owner_xid varchar, serialization text, completed_at bigint,
  attributes jsonb
);
create table dbos.operation_outputs (
  workflow_uuid text not null references dbos.workflow_status on delete cascade, function_id integer not null,
  function_name text not null default '', output text, error text, started_at_epoch_ms bigint,
  completed_at_epoch_ms bigint, serialization text, primary key (workflow_uuid, function_id)
);
insert into dbos.workflow_status
  (workflow_uuid, status, name, inputs, output, error, executor_id, created_at, updated_at, started_at_epoch_ms, completed_at, attributes)
values
  ('a-done', 'SUCCESS', 'train', '{"json":[{"model":"churn"}],"__dbos_serializer":"superjson"}',
   '{"json":{"version":3},"__dbos_serializer":"superjson"}', null, 'gone', 1795725800000, 1795725809000, 1795725801000, 1795725809000, '{"key":"k1"}'),
  ('b-refused', 'ERROR', 'ingest_month', '{"json":[{"dir":"/d"}],"__dbos_serializer":"superjson"}', null,
   '{"json":{"code":"conflict","details":{"by":"me"},"name":"PlatformError","message":"it is taken","stack":"PlatformError: it is taken"},"__dbos_serializer":"superjson"}',
   'gone', 1795725810000, 1795725812000, 1795725811000, 1795725812000, '{"key":"k2"}'),
  ('c-killed', 'PENDING', 'train', '{"json":[{"model":"churn"}],"__dbos_serializer":"superjson"}', null, null, 'gone',
   1795725820000, 1795725822000, 1795725821000, null, '{"key":"k3"}'),
  ('d-waiting', 'ENQUEUED', 'train', '{"json":[null],"__dbos_serializer":"superjson"}', null, null, null,
   1795725830000, 1795725830000, null, null, '{"key":"k4"}'),
  ('e-plain', 'ERROR', 'train', null, null, 'no JSON at all: key-of-somebody', null, 1795725840000, 1795725841000, null, null, null);
insert into dbos.operation_outputs
  (workflow_uuid, function_id, function_name, output, error, started_at_epoch_ms, completed_at_epoch_ms)
values
  ('a-done', 0, 'pin', '{"json":{"runId":"r"},"__dbos_serializer":"superjson"}', null, 1795725801000, 1795725801500),
  ('a-done', 1, 'fit', '{"json":null,"meta":{"values":["undefined"]},"__dbos_serializer":"superjson"}', null, 1795725801500, 1795725809000),
  ('b-refused', 0, 'ingest', null,
   '{"json":{"code":"conflict","name":"PlatformError","message":"it is taken"},"__dbos_serializer":"superjson"}', 1795725811000, 1795725812000),
  ('c-killed', 0, 'pin', '{"json":1,"__dbos_serializer":"superjson"}', null, 1795725821000, 1795725821100);
