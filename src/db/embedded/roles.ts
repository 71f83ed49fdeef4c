import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import { endClient, openClient } from '../session.ts'
import { connectionUrl, giveTo, type Places } from './places.ts'

/**
 * Who may do what on the embedded server: `weir` owns the database and is no superuser; `weir_admin`, which owns the
 * server, is used only here, when the server starts. Neither has a password: the socket lies in a folder that only our
 * user may enter, and nothing listens on a network.
 */
export const ADMIN = 'weir_admin'
const ROLE = 'weir'
const DATABASE = 'weir'

/** Beyond its own database: what an erasure needs to let go of the log of writes (db/pages.ts). */
export const GRANTS = [
  `grant pg_monitor, pg_checkpoint to ${ROLE}`,
  `grant execute on function pg_switch_wal() to ${ROLE}`,
]

const NO_SUCH_ROLE = '28000'
/** The server has just said that it takes connections. */
const START_MS = 10_000

/** Makes the two roles and the database where they are missing; homes from before had one role for all, the superuser. */
export async function ensureRoles(places: Places): Promise<void> {
  try {
    await asRole(places, ADMIN, 'postgres', makeRoleAndDatabase)
  } catch (error) {
    if ((error as { code?: string }).code !== NO_SUCH_ROLE) throw error
    await splitRoles(places)
    await asRole(places, ADMIN, 'postgres', makeRoleAndDatabase)
  }
  await asRole(places, ADMIN, DATABASE, async (client) => {
    for (const grant of GRANTS) await client.query(grant)
  })
}

async function makeRoleAndDatabase(client: pg.Client): Promise<void> {
  // What a start that was killed half-way through `splitRoles` left.
  await client.query(`drop role if exists ${TEMPORARY}`)
  const role = await client.query('select 1 from pg_roles where rolname = $1', [ROLE])
  if (role.rowCount === 0) await client.query(`create role ${ROLE} login`)
  const database = await client.query('select 1 from pg_database where datname = $1', [DATABASE])
  if (database.rowCount === 0) await client.query(`create database ${DATABASE} owner ${ROLE}`)
}

const TEMPORARY = 'weir_moving'

/** The superuser of an older home gets the other name, and what it owned in the database the new role, in one transaction. */
async function splitRoles(places: Places): Promise<void> {
  await asRole(places, ROLE, 'postgres', async (client) => {
    const there = await client.query('select 1 from pg_roles where rolname = $1', [TEMPORARY])
    // A role cannot rename itself.
    if (there.rowCount === 0) await client.query(`create role ${TEMPORARY} superuser login`)
    const database = await client.query('select 1 from pg_database where datname = $1', [DATABASE])
    if (database.rowCount === 0) await client.query(`create database ${DATABASE}`)
  })
  await asRole(places, TEMPORARY, DATABASE, async (client) => {
    await client.query(`begin; alter role ${ROLE} rename to ${ADMIN}; create role ${ROLE} login;
      alter database ${DATABASE} owner to ${ROLE}; ${GIVE_ALL}; commit`)
  })
}

/** Sequences of a column and types of a table go with it. */
const GIVE_ALL = `do $$
declare
  admin constant oid := '${ADMIN}'::regrole;
  statement text;
begin
  for statement in
    with own_schema as (
      select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
    ),
    relation as (
      select format('alter table %I.%I owner to ${ROLE}', n.nspname, c.relname) as text
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relowner = admin and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        and not exists (select 1 from pg_depend d
          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype in ('a', 'i') and c.relkind = 'S')
    ),
    routine as (
      select format('alter routine %s owner to ${ROLE}', p.oid::regprocedure)
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.proowner = admin and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    ),
    kind as (
      select format('alter type %I.%I owner to ${ROLE}', n.nspname, t.typname)
      from pg_type t join pg_namespace n on n.oid = t.typnamespace left join pg_class c on c.oid = t.typrelid
      where t.typowner = admin and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and (t.typtype in ('e', 'd', 'r') or c.relkind = 'c')
    )
    select format('alter schema %I owner to ${ROLE}', nspname) from own_schema
    union all select * from relation union all select * from routine union all select * from kind
  loop
    execute statement;
  end loop;
end $$`

/** Who may connect: over the socket alone. The lines for TCP that initdb writes would count if somebody made it listen. */
export function writeAccessRules(places: Places): void {
  const rules = '# Written by Weir at each start: the socket lies in a private folder.\nlocal all all trust\n'
  const file = join(places.data, 'pg_hba.conf')
  writeFileSync(file, rules, { mode: 0o600 })
  giveTo(places, file)
}

async function asRole(
  places: Places,
  role: string,
  database: string,
  body: (client: pg.Client) => Promise<void>,
): Promise<void> {
  const client = await openClient({
    url: connectionUrl(places.runtime, database, role),
    name: 'weir roles',
    ms: START_MS,
  })
  try {
    await body(client)
  } finally {
    await endClient(client)
  }
}
