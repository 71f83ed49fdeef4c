import { digestOf } from '../../base/hash.ts'
import { type Instant, instantOfMs, msOfInstant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import { reviveError, sayable } from '../errors.ts'
import type { SchedulingDeps } from './deps.ts'
import {
  decidedTo,
  handledTrigger,
  removeSchedule,
  type ScheduleRow,
  saveSchedule,
  selectSchedules,
  type TriggerRow,
} from './queries/schedules.ts'
import { dropWaiting, endTick, insertTick, putBackTick, selectEnded } from './queries/ticks.ts'
import type { Rule } from './rule.ts'
import { decideTimes, pauseMs } from './times.ts'
import { passOver, wishOf, wishOnce } from './wish.ts'

/** What the leader finds when it looks: each of these is a part of one transaction of the leader. */

/**
 * The schedules as the project says them. What is new, or has another time than before, counts from now on; what the project does
 * not name any more begins nothing, and what waits of it is left out.
 */
export async function takeRules(deps: SchedulingDeps, sql: Sql, now: Instant): Promise<void> {
  const known = new Map((await selectSchedules(sql)).map((row) => [row.name, row]))
  for (const rule of deps.rules) {
    const before = known.get(rule.name)
    known.delete(rule.name)
    const was = before && before.removedAt === null ? (before.rule as Partial<Rule>) : undefined
    const anew = was === undefined || digestOf(was.timing ?? null) !== digestOf(rule.timing)
    if (anew || digestOf(was) !== digestOf(rule)) await saveSchedule(sql, rule.name, rule, now, anew)
  }
  for (const { name } of [...known.values()].filter((row) => row.removedAt === null)) {
    await removeSchedule(sql, name, now)
    await dropWaiting(sql, { schedule: name }, 'the project file names no such schedule any more', now)
  }
}

/** What became of the runs under way. One that failed is begun again after a pause, as often as its schedule says. */
export async function settle(deps: SchedulingDeps, sql: Sql, now: Instant): Promise<void> {
  for (const { id, schedule, attempts, state, error, by, why } of await selectEnded(sql)) {
    if (state === 'succeeded') await endTick(sql, id, { state, why: null, now })
    else if (state === 'cancelled') {
      await endTick(sql, id, { state, why: `cancelled by ${by}${why === null ? '' : `: ${why}`}`, now })
    } else {
      const says = error === null ? 'its run is not kept any more' : sayable(reviveError(error))
      await failed(deps, sql, { id, schedule, attempts }, says, now)
    }
  }
}

/** After an attempt that came to nothing: another after a pause, or the end. */
export async function failed(
  deps: Pick<SchedulingDeps, 'rules' | 'random'>,
  sql: Sql,
  { id, schedule, attempts }: { id: number; schedule: string; attempts: number },
  says: string,
  now: Instant,
): Promise<void> {
  const rule = deps.rules.find((rule) => rule.name === schedule)
  if (!rule || attempts > rule.retries.times) return endTick(sql, id, { state: 'failed', why: says, now })
  const pause = pauseMs(rule.retries, attempts, deps.random())
  const notBefore = instantOfMs(msOfInstant(now) + pause)
  const of = `attempt ${attempts} of ${rule.retries.times + 1} failed, the next begins after ${Math.round(pause / 1000)} s`
  await putBackTick(sql, id, notBefore, `${of}: ${says}`)
}

/** What is due by now, for schedules that are not paused. */
export async function decideDue(deps: SchedulingDeps, sql: Sql, now: Instant): Promise<void> {
  const nowMs = msOfInstant(now)
  for (const { rule, row } of withRules(deps, await selectSchedules(sql))) {
    if (row.pausedAt !== null || rule.timing === null) continue
    const { begin, queued, passed } = decideTimes(rule, msOfInstant(row.decidedTo), nowMs)
    if (passed) await passOver(sql, rule, passed, 'no worker was there to begin it in time (catchUp)', now)
    for (const at of begin.map((ms) => instantOfMs(ms))) {
      await wishOnce(deps, sql, rule, wishOf(rule, { origin: 'time', key: `time:${at}`, period: at, dueAt: at }), {
        now,
        queued,
      })
    }
    if (begin.length > 0 || passed) await decidedTo(sql, rule.name, now)
  }
}

/** A trigger, with the schedules that waited for it and the key of what each of them is to do. */
export type Met = { trigger: TriggerRow; by: { rule: Rule; key: string }[] }

/** Asks the rooms that know; outside of the transaction. */
export async function meet({ rules, world }: SchedulingDeps, trigger: TriggerRow): Promise<Met> {
  const { kind, id, subject, details } = trigger
  const by: Met['by'] = []
  for (const rule of rules) {
    const { delivered, withdrawn, labels, drift } = rule.on
    if (kind === 'delivery' && delivered?.includes(subject)) {
      // Told for each source: whichever comes last has it begun, once.
      const there = await world.complete(delivered, details.period)
      if (there !== null) by.push({ rule, key: `delivery:${details.period}:${there}` })
    }
    const meant =
      (kind === 'withdrawn' && withdrawn?.includes(subject)) ||
      (kind === 'labels' && labels === subject && (await world.holds(trigger))) ||
      (kind === 'drift' && drift === subject)
    if (meant) by.push({ rule, key: `${kind}:${id}` })
  }
  return { trigger, by }
}

export async function decideMet(deps: SchedulingDeps, sql: Sql, met: readonly Met[], now: Instant): Promise<void> {
  const paused = new Map((await selectSchedules(sql)).map((row) => [row.name, row]))
  for (const { trigger, by } of met) {
    if (!(await handledTrigger(sql, trigger))) continue
    const { id, subject, details, from } = trigger
    for (const { rule, key } of by) {
      const about = { period: details.period, dueAt: from ?? now, subject, about: id }
      const wish = wishOf(rule, { origin: 'trigger', key, ...about })
      const row = paused.get(rule.name)
      if (!row) continue
      if (row.pausedAt === null) await wishOnce(deps, sql, rule, wish, { now })
      else await insertTick(sql, wish, { now, skipped: whyPaused(row) })
    }
  }
}

export function whyPaused({ pausedBy, pausedWhy }: ScheduleRow): string {
  return `the schedule was paused by ${pausedBy}${pausedWhy === null ? '' : `: ${pausedWhy}`}`
}

export function withRules({ rules }: Pick<SchedulingDeps, 'rules'>, rows: readonly ScheduleRow[]) {
  return rows.flatMap((row) => {
    const rule = row.removedAt === null && rules.find((rule) => rule.name === row.name)
    return rule ? [{ rule, row }] : []
  })
}
