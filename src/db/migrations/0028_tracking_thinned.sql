-- Long curves as they were thinned for a page: 1,000 curves of 10,000 steps are ten million points, which are read in some
-- seconds; these are read in a tenth of one. Nothing but a copy: it counts only while `revision` is that of the run, and may
-- be emptied at any time. A server of the version before knows nothing of it, and need not: its writes give a new revision.
create table tracking.thinned (
  series_id bigint not null references tracking.series on delete cascade,
  by_time boolean not null,
  revision bigint not null,
  -- Before it was thinned.
  points bigint not null check (points >= 0),
  -- All x as int8, then all values as float8.
  packed bytea not null,
  primary key (series_id, by_time)
);
