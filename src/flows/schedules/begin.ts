import { randomUUID } from 'node:crypto'
import { digestOf } from '../../base/hash.ts'
import { type Instant, msOfInstant } from '../../base/instant.ts'
import { withTerms } from '../../base/terms.ts'
import { isAway } from '../../base/world.ts'
import type { Actor } from '../actor.ts'
import { sayable } from '../errors.ts'
import { submitRun } from '../queries/runs.ts'
import { textOf } from '../steps.ts'
import { failed } from './decide.ts'
import type { SchedulingDeps } from './deps.ts'
import { asLeader, type Lead } from './leader.ts'
import type { ScheduleRow } from './queries/schedules.ts'
import { beginTick, countAttempt, type OpenTick, sayWhy } from './queries/ticks.ts'
import type { Rule } from './rule.ts'

/** Of what waits, what may begin now, in its order; and why each of the others waits on. */
export type Chosen = { begin: OpenTick[]; waits: { tick: OpenTick; why: string | null }[] }

/**
 * One of a schedule at a time, but for backfills, which have a bound of their own; and never more than a name's bound. What waits
 * for a retry keeps its place: a later one does not overtake it.
 */
export function chooseTicks(
  rules: readonly Rule[],
  rows: readonly ScheduleRow[],
  open: readonly OpenTick[],
  now: Instant,
): Chosen {
  const underWay = counter()
  const ruleOf = (tick: OpenTick) => rules.find((rule) => rule.name === tick.schedule)
  const lane = (tick: OpenTick) => (tick.backfill === null ? `schedule ${tick.schedule}` : `backfill ${tick.backfill}`)
  const chosen: Chosen = { begin: [], waits: [] }
  for (const tick of open.filter(({ state }) => state === 'running')) {
    underWay.add(lane(tick))
    const name = ruleOf(tick)?.concurrency?.name
    if (name !== undefined) underWay.add(`name ${name}`)
  }
  for (const tick of open.filter(({ state }) => state === 'waiting')) {
    const rule = ruleOf(tick)
    if (!rule) continue
    const why = whyWaits(tick, rule)
    if (why === undefined) chosen.begin.push(tick)
    else chosen.waits.push({ tick, why: why ?? tick.why })
    // One that waits for its retry has its place too.
    if (why === undefined || why === null) underWay.add(lane(tick))
    if (why === undefined && rule.concurrency) underWay.add(`name ${rule.concurrency.name}`)
  }
  return chosen

  /** Undefined: it may begin. Null: it says so itself. */
  function whyWaits(tick: OpenTick, { concurrency }: Rule): string | null | undefined {
    const row = rows.find((row) => row.name === tick.schedule)
    if (row?.pausedAt != null && tick.origin !== 'person') return 'the schedule is paused'
    if (underWay.of(lane(tick)) >= (tick.parallel ?? 1)) return 'waits for the one before'
    if (tick.notBefore > now) return null
    if (concurrency && underWay.of(`name ${concurrency.name}`) >= concurrency.most) {
      return `waits: ${concurrency.most} of '${concurrency.name}' ${concurrency.most === 1 ? 'is' : 'are'} under way`
    }
    return undefined
  }
}

/** Makes a tick a run, or records why it cannot be one: in one transaction of the leader. */
export async function beginOne(
  deps: SchedulingDeps,
  lead: Lead,
  rule: Rule,
  tick: OpenTick,
  now: Instant,
): Promise<boolean> {
  const terms = {
    ...{ periodMs: msOfInstant(tick.period), dueMs: msOfInstant(tick.dueAt), schedule: rule.name },
    ...{ subject: tick.subject, about: tick.about },
    // The moment of a delivery is a date of UTC; one that was due is on a day of the schedule's zone.
    zone: tick.origin === 'trigger' || rule.timing === null ? 'UTC' : rule.zone,
  }
  const prepared = await prepare(deps, rule, withTerms(rule.input, terms) as Record<string, unknown>)
  const build = await deps.build()
  const began = await asLeader(deps.db, lead, async (sql) => {
    if ('error' in prepared) {
      await countAttempt(sql, tick.id)
      await failed(
        deps,
        sql,
        { ...tick, attempts: tick.attempts + 1 },
        sayable(prepared.error instanceof Error ? prepared.error : new Error(String(prepared.error))),
        now,
      )
      return true
    }
    const runId = randomUUID()
    if (!(await beginTick(sql, tick.id, runId))) return true
    const actor = tick.by === null ? deps.actorOf(rule.name) : (JSON.parse(tick.by) as Actor)
    const { flow, timeoutMs, stepTimeoutMs } = rule
    const key = digestOf([rule.name, tick.id, runId])
    const limits = { tick: tick.id, timeoutMs, stepTimeoutMs }
    await submitRun(sql, { runId, flow, key, build, input: textOf(prepared.input), by: textOf(actor), ...limits })
    const to = { flow, schedule: rule.name, because: tick.subject ?? tick.origin, due: tick.dueAt }
    await deps.actors.during(actor, () =>
      deps.onChange(sql, { action: 'started', runId, flow, input: prepared.input, from: null, to, why: null }),
    )
    return runId
  })
  if (began === 'overtaken') return false
  if (typeof began === 'string') deps.onNews({ type: 'run', run: began, flow: rule.flow, state: 'waiting' })
  return true
}

export async function sayWaits(deps: SchedulingDeps, lead: Lead, waits: Chosen['waits']): Promise<void> {
  const other = waits.filter(({ tick, why }) => why !== tick.why)
  if (other.length === 0) return
  await asLeader(deps.db, lead, async (sql) => {
    for (const { tick, why } of other) await sayWhy(sql, tick.id, why)
  })
}

/** That the database is away is no fault of the schedule: it is tried again. */
async function prepare(
  deps: SchedulingDeps,
  rule: Rule,
  input: Record<string, unknown>,
): Promise<{ input: unknown } | { error: unknown }> {
  try {
    const made = deps.flows[rule.flow]
    if (!made) throw new Error(`this build knows no flow '${rule.flow}' that a schedule can begin`)
    return { input: await made(input) }
  } catch (error) {
    if (isAway(error)) throw error
    return { error }
  }
}

function counter() {
  const counts = new Map<string, number>()
  return {
    of: (name: string) => counts.get(name) ?? 0,
    add: (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1),
  }
}
