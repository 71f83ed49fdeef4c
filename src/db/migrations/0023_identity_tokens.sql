-- Tokens, the sessions of browsers that began with one. Owned by src/identity (not audit*.ts).
-- A server that does not know these tables asks for WEIR_TOKEN alone, as before.
create schema if not exists identity;

create table identity.token (
  -- Names it in lists and in the trail; says nothing of the token itself.
  id text primary key,
  name text not null check (name <> '' and length(name) <= 100),
  -- SHA-256 of the token, which is kept nowhere.
  digest text not null unique check (digest ~ '^[0-9a-f]{64}$'),
  role text not null check (role in ('viewer', 'editor', 'promoter', 'admin')),
  -- The one model that it is for; null for everything.
  model text check (model <> ''),
  created_at timestamptz not null default now(),
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  revoked_by text,
  -- Written now and then, and not with each request.
  last_used_at timestamptz,
  last_used_from text
);
-- One name means one token at a time.
create unique index token_name on identity.token (name) where revoked_at is null;

create table identity.session (
  -- SHA-256 of what the cookie holds.
  digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
  -- Of the token that it began with, also of WEIR_TOKEN: the session ends with it.
  token_digest text not null,
  began_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index session_by_token on identity.session (token_digest, began_at);
