-- What of a view of changes was brought online: for stretches of event time the delivery up to which all was brought.
-- It takes the place of one bound. Tables of before have no such record, so their next materialization brings all again.
alter table features.online_table
  drop column until,
  add column coverage jsonb not null default '[]' check (jsonb_typeof(coverage) = 'array'),
  -- The newest moment that was pushed; null where nothing was.
  add column pushed_until timestamptz;
