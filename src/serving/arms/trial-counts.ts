import { statement } from '../../db/prepared-shapes.ts'
import type { Sql } from '../../db/sql.ts'
import type { Answered } from '../answered.ts'
import { addTo, type Counts, count, isEmpty, noCounts, quantileMs, widthOf } from './counts.ts'
import type { Route } from './route.ts'
import { binOf } from './score-drift.ts'

export type Side = 'arm' | 'champion'

/** Seconds are kept for so long; the gate looks at the last minute. */
const KEPT = '3 minutes'

const RECENT_MS = 60_000

/**
 * What this server counts of the trials under way: of the arm and of the champion beside it. Written each second, so that a gate on
 * any server sees all of them. Without a trial only the time of the last minute's answers is kept, for what was before.
 */
export function createTrialCounts(routeOf: (model: string) => Route | undefined, nowMs: () => number) {
  /** Since the last write, and since the trial began here; by trial and side. */
  const news = new Map<string, Counts>()
  const totals = new Map<string, Counts>()
  const recent = new Map<string, { now: Record<string, number>; before: Record<string, number>; sinceMs: number }>()

  function note(rows: readonly Answered[]): void {
    for (const row of rows) {
      const route = routeOf(row.model)
      if (!route) continue
      if (route.canary === null && route.shadows.length === 0) remember(row)
      else noteTried(route, row)
    }
  }

  function noteTried({ canary, shadows }: Route, row: Answered): void {
    const { arm, version } = row
    if (arm === 'champion') {
      if (canary) add(of(canary.trial, 'champion', row.model), row)
      for (const { trial } of shadows) add(of(trial, 'champion', row.model), row)
    } else if (arm === 'canary') {
      if (canary?.live.version === version) add(of(canary.trial, 'arm', row.model), row)
    } else {
      const shadow = shadows.find(({ live }) => live.version === version)
      if (shadow) add(of(shadow.trial, 'arm', row.model), row)
    }
  }

  function of(trial: number, side: Side, model: string): Counts {
    const key = `${trial} ${side}`
    let found = news.get(key)
    if (!found) {
      found = noCounts()
      if (!totals.has(key)) found.beforeMs = beforeOf(model)
      news.set(key, found)
    }
    return found
  }

  function add(to: Counts, { error, returned, score, latencyMs, modelMs }: Answered): void {
    if (error !== null) {
      // Who refuses a key that nobody knows does what it should.
      if (!returned) to.failed++
      return
    }
    to.rows++
    count(to.ms, widthOf(latencyMs))
    if (modelMs !== undefined) count(to.modelMs, widthOf(modelMs))
    if (score === null) return
    const bin = binOf(score)
    if (bin !== null) count(to.scores, bin)
    to.sum += score
    to.squares += score * score
  }

  function remember({ model, latencyMs }: Answered): void {
    const known = recent.get(model) ?? { now: {}, before: {}, sinceMs: nowMs() }
    recent.set(model, known)
    if (nowMs() - known.sinceMs > RECENT_MS) Object.assign(known, { before: known.now, now: {}, sinceMs: nowMs() })
    count(known.now, widthOf(latencyMs))
  }

  function beforeOf(model: string): number | null {
    const { now = {}, before = {} } = recent.get(model) ?? {}
    const all = { ...before }
    for (const [place, n] of Object.entries(now)) all[place] = (all[place] ?? 0) + n
    const answers = Object.values(all).reduce((sum, n) => sum + n, 0)
    return answers < 100 ? null : quantileMs(all, 0.99)
  }

  return {
    note,
    /** What a shadow said beside what was answered, or (null) that it was not asked. */
    compared(trial: number, model: string, differs: { otherwise: boolean; by: number } | null): void {
      const counts = of(trial, 'arm', model)
      if (differs === null) counts.dropped++
      else {
        if (differs.otherwise) counts.differs++
        counts.difference += differs.by
      }
    },
    /** Writes what is new. Where the database is away it is kept, and written later. */
    async write(sql: Sql, server: string): Promise<void> {
      const given = [...news].filter(([, counts]) => !isEmpty(counts))
      if (given.length === 0) return
      for (const [key] of given) news.delete(key)
      for (const [key, counts] of given) {
        const total = totals.get(key) ?? noCounts()
        addTo(total, counts)
        totals.set(key, total)
      }
      const keys = given.map(([key]) => key.split(' ') as [string, Side])
      const columns = [server, keys.map(([trial]) => Number(trial)), keys.map(([, side]) => side)]
      try {
        await sql.together([
          statement(SECONDS, [...columns, given.map(([, counts]) => JSON.stringify(counts))]),
          statement(TOTALS, [...columns, given.map(([key]) => JSON.stringify(totals.get(key)))]),
          statement(OLD, []),
        ])
      } catch (error) {
        for (const [key, counts] of given) {
          const later = news.get(key) ?? noCounts()
          addTo(later, counts)
          news.set(key, later)
          const total = totals.get(key)!
          for (const name of ['rows', 'failed', 'dropped', 'differs', 'difference', 'sum', 'squares'] as const) {
            total[name] -= counts[name]
          }
        }
        throw error
      }
    },
  }
}

const GIVEN =
  'unnest($2::bigint[], $3::text[], $4::json[]) as g (trial, side, counts) join registry.arm a using (trial)'

const SECONDS = `insert into serving.arm_second (trial, side, server, second, counts)
  select g.trial, g.side, $1::uuid, clock_timestamp(), g.counts from ${GIVEN} on conflict do nothing`

const TOTALS = `insert into serving.arm_total (trial, side, server, counts)
  select g.trial, g.side, $1::uuid, g.counts from ${GIVEN}
  on conflict (trial, server, side) do update set counts = excluded.counts`

const OLD = `with old as (delete from serving.arm_second where second < now() - interval '${KEPT}')
  delete from serving.arm_total t where not exists (select from registry.arm a where a.trial = t.trial)`

export type TrialCounts = ReturnType<typeof createTrialCounts>

/** Of all servers: the last seconds, the last minute, and since the trial began. */
export async function readTrial(
  sql: Sql,
  trial: number,
): Promise<Record<'seconds' | 'minute' | 'all', Record<Side, Counts>>> {
  const rows = await sql.query<{ span: 'seconds' | 'minute' | 'all'; side: Side; counts: Counts }>(
    `select 'all' as span, side, counts from serving.arm_total where trial = $1
     union all select 'minute', side, counts from serving.arm_second
       where trial = $1 and second > now() - interval '60 seconds'
     union all select 'seconds', side, counts from serving.arm_second
       where trial = $1 and second > now() - interval '5 seconds'`,
    [trial],
  )
  const none = () => ({ arm: noCounts(), champion: noCounts() })
  const spans = { seconds: none(), minute: none(), all: none() }
  for (const { span, side, counts } of rows) addTo(spans[span][side], counts)
  return spans
}
