import type { Clock } from '../../base/clock.ts'
import { instantOfMs } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import type { AlertRule } from '../../config/alerts.ts'
import type { Sql } from '../../db/sql.ts'
import type { Traffic } from '../traffic.ts'
import { TRAFFIC } from './probes.ts'

const TELL_MS = 10_000

type Deps = {
  sql: Pick<Sql, 'query'>
  server: string
  models: readonly string[]
  traffic: Traffic
  clock: Clock
  log: Log
}

/**
 * Tells in the database, each 10 s, what this server was asked for in its last minute: an alert is of all servers together.
 * Where no rule reads it, nothing is written.
 */
export function followTraffic({ rules, ...deps }: Deps & { rules: readonly AlertRule[] }): () => void {
  if (!rules.some(({ metric }) => metric in TRAFFIC)) return () => {}
  const { log } = deps
  const timer = setInterval(() => {
    tellTraffic(deps).catch((error: unknown) => log.debug({ err: error }, 'traffic could not be told'))
  }, TELL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

export async function tellTraffic({ sql, server, models, traffic, clock }: Omit<Deps, 'log'>): Promise<void> {
  const told = models.map((model) => ({ model, ...traffic.of(model) }))
  if (told.length === 0) return
  await sql.query(
    `with gone as (delete from monitoring.traffic where at < $2::timestamptz - interval '1 hour')
     insert into monitoring.traffic (server, model, at, per_second, refused_per_second, failed_per_second, p99_ms)
     select $1, model, $2, per_second, refused, failed, p99
     from unnest($3::text[], $4::float8[], $5::float8[], $6::float8[], $7::float8[]) as t (model, per_second, refused, failed, p99)
     on conflict (server, model) do update set at = excluded.at, per_second = excluded.per_second,
       refused_per_second = excluded.refused_per_second, failed_per_second = excluded.failed_per_second, p99_ms = excluded.p99_ms`,
    [
      server,
      instantOfMs(clock.nowMs()),
      told.map(({ model }) => model),
      told.map(({ perSecond }) => perSecond),
      told.map(({ failedPerSecond }) => failedPerSecond),
      told.map(({ brokenPerSecond }) => brokenPerSecond),
      told.map(({ p99Ms }) => p99Ms),
    ],
  )
}
