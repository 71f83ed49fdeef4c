import { displayInstant, type Instant, instantOfMs } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import { askCancel, lockRun } from '../queries/control.ts'
import type { SchedulingDeps } from './deps.ts'
import { endTick, insertTick, type OpenTick, selectOpen, type Wish } from './queries/ticks.ts'
import { QUEUE_MAX, type Rule } from './rule.ts'
import type { Passed } from './times.ts'

type Deps = Pick<SchedulingDeps, 'actors' | 'actorOf' | 'onChange'>

export function wishOf(rule: Rule, wish: Partial<Wish> & Pick<Wish, 'origin' | 'key' | 'period' | 'dueAt'>): Wish {
  return { schedule: rule.name, subject: null, about: null, backfill: null, by: null, ...wish }
}

/**
 * Adds a wish once. While another of the same schedule is under way, its policy says what becomes of this one. `queued`: it
 * waits whatever the policy says. Gives its number, undefined where the same wish was there or it was left out.
 */
export async function wishOnce(
  deps: Deps,
  sql: Sql,
  rule: Rule,
  wish: Wish,
  { now, queued = false }: { now: Instant; queued?: boolean },
): Promise<number | undefined> {
  const open = queued ? [] : (await selectOpen(sql, rule.name)).filter((tick) => tick.backfill === null)
  const [before] = open
  const why = before && whyNot(rule, open)
  if (why) {
    await insertTick(sql, wish, { now, skipped: why })
    return undefined
  }
  const made = await insertTick(sql, wish, { now })
  if (made !== undefined && rule.overlap === 'cancel') {
    for (const tick of open) await endEarlier(deps, sql, rule, tick, now)
  }
  return made
}

/** Why a new one is left out, undefined where it is not. */
export function whyNot({ overlap }: Rule, open: readonly OpenTick[]): string | undefined {
  const [before] = open
  if (before === undefined || overlap === 'cancel') return undefined
  if (overlap === 'skip') return `${namedTick(before)} was not over yet (overlap: skip)`
  return open.length < QUEUE_MAX ? undefined : `${open.length} were waiting already (overlap: queue)`
}

/** One that waits is left out; of one under way the run is cancelled, and the new one begins when that is over. */
async function endEarlier(deps: Deps, sql: Sql, rule: Rule, tick: OpenTick, now: Instant): Promise<void> {
  const why = 'a later one took its place (overlap: cancel)'
  if (tick.state === 'waiting') return endTick(sql, tick.id, { state: 'skipped', why, now })
  const run = tick.runId === null ? undefined : await lockRun(sql, tick.runId)
  if (!run || (run.state !== 'waiting' && run.state !== 'running') || run.askedBy !== null) return
  const actor = deps.actorOf(rule.name)
  await askCancel(sql, run.id, actor.name, why)
  const [from, to] = [{ state: run.state }, { state: run.state === 'waiting' ? 'cancelled' : 'cancelling' }]
  const change = { action: 'cancelled', runId: run.id, flow: run.flow, from, to, why } as const
  await deps.actors.during(actor, () => deps.onChange(sql, change))
}

/** Due times that are left out, as one. */
export async function passOver(sql: Sql, rule: Rule, passed: Passed, why: string, now: Instant): Promise<void> {
  const [first, last] = [instantOfMs(passed.firstMs), instantOfMs(passed.lastMs)]
  const many =
    passed.count > 1
      ? `${passed.more ? 'more than ' : ''}${passed.count} due times since ${displayInstant(first)}: `
      : ''
  const wish = wishOf(rule, { origin: 'time', key: `passed:${first}:${last}`, period: last, dueAt: last })
  await insertTick(sql, wish, { now, skipped: `${many}${why}`, standsFor: passed.count })
}

export function namedTick(tick: Pick<OpenTick, 'dueAt' | 'runId'>): string {
  const run = tick.runId === null ? '' : `, run ${tick.runId},`
  return `the one of ${displayInstant(tick.dueAt)}${run}`
}
