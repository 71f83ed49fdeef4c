import { hostname } from 'node:os'
import { messageOf } from '../base/errors.ts'
import type { Instant } from '../base/instant.ts'
import type { Log } from '../base/log.ts'
import { preparedShape } from '../db/prepared-shapes.ts'
import type { Database, Sql } from '../db/sql.ts'
import type { SaidArm } from './arms/besides.ts'

/** What a process answers with for one model. */
export type Answering = {
  version: number | null
  source: string | null
  problem: string | null
  /** Canaries and shadows; none from a server of the release before. */
  arms?: readonly SaidArm[] | null
}

export type LiveServer = {
  id: string
  host: string
  pid: number
  weir: string
  startedAt: Instant
  seenAt: Instant
  version: number | null
  source: string | null
  since: Instant
  problem: string | null
  arms: readonly SaidArm[] | null
}

/** Heard of nothing for so long a server is gone: three of its beats, and some for a busy machine. */
export const GONE_AFTER_S = 20

const COLUMNS = `s.id, s.host, s.pid, s.weir, s.started_at as "startedAt", s.seen_at as "seenAt", l.version, l.source, l.since, l.problem, l.arms`

/**
 * Which processes answer predictions, and with which version: each tells it in the database when it swaps, and every few
 * seconds that it is there. By the clock of the database, which all of them share.
 */
export function createServers({ db, id, version, log }: { db: Database; id: string; version: string; log: Log }) {
  let told = ''
  let said = Promise.resolve()

  async function tell(answering: ReadonlyMap<string, Answering>, isBeat: boolean): Promise<void> {
    const models = [...answering].map(([model, said]) => ({ model, ...said }))
    const text = JSON.stringify(models)
    if (!isBeat && text === told) return
    await db.tx(async (tx) => {
      // Whoever was long asleep may have been taken for dead, and its words with it.
      const isNew = (await beat(tx))[0]?.made ?? true
      if (isNew || text !== told) await write(tx, text)
    })
    told = text
  }

  const beat = (tx: Sql) =>
    preparedShape<{ made: boolean }>(
      tx,
      `with gone as (delete from serving.server where seen_at < now() - interval '1 hour' and id <> $1)
       insert into serving.server (id, host, pid, weir, started_at, seen_at) values ($1, $2, $3, $4, now(), now())
       on conflict (id) do update set seen_at = excluded.seen_at returning xmax = 0 as made`,
      [id, hostname(), process.pid, version],
    )

  const write = (tx: Sql, text: string) =>
    preparedShape(
      tx,
      `with said as (
         select * from json_to_recordset($2::json) as g (model text, version integer, source text, problem text, arms json)
       ), gone as (
         delete from serving.live where server = $1 and model not in (select model from said)
       )
       insert into serving.live (server, model, version, source, since, problem, arms)
       select $1, model, version, source, now(), problem, arms from said
       on conflict (server, model) do update
         set version = excluded.version, source = excluded.source, problem = excluded.problem, arms = excluded.arms,
           since = case when (live.version, live.source) is distinct from (excluded.version, excluded.source)
             then excluded.since else live.since end`,
      [id, text],
    )

  return {
    id,
    /**
     * What is told late is told with the next beat: a promotion waits for nobody's word. What is no beat and says nothing new
     * asks nothing of the database.
     */
    say(answering: ReadonlyMap<string, Answering>, { isBeat = true } = {}): Promise<void> {
      // One after the other: what was said first must not come last.
      said = said
        .then(() => tell(answering, isBeat))
        .catch((error: unknown) =>
          log.debug({ err: error }, `serving: could not say what answers: ${messageOf(error)}`),
        )
      return said
    },
    /** Those that live. */
    of: (model: string): Promise<LiveServer[]> =>
      preparedShape(
        db,
        `select ${COLUMNS} from serving.server s join serving.live l on l.server = s.id
         where l.model = $1 and s.seen_at > now() - interval '${GONE_AFTER_S} seconds' order by s.host, s.pid, s.id`,
        [model],
      ),
    leave(): Promise<void> {
      const gone = () => preparedShape(db, 'delete from serving.server where id = $1', [id])
      said = said.then(gone).then(
        () => {},
        () => {},
      )
      return said
    },
  }
}

/** Living servers at which the version that was promoted does not answer. */
export async function notLoadedAt(db: Pick<Database, 'query'>, model: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `select count(*) as count from serving.server s join serving.live l on l.server = s.id
     where l.model = $1 and l.problem is not null and s.seen_at > now() - interval '${GONE_AFTER_S} seconds'`,
    [model],
  )
  return row?.count ?? 0
}

export type Servers = ReturnType<typeof createServers>
