-- What the table of runs needs: the least and the greatest value that a metric ever had, views that are saved by name, and
-- the children of a run.

-- Known without reading the history: 10,000 runs are sorted by the best value of a metric in 30 ms. NaN is left out, unless
-- there is nothing else. Null where it is not known (see below); it is then read off the history.
alter table tracking.latest_metric
  add column least double precision,
  add column greatest double precision,
  -- Changes with each write of a server that keeps the two.
  add column toggle boolean not null default false;

-- Others wait for it: about 1 s for each million points.
update tracking.latest_metric l set least = e.least, greatest = e.greatest
from (
  select s.run_id, s.key,
    coalesce(min(p.value) filter (where p.value <> 'NaN'), 'NaN') as least,
    coalesce(max(p.value) filter (where p.value <> 'NaN'), 'NaN') as greatest
  from tracking.series s join tracking.point p using (series_id)
  group by s.run_id, s.key
) e
where l.run_id = e.run_id and l.key = e.key;

-- A server of the version before this one knows nothing of them: what it writes to makes them unknown. To be dropped when no
-- such version is left.
create function tracking.forget_extent() returns trigger language plpgsql as $$
begin
  new.least := null;
  new.greatest := null;
  return new;
end $$;

create trigger forget_extent before update on tracking.latest_metric
for each row when (new.toggle = old.toggle) execute function tracking.forget_extent();

-- How somebody looks at the runs of an experiment: columns, filter, order and the rest, under a name.
create table tracking.saved_view (
  view_id bigint generated always as identity primary key,
  experiment_id bigint not null references tracking.experiment on delete cascade,
  name text not null check (length(name) between 1 and 250),
  state jsonb not null,
  saved_by text not null,
  saved_ms bigint not null,
  unique (experiment_id, name)
);

-- The children of a run. Cut, since the value of a tag may be longer than an index takes.
create index tag_by_parent on tracking.tag (left(value, 32)) where key = 'mlflow.parentRunId';
