-- The trail: who changed what, from what to what, when, from where and why. Owned by src/identity (audit*.ts).
create schema if not exists identity;

-- The last row of the trail, so that rows that are cut off behind it are missed. Its lock puts commits in their order.
create table identity.audit_head (
  one boolean primary key default true check (one),
  seq bigint not null,
  hash text not null
);
insert into identity.audit_head (seq, hash) values (0, repeat('0', 64));

create table identity.audit (
  id bigint generated always as identity primary key,
  -- Given when the transaction commits, with the moment and the hashes: 1, 2, 3 … without a gap.
  seq bigint unique,
  at timestamptz,
  actor text not null,
  -- 'history' is the trail's own beginning: taken over from what the registry kept before there was one.
  actor_kind text not null check (actor_kind in ('local', 'token', 'flow', 'history')),
  token text,
  origin text,
  action text not null,
  on_kind text not null,
  on_name text not null,
  model text,
  -- As text in these bytes: json, and not jsonb, which would write it anew.
  from_value json,
  to_value json,
  -- The chain holds a digest of the reason with a salt: so an erasure can take a person's key out and the chain stays whole.
  why text,
  why_salt text,
  why_digest text,
  previous text,
  hash text
);
create index audit_by_model on identity.audit (model, seq) where model is not null;
create index audit_by_action on identity.audit (action, seq);

-- One field of the text that a hash is made of: its length and itself, or - for none. So no two rows have one text.
create function identity.audit_field(value text) returns text immutable language sql
  return coalesce(octet_length(value)::text || ':' || value, '-');

create function identity.audit_text(a identity.audit) returns text stable language sql
  return concat_ws(',',
    identity.audit_field(a.previous), identity.audit_field(a.seq::text),
    identity.audit_field(to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')),
    identity.audit_field(a.actor), identity.audit_field(a.actor_kind), identity.audit_field(a.token),
    identity.audit_field(a.origin), identity.audit_field(a.action), identity.audit_field(a.on_kind),
    identity.audit_field(a.on_name), identity.audit_field(a.model), identity.audit_field(a.from_value::text),
    identity.audit_field(a.to_value::text), identity.audit_field(a.why_digest));

-- A row is taken as it comes, without what makes it a part of the chain; nothing else is ever written to it but the end of a reason.
create function identity.audit_keep() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    new.seq := null;
    new.previous := null;
    new.hash := null;
    if new.actor_kind <> 'history' then
      new.at := null;
    end if;
    if new.why is not null then
      new.why_salt := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
      new.why_digest := encode(sha256(convert_to(new.why_salt || new.why, 'UTF8')), 'hex');
    end if;
    return new;
  end if;
  if tg_op = 'UPDATE' then
    if old.hash is null and pg_trigger_depth() > 1 then
      return new;
    end if;
    if old.hash is not null and new.why is null and new.why_salt is null
      and to_jsonb(new) - array['why', 'why_salt'] = to_jsonb(old) - array['why', 'why_salt'] then
      return new;
    end if;
  end if;
  raise exception 'the audit trail is append-only: % is refused', lower(tg_op)
    using errcode = 'integrity_constraint_violation', hint = 'a row that was written in error is put right by a new one';
end
$$;

create trigger audit_keep before insert or update or delete on identity.audit
  for each row execute function identity.audit_keep();
create trigger audit_keep_all before truncate on identity.audit
  for each statement execute function identity.audit_keep();

-- When the transaction commits: all its other locks are taken by then, so waiting here never waits for somebody who waits
-- for us, and the lock is held for as long as a commit takes and not for as long as the change took.
create function identity.audit_chain() returns trigger language plpgsql as $$
declare
  head identity.audit_head;
  made identity.audit;
begin
  select * into strict head from identity.audit_head for update;
  select * into strict made from identity.audit where id = new.id;
  made.seq := head.seq + 1;
  made.previous := head.hash;
  made.at := coalesce(made.at, clock_timestamp());
  made.hash := encode(sha256(convert_to(identity.audit_text(made), 'UTF8')), 'hex');
  update identity.audit set seq = made.seq, previous = made.previous, at = made.at, hash = made.hash where id = new.id;
  update identity.audit_head set seq = made.seq, hash = made.hash;
  return null;
end
$$;

create constraint trigger audit_chain after insert on identity.audit
  deferrable initially deferred for each row execute function identity.audit_chain();

-- What the registry knows of before: what was live at a moment can be said of those times too. By its own history, which
-- nothing guarded.
insert into identity.audit (at, actor, actor_kind, action, on_kind, on_name, model, from_value, to_value, why)
select to_timestamp(at_ms / 1000.0), actor, 'history',
  case when comment = 'model deleted' and to_value is null and ended_ms is not null then 'version.deleted'
       when comment = 'version deleted' and to_value is null then 'version.deleted'
       when kind = 'stage' then 'model.stage' else 'model.alias' end,
  case when kind = 'stage' then 'version' else 'alias' end,
  case when kind = 'stage' then name || '/' || version else name || '@' || coalesce(to_value, from_value) end,
  name,
  case when kind = 'stage' then json_build_object('stage', from_value)
       when from_value is not null then json_build_object('version', version) end,
  case when kind = 'stage' and to_value is not null then json_build_object('stage', to_value)
       when kind = 'alias' and to_value is not null then json_build_object('version', version) end,
  comment
from registry.transition order by transition_id;

-- A move of a stage or an alias that waits for another pair of eyes (`promotion: { approvals: 1 }` of a model).
create table registry.promotion_request (
  id bigint generated always as identity primary key,
  name text not null,
  -- null: the alias is to be taken away
  version integer,
  kind text not null check (kind in ('stage', 'alias')),
  target text not null,
  archive_existing boolean not null,
  -- who answered there when it was asked for
  champion integer,
  asked_by text not null,
  asked_token text,
  reason text,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  -- void: the model or the version is gone
  state text not null default 'waiting' check (state in ('waiting', 'accepted', 'declined', 'withdrawn', 'void')),
  decided_by text,
  decided_token text,
  decided_reason text,
  decided_at timestamptz,
  check (kind = 'alias' or version is not null),
  check ((state = 'waiting') = (decided_at is null))
);
create index promotion_request_by_model on registry.promotion_request (name, id desc);
create index promotion_request_waiting on registry.promotion_request (name) where state = 'waiting';

-- The processes that answer predictions, and with which version of a model. Each writes its own rows every few seconds; one
-- that has not for a while is gone.
create schema if not exists serving;
create table serving.server (
  id uuid primary key,
  host text not null,
  pid integer not null,
  weir text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);
create table serving.live (
  server uuid not null references serving.server (id) on delete cascade,
  model text not null,
  -- null: none answers
  version integer,
  source text,
  since timestamptz not null,
  -- why it is not the promoted one
  problem text,
  primary key (server, model)
);
