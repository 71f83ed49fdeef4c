import { nextDue } from '../../base/due-times.ts'
import { messageOf } from '../../base/errors.ts'
import { instantOfMs, msOfInstant } from '../../base/instant.ts'
import { isAway } from '../../base/world.ts'
import { createTurnstile } from '../turnstile.ts'
import { beginOne, chooseTicks, sayWaits } from './begin.ts'
import { decideDue, decideMet, meet, settle, takeRules } from './decide.ts'
import type { SchedulingDeps } from './deps.ts'
import { asLeader, giveBack, type Lead, takeLead } from './leader.ts'
import { nextKnown, selectSchedules, selectTriggers, TRIGGERS_AT_ONCE } from './queries/schedules.ts'
import { collectTicks, selectOpen } from './queries/ticks.ts'
import { SCHEDULES_CHANNEL } from './triggers.ts'

/** This process as one that may lead. */
export type Scheduler = {
  /** Decides on what is due now, where this process leads; gives the moment of the next look. */
  look(): Promise<{ leads: boolean; nextMs: number }>
  /** Looks from now on: when something is due, when it hears of a change, and every ten seconds. */
  start(): Promise<void>
  /** Gives the lead back. */
  stop(): Promise<void>
}

/** A leader renews its lease, a notification that was lost is made up for, and a clock that was set is noticed within that time. */
const LOOK_EVERY_MS = 10_000
const COLLECT_EVERY_MS = 3_600_000
const FAULT_PAUSE_MS = 1_000

export function createScheduler(deps: SchedulingDeps): Scheduler {
  const { db, clock, log, executorId, rules } = deps
  let lead: Lead | undefined
  let timer: NodeJS.Timeout | undefined
  let unlisten: (() => Promise<void>) | undefined
  let closed = false
  let collectAt = 0

  const follow = () => {
    lead = undefined
    return { leads: false, nextMs: clock.nowMs() + LOOK_EVERY_MS }
  }

  const look = async (): Promise<{ leads: boolean; nextMs: number }> => {
    const now = instantOfMs(clock.nowMs())
    if (lead === undefined) {
      lead = await takeLead(db, executorId)
      if (lead === undefined) return follow()
      log.info({ term: lead.term, schedules: rules.length }, 'flows: this process leads the schedules')
      if ((await asLeader(db, lead, (sql) => takeRules(deps, sql, now))) === 'overtaken') return follow()
    }
    const met = await Promise.all((await selectTriggers(db, now)).map((trigger) => meet(deps, trigger)))
    const decided = await asLeader(db, lead, async (sql) => {
      await settle(deps, sql, now)
      await decideMet(deps, sql, met, now)
      await decideDue(deps, sql, now)
      if (clock.nowMs() >= collectAt) await collectTicks(sql, deps.retention, now)
      return { rows: await selectSchedules(sql), open: await selectOpen(sql) }
    })
    if (decided === 'overtaken') return follow()
    collectAt = clock.nowMs() >= collectAt ? clock.nowMs() + COLLECT_EVERY_MS : collectAt
    const { begin, waits } = chooseTicks(rules, decided.rows, decided.open, now)
    for (const tick of begin) {
      const rule = rules.find((rule) => rule.name === tick.schedule)
      if (rule && !(await beginOne(deps, lead, rule, tick, now))) return follow()
    }
    await sayWaits(deps, lead, waits)
    const nextMs = met.length === TRIGGERS_AT_ONCE ? clock.nowMs() : await nextLook(decided.rows, now)
    return { leads: true, nextMs }
  }

  const nextLook = async (rows: Awaited<ReturnType<typeof selectSchedules>>, now: string): Promise<number> => {
    const nowMs = msOfInstant(now)
    const due = rows.flatMap((row) => {
      const timing = rules.find((rule) => rule.name === row.name)?.timing
      const next = timing && row.pausedAt === null && nextDue(timing, Math.max(nowMs, msOfInstant(row.decidedTo)))
      return next ? [next] : []
    })
    const known = await nextKnown(db, now)
    return Math.min(nowMs + LOOK_EVERY_MS, ...due, ...(known === null ? [] : [msOfInstant(known)]))
  }

  const oneAtATime = createTurnstile(async () => {
    clearTimeout(timer)
    if (closed) return
    let inMs = FAULT_PAUSE_MS
    try {
      const { nextMs } = await look()
      inMs = Math.max(0, nextMs - clock.nowMs())
    } catch (error) {
      if (!closed) log[isAway(error) ? 'debug' : 'warn'](`flows: cannot look for what is due: ${messageOf(error)}`)
    }
    if (!closed) timer = setTimeout(lookNow, inMs).unref()
  })
  const lookNow = () => void oneAtATime()

  return {
    look,
    async start() {
      unlisten = await db.listen(SCHEDULES_CHANNEL, lookNow, lookNow).catch(() => undefined)
      await oneAtATime()
    },
    async stop() {
      closed = true
      clearTimeout(timer)
      await unlisten?.().catch(() => {})
      await oneAtATime()
      if (lead) await giveBack(db, lead).catch(() => {})
      lead = undefined
    },
  }
}
