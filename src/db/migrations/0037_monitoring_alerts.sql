-- Alerts: what came true of the rules of the project, who was told, and who said that it is known. Owned by src/monitoring/alerts.
create index measure_by_name on monitoring.measure (metric, at desc);

create table monitoring.alert (
  id bigint generated always as identity primary key,
  rule text not null,
  -- Which of the figures of the rule: subject, column and arm as one text.
  series text not null,
  severity text not null check (severity in ('info', 'warn', 'critical')),
  metric text not null,
  on_kind text not null,
  on_name text not null,
  part text,
  arm text,
  version int,
  -- pending: wrong, but not for long enough. over: a figure said that it is well again.
  state text not null check (state in ('pending', 'open', 'over')),
  wrong_since timestamptz not null,
  opened_at timestamptz,
  over_at timestamptz,
  -- When somebody was told; null while a silence or a cool-down holds it back.
  told_at timestamptz,
  value double precision not null,
  threshold double precision not null,
  says text not null,
  next text not null,
  acknowledged_at timestamptz,
  acknowledged_by text,
  acknowledged_why text
);
create unique index alert_once on monitoring.alert (rule, series) where state <> 'over';
create index alert_by_rule on monitoring.alert (rule, series, told_at desc);

create table monitoring.alert_message (
  id bigint generated always as identity primary key,
  channel text not null,
  body json not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'given_up')),
  tries int not null default 0,
  made_at timestamptz not null,
  next_at timestamptz not null,
  sent_at timestamptz,
  error text
);
create index alert_message_waiting on monitoring.alert_message (next_at) where state = 'waiting';

create table monitoring.silence (
  id bigint generated always as identity primary key,
  -- Null for every rule.
  rule text,
  until timestamptz not null,
  why text,
  made_by text not null,
  made_at timestamptz not null,
  ended_at timestamptz
);

-- Who looks: one of all processes at a time.
create table monitoring.alert_turn (
  one boolean primary key default true check (one),
  looked_at timestamptz not null
);
insert into monitoring.alert_turn (looked_at) values ('0001-01-01T00:00:00Z');

-- What each server was asked for in its last minute.
create table monitoring.traffic (
  server text not null,
  model text not null,
  at timestamptz not null,
  per_second double precision not null,
  refused_per_second double precision not null,
  failed_per_second double precision not null,
  p99_ms double precision,
  primary key (server, model)
);
