-- Versions beside the one in Production. A canary answers for a share of the keys; a shadow is computed for what the others
-- answer, and never returned. The version in Production (the champion) has no row here: its stage says it.
create sequence registry.arm_trial;

create table registry.arm (
  name text not null,
  version integer not null,
  role text not null check (role in ('canary', 'shadow')),
  -- Of all keys; a shadow has none.
  share double precision not null check (share between 0 and 1),
  -- Numbers are counted under this. It is another one when it begins again, and when the champion changes.
  trial bigint not null unique default nextval('registry.arm_trial'),
  began_ms bigint not null,
  changed_ms bigint not null,
  -- Who answers for its share: whoever began it or let it grow last.
  changed_by text not null,
  changed_token text,
  primary key (name, version),
  foreign key (name, version) references registry.version on update cascade on delete cascade,
  check ((role = 'canary') = (share > 0))
);
create unique index arm_one_canary on registry.arm (name) where role = 'canary';

-- The history tells of arms, and of versions that a server could not serve, too; `details` holds the numbers of a decision.
alter table registry.transition drop constraint transition_kind_check;
alter table registry.transition add constraint transition_kind_check check (kind in ('stage', 'alias', 'arm', 'serving'));
alter table registry.transition add column details json;

-- A canary needs another pair of eyes where a promotion does; `target` is its share. A server of the release before lists
-- such a request and refuses to accept it: no stage has that name.
alter table registry.promotion_request drop constraint promotion_request_kind_check;
alter table registry.promotion_request add constraint promotion_request_kind_check check (kind in ('stage', 'alias', 'canary'));

-- What a server says of the arms that it answers with; null from a server of the release before.
alter table serving.live add column arms json;

-- What each server counted of a trial, of the arm itself and of the champion beside it, second by second. Seconds are
-- deleted after some minutes, and all of it when the trial is over.
create table serving.arm_second (
  trial bigint not null,
  side text not null check (side in ('arm', 'champion')),
  server uuid not null,
  second timestamptz not null,
  counts json not null,
  primary key (trial, second, server, side)
);

-- The same since the trial began; a server that is gone keeps its row.
create table serving.arm_total (
  trial bigint not null,
  side text not null check (side in ('arm', 'champion')),
  server uuid not null,
  counts json not null,
  primary key (trial, server, side)
);
