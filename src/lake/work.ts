import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { PlatformError } from '../base/errors.ts'
import { asWorldError } from '../base/world.ts'
import { endClient, openClient } from '../db/session.ts'

/**
 * Work under way: whatever takes rows in, or makes something of the rows of the lake that is then kept (a delivery, a load
 * of live values, a training set, statistics). An erasure waits until all of it that began before has ended, also by a
 * kill, and so finds everything that it left: nothing that is made of the rows of before comes into being afterwards.
 *
 * Each piece holds an advisory lock, shared, of the epoch in which it began; to pass is to begin the next epoch and then to
 * wait for the locks of all earlier ones. So who passes waits for what there is and never for what comes after. Work that
 * hangs holds nobody for ever: after `waitMs` whoever waits is told which session it waits for.
 */
export type Work = {
  /** Runs `body` as work. `held` throws when the lock was lost meanwhile: call it before what cannot be taken back. */
  during<T>(body: (held: () => void) => Promise<T>): Promise<T>
  /** Waits until all work that began before this call has ended, in every process. */
  pass(): Promise<void>
  /** Runs `body` while nobody else runs one under this name. */
  alone<T>(name: string, body: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** The advisory-lock class of epochs: 'work' in ASCII. */
const CLASS = 0x776f726b
/** Short writes, each inside its transaction; see `lockShortWork`. */
const SHORT = 0
const IDLE_MS = 2_000
/** The longest work takes minutes: a delivery, a load, a training set of tens of millions of rows. */
const WAIT_MS = 30 * 60_000
const LOCK_NOT_AVAILABLE = '55P03'
const ALONE_EVERY_MS = 50

type Query = (text: string, values?: unknown[]) => Promise<pg.QueryResult>
type Session = { client: pg.Client; query: Query; lost: boolean }

export function createWork({ url, waitMs = WAIT_MS }: { url: string; waitMs?: number }): Work {
  let session: Promise<Session> | undefined
  let users = 0
  let idle: NodeJS.Timeout | undefined

  async function close(): Promise<void> {
    clearTimeout(idle)
    const open = session
    session = undefined
    await open?.then(({ client }) => endClient(client)).catch(() => {})
  }

  /** One connection for all work of this process; a lock of a session counts how often it was taken. */
  async function take(): Promise<Session> {
    users++
    clearTimeout(idle)
    if (session) return session
    const forget = () => {
      if (session === opening) session = undefined
    }
    const opening = openSession(url, forget)
    session = opening
    opening.catch(forget)
    return opening
  }

  function give(): void {
    if (--users > 0) return
    idle = setTimeout(() => void (users === 0 && close()), IDLE_MS).unref()
  }

  return {
    async during(body) {
      try {
        const open = await take()
        const epoch = await enter(open.query)
        try {
          return await body(() => {
            if (open.lost) throw lost()
          })
        } finally {
          await open.query('select pg_advisory_unlock_shared($1, $2)', [CLASS, epoch]).catch(() => {})
        }
      } finally {
        give()
      }
    },
    pass: () => withClient(url, (client) => pass(client, performance.now() + waitMs)),
    alone: (name, body) =>
      withClient(url, async (client) => {
        const until = performance.now() + waitMs
        // Asked again and again: a statement that waits would hold deleted rows in PostgreSQL's pages.
        for (;;) {
          const { rows } = await client.query('select pg_try_advisory_lock(hashtextextended($1, 0)) as ours', [
            `lake ${name}`,
          ])
          if (rows[0].ours) return body()
          if (performance.now() > until)
            throw new PlatformError(
              'conflict',
              `another process has been working on '${name}' of the lake for too long; end it, or ask again later`,
            )
          await sleep(ALONE_EVERY_MS)
        }
      }),
    close,
  }
}

/** For a write that is one transaction: work, from here to its end. */
export async function lockShortWork(tx: { query(text: string, values: unknown[]): Promise<unknown> }): Promise<void> {
  await tx.query('select pg_advisory_xact_lock_shared($1, $2)', [CLASS, SHORT])
}

async function openSession(url: string, onLost: () => void): Promise<Session> {
  const client = await openClient({ url, name: 'weir work' }).catch((error) => {
    throw asWorldError(error, 'the database')
  })
  const session = { client, query: oneAtATime(client), lost: false }
  const lose = () => {
    session.lost = true
    onLost()
  }
  client.on('error', lose)
  client.on('end', lose)
  return session
}

/** Several pieces of work share the session; a client takes one statement at a time. */
function oneAtATime(client: pg.Client): Query {
  let last: Promise<unknown> = Promise.resolve()
  return (text, values) => {
    const result = last.then(() => client.query(text, values))
    last = result.catch(() => {})
    return result
  }
}

async function enter(query: Query): Promise<number> {
  for (;;) {
    const epoch = await currentEpoch(query)
    // Never waits: the others of this process have the same session. It fails only when the epoch has just passed.
    const { rows } = await query('select pg_try_advisory_lock_shared($1, $2) as taken', [CLASS, epoch])
    if (!rows[0].taken) continue
    if ((await currentEpoch(query)) === epoch) return epoch
    await query('select pg_advisory_unlock_shared($1, $2)', [CLASS, epoch])
  }
}

async function currentEpoch(query: Query): Promise<number> {
  const { rows } = await query('select epoch from lake.work_epoch')
  return rows[0].epoch as number
}

async function pass(client: pg.Client, until: number): Promise<void> {
  const { rows } = await client.query('update lake.work_epoch set epoch = epoch + 1 returning epoch')
  for (;;) {
    const held = await client.query(
      `select distinct objid::int as epoch from pg_locks
       where locktype = 'advisory' and classid = $1 and objsubid = 2 and granted and pid <> pg_backend_pid()
         and database = (select oid from pg_database where datname = current_database())
         and objid::int <> $2 and objid::int < $3`,
      [CLASS, SHORT, rows[0].epoch],
    )
    const epochs = held.rows.map((row) => row.epoch as number)
    if (epochs.length === 0) break
    for (const epoch of epochs) await waitFor(client, epoch, until)
  }
  await waitFor(client, SHORT, until)
}

async function waitFor(client: pg.Client, epoch: number, until: number): Promise<void> {
  await client.query(`set lock_timeout to ${Math.max(1, Math.round(until - performance.now()))}`)
  try {
    await client.query('select pg_advisory_lock($1, $2)', [CLASS, epoch])
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) throw await stillAtWork(client, epoch)
    throw error
  }
  await client.query('select pg_advisory_unlock($1, $2)', [CLASS, epoch])
}

/** No `unavailable`: that would be tried again at once. */
async function stillAtWork(client: pg.Client, epoch: number): Promise<PlatformError> {
  const { rows } = await client.query(
    `select a.pid, a.application_name as name, coalesce(host(a.client_addr), 'this machine') as host, a.backend_start::text as since
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.classid = $1 and l.objid::int = $2 and l.objsubid = 2 and l.granted
       and l.database = (select oid from pg_database where datname = current_database())
     order by a.backend_start limit 3`,
    [CLASS, epoch],
  )
  const whom = rows.map((r) => `PostgreSQL session ${r.pid} (${r.name}, from ${r.host}, since ${r.since})`)
  return new PlatformError(
    'conflict',
    `work that began before has not ended: ${whom.join('; ') || 'a session that has just ended'}. Let it end, or end its process, then ask again: what is done already is kept`,
  )
}

async function withClient<T>(url: string, body: (client: pg.Client) => Promise<T>): Promise<T> {
  let client: pg.Client | undefined
  try {
    client = await openClient({ url, name: 'weir erasure' })
    return await body(client)
  } catch (error) {
    throw asWorldError(error, 'the database')
  } finally {
    if (client) await endClient(client)
  }
}

function lost(): PlatformError {
  return new PlatformError('unavailable', 'the connection to the database was lost while this was at work; try again')
}
