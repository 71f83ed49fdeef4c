-- Each load of an online table has a number, so that a store of its own (Redis) that lost values is found out.
create sequence features.generation;
alter table features.online_table add generation bigint not null default 0;
