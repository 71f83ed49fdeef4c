import { dueBetween } from '../../base/due-times.ts'
import { PlatformError } from '../../base/errors.ts'
import { displayInstant, type Instant, instantOfMs, msOfInstant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import { anyWorkerLives } from '../queries/executors.ts'
import { textOf } from '../steps.ts'
import type { SchedulingDeps } from './deps.ts'
import { findBackfill, insertBackfill, selectBackfills, selectDone } from './queries/lists.ts'
import type { ScheduleRow } from './queries/schedules.ts'
import { dropWaiting, insertTick } from './queries/ticks.ts'
import { BACKFILL_MAX, type Rule } from './rule.ts'
import { wishOf } from './wish.ts'

/** The periods from <= period < to; `missing`: but for those that the schedule has done well before. */
export type BackfillRequest = {
  from: Instant
  to: Instant
  /** How many of them at once. */
  parallel: number
  missing: boolean
  /** Only says what would be done. */
  dryRun: boolean
  why: string | null
}

export type BackfillAnswer = {
  id: number | null
  periods: { period: Instant; dueAt: Instant }[]
  leftOut: number
  worker: boolean
}

type Changing = <T>(name: string, body: (sql: Sql, row: ScheduleRow, now: Instant) => Promise<T>) => Promise<T>

/** Records all of its periods at once: whoever leads begins them in their order, over restarts, until none waits. */
export async function backfill(
  deps: SchedulingDeps,
  rule: Rule,
  request: BackfillRequest,
  changing: Changing,
): Promise<BackfillAnswer> {
  const { db, actors, build, onScheduleChange } = deps
  const { from, to, parallel, missing, dryRun, why } = request
  if (from >= to)
    throw new PlatformError('invalid_argument', `from ${displayInstant(from)} is not before to ${displayInstant(to)}`)
  const all = await periodsOf(deps, rule, from, to)
  const done = new Set(
    missing
      ? await selectDone(
          db,
          rule.name,
          all.map(({ period }) => period),
        )
      : [],
  )
  const periods = all.filter(({ period }) => !done.has(period))
  const answer = { periods, leftOut: all.length - periods.length, worker: await anyWorkerLives(db, await build()) }
  if (dryRun || periods.length === 0) return { id: null, ...answer }
  const id = await changing(rule.name, async (sql, _row, now) => {
    await requireNone(sql, rule.name, from, to)
    const by = textOf(actors.now())!
    const id = await insertBackfill(sql, { schedule: rule.name, from, to, parallel, by, why })
    for (const { period, dueAt } of periods) {
      const wish = wishOf(rule, {
        origin: 'backfill',
        key: `backfill:${id}:${period}`,
        period,
        dueAt,
        backfill: id,
        by,
      })
      await insertTick(sql, wish, { now })
    }
    const told = { backfill: id, from, to, periods: periods.length, parallel }
    await onScheduleChange(sql, { action: 'backfilled', schedule: rule.name, from: null, to: told, why })
    return id
  })
  return { id, ...answer }
}

/** What waits of it is left out; what is under way comes to its end. */
export async function dropBackfill(
  deps: SchedulingDeps,
  rule: Rule,
  id: number,
  { why }: { why: string },
  changing: Changing,
): Promise<{ dropped: number; running: number }> {
  return changing(rule.name, async (sql, _row, now) => {
    const found = await findBackfill(sql, rule.name, id)
    if (!found) throw new PlatformError('not_found', `schedule '${rule.name}' has no backfill ${id}`)
    const by = deps.actors.now().name
    const dropped = await dropWaiting(
      sql,
      { schedule: rule.name, backfill: id },
      `the backfill was dropped by ${by}: ${why}`,
      now,
    )
    if (dropped > 0) {
      const [from, to] = [{ waiting: found.waiting }, { backfill: id, dropped }]
      await deps.onScheduleChange(sql, { action: 'backfill_dropped', schedule: rule.name, from, to, why })
    }
    return { dropped, running: found.running }
  })
}

async function periodsOf({ world }: SchedulingDeps, { name, timing, on }: Rule, from: Instant, to: Instant) {
  const bounded = (found: { period: Instant; dueAt: Instant }[]) => {
    if (found.length <= BACKFILL_MAX) return found
    throw new PlatformError(
      'too_large',
      `more than ${BACKFILL_MAX} periods of '${name}' are in that range; take a shorter one`,
    )
  }
  if (timing !== null) {
    const due = dueBetween(timing, msOfInstant(from) - 1, msOfInstant(to) - 1, BACKFILL_MAX + 1)
    return bounded(due.map((ms) => ({ period: instantOfMs(ms), dueAt: instantOfMs(ms) })))
  }
  if (on.delivered !== null || on.labels !== null) return bounded(await world.periods(on, from, to))
  throw new PlatformError(
    'invalid_argument',
    `schedule '${name}' has no periods to be filled: it begins when something happens, at no time`,
  )
}

/** The same range is not asked for twice while it is under way: the one that is there resumes by itself. */
async function requireNone(sql: Sql, schedule: string, from: Instant, to: Instant): Promise<void> {
  const under = (await selectBackfills(sql, schedule, 1_000)).find(
    (one) => one.from === from && one.to === to && one.waiting + one.running > 0,
  )
  if (!under) return
  const left = `${under.waiting + under.running} of its ${under.periods} periods are left`
  throw new PlatformError('conflict', `backfill ${under.id} of this range is under way, ${left}; it goes on by itself`)
}
