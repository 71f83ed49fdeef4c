-- What was measured of models, sources and views over time, and what was decided on it. Owned by src/monitoring.
create schema if not exists monitoring;

-- Append only: a figure that was corrected has a later row, so what was known then stays known.
create table monitoring.measure (
  id bigint generated always as identity primary key,
  metric text not null,
  on_kind text not null check (on_kind in ('model', 'source', 'view', 'project')),
  on_name text not null,
  version int,
  arm text,
  -- A column, a segment.
  part text,
  -- The window that it describes: from (open where there is none) to the moment itself.
  valid_from timestamptz,
  at timestamptz not null,
  -- Null where there was nothing to measure; details say why.
  value double precision,
  low double precision,
  high double precision,
  details json not null default '{}',
  recorded_at timestamptz not null default clock_timestamp()
);
create index measure_by_metric on monitoring.measure (on_kind, on_name, metric, at desc, id desc);
create index measure_by_time on monitoring.measure (recorded_at);

create table monitoring.decision (
  id bigint generated always as identity primary key,
  model text not null,
  kind text not null check (kind in ('monitor', 'compare', 'canary', 'retrain', 'alert')),
  verdict text not null,
  says text not null,
  -- The moment that it speaks of: the end of a period, or when it was taken.
  at timestamptz not null,
  flow_run text,
  details json not null default '{}',
  recorded_at timestamptz not null default clock_timestamp()
);
create index decision_by_model on monitoring.decision (model, at desc, id desc);
-- A step that runs again comes to the same: one decision of a kind for a run of a flow.
create unique index decision_once on monitoring.decision (flow_run, kind, model) where flow_run is not null;
