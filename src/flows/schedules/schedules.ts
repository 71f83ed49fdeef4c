import { randomUUID } from 'node:crypto'
import { PlatformError } from '../../base/errors.ts'
import { type Instant, instantOfMs, msOfInstant } from '../../base/instant.ts'
import type { Sql } from '../../db/sql.ts'
import { anyWorkerLives } from '../queries/executors.ts'
import { textOf } from '../steps.ts'
import { type BackfillAnswer, type BackfillRequest, backfill, dropBackfill } from './backfill.ts'
import { whyPaused } from './decide.ts'
import type { SchedulingDeps } from './deps.ts'
import { findLeader } from './leader.ts'
import {
  type BackfillRow,
  countOpen,
  notifyScheduler,
  selectBackfills,
  selectNewest,
  selectTicks,
  type TickRow,
  type TicksQuery,
} from './queries/lists.ts'
import {
  decidedTo,
  lockSchedule,
  type ScheduleRow,
  saveSchedule,
  selectSchedules,
  setPaused,
} from './queries/schedules.ts'
import { selectOpen } from './queries/ticks.ts'
import { rememberNext } from './remember-next.ts'
import type { Rule } from './rule.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import { passedBetween } from './times.ts'
import { SCHEDULES_CHANNEL } from './triggers.ts'
import { namedTick, passOver, whyNot, wishOf, wishOnce } from './wish.ts'

/**
 * schedules: what begins by itself. A schedule of the project names a flow, its input, and when: by time, or by what happens. Each
 * such wish is a tick (flows.tick); each attempt of a tick is a run of its flow.
 *
 * Invariants:
 * - A wish is there once: its schedule and its key are unique, whoever decides, however often.
 * - One process decides for all (`leader.ts`). When it is killed, another goes on from what is recorded: no due time is lost, and
 *   none is begun twice.
 * - A tick becomes running in the transaction that makes its run.
 * - What is not begun says why: every due time and every trigger that a schedule waits for is a tick, or counted in one.
 * - What a person asks for (pause, resume, run now, backfill) is recorded with who asks, holds over restarts, and is in the trail.
 * - A process that leads and has nothing to do asks the database a few times every ten seconds.
 */
export type Schedules = {
  /** A process that works for everybody may lead. Without it, this one only shows and takes what people ask for. */
  readonly scheduler: Scheduler
  list(): Promise<ScheduleStory[]>
  get(name: string): Promise<ScheduleStory>
  ticks(query: TicksQuery): Promise<TickRow[]>
  backfills(name: string): Promise<BackfillRow[]>
  /** Who decides; null where no worker is there. */
  leader(): Promise<{ place: string; pid: number } | null>
  pause(name: string, request: { why: string | null }): Promise<ScheduleStory>
  resume(name: string, request: { why: string | null }): Promise<ScheduleStory>
  /** Wishes one run as soon as may be; `worker`: whether somebody is there to begin it. */
  run(
    name: string,
    request: { period?: Instant | undefined; why: string | null },
  ): Promise<{ tick: number; period: Instant; worker: boolean }>
  backfill(name: string, request: BackfillRequest): Promise<BackfillAnswer>
  dropBackfill(name: string, id: number, request: { why: string }): Promise<{ dropped: number; running: number }>
}

export type ScheduleStory = {
  rule: Rule
  paused: { at: Instant; by: string; why: string | null } | null
  /** False until a worker has read the project file with it. */
  known: boolean
  /** The next due times; empty where it has none, or is paused. */
  next: Instant[]
  /** Newest first. */
  last: TickRow[]
  waiting: number
  running: number
}

const LAST = 5
const BACKFILLS_SHOWN = 20

export function createSchedules(deps: SchedulingDeps): Schedules {
  const { db, clock, rules, actors, build, onScheduleChange } = deps
  const nowNow = () => instantOfMs(clock.nowMs())
  const ruleOf = (name: string): Rule => {
    const rule = rules.find((rule) => rule.name === name)
    if (rule) return rule
    const known = rules.map((rule) => rule.name).join(', ')
    const has = rules.length === 0 ? 'it has none' : `it has ${known}`
    throw new PlatformError('not_found', `the project file has no schedule '${name}'; ${has}`)
  }

  /** One transaction on a schedule, which is made where no worker has read it yet. */
  const changing = async <T>(
    name: string,
    body: (sql: Sql, row: ScheduleRow, now: Instant) => Promise<T>,
  ): Promise<T> => {
    const rule = ruleOf(name)
    const now = nowNow()
    return db.tx(async (sql) => {
      const row = await lockSchedule(sql, name)
      if (!row || row.removedAt !== null) await saveSchedule(sql, name, rule, now, true)
      const done = await body(sql, row ?? (await lockSchedule(sql, name))!, now)
      await notifyScheduler(sql, SCHEDULES_CHANNEL)
      return done
    })
  }

  const nextOf = rememberNext()

  const storiesOf = async (some: readonly Rule[]): Promise<ScheduleStory[]> => {
    const names = some.map((rule) => rule.name)
    const [rows, newest, open] = await Promise.all([selectSchedules(db), selectNewest(db, names, LAST), countOpen(db)])
    return some.map((rule) => {
      const row = rows.find((row) => row.name === rule.name && row.removedAt === null)
      const { waiting = 0, running = 0 } = open.find((counts) => counts.schedule === rule.name) ?? {}
      const paused = row?.pausedAt ? { at: row.pausedAt, by: row.pausedBy!, why: row.pausedWhy } : null
      const from = Math.max(clock.nowMs(), row ? msOfInstant(row.decidedTo) : 0)
      const next = paused ? [] : nextOf(rule, from)
      const last = newest.filter((tick) => tick.schedule === rule.name)
      return { rule, paused, known: row !== undefined, next, last, waiting, running }
    })
  }
  const get = async (name: string) => (await storiesOf([ruleOf(name)]))[0]!

  return {
    scheduler: createScheduler(deps),
    list: () => storiesOf(rules),
    get,
    async ticks(query) {
      ruleOf(query.schedule)
      return selectTicks(db, query)
    },
    async backfills(name) {
      ruleOf(name)
      return selectBackfills(db, name, BACKFILLS_SHOWN)
    },
    leader: async () => (await findLeader(db)) ?? null,
    async pause(name, { why }) {
      await changing(name, async (sql, row, now) => {
        // Whoever was first did it.
        if (row.pausedAt !== null) return
        await setPaused(sql, name, { at: now, by: actors.now().name, why })
        await onScheduleChange(sql, { action: 'paused', schedule: name, from: null, to: { paused: true }, why })
      })
      return get(name)
    },
    async resume(name, { why }) {
      const rule = ruleOf(name)
      await changing(name, async (sql, row, now) => {
        if (row.pausedAt === null) return
        const passed = passedBetween(
          rule,
          Math.max(msOfInstant(row.decidedTo), msOfInstant(row.pausedAt) - 1),
          msOfInstant(now),
        )
        if (passed) await passOver(sql, rule, passed, whyPaused(row), now)
        await setPaused(sql, name, null)
        await decidedTo(sql, name, now)
        const from = { paused: true, by: row.pausedBy }
        await onScheduleChange(sql, { action: 'resumed', schedule: name, from, to: null, why })
      })
      return get(name)
    },
    async run(name, { period, why }) {
      const rule = ruleOf(name)
      const answer = await changing(name, async (sql, _row, now) => {
        const open = (await selectOpen(sql, name)).filter((tick) => tick.backfill === null)
        const not = whyNot(rule, open)
        if (not !== undefined) {
          throw new PlatformError(
            'conflict',
            `${name} is not begun: ${not}. Wait for ${namedTick(open[0]!)} or cancel it`,
          )
        }
        const at = period ?? now
        const by = textOf(actors.now())
        const wish = wishOf(rule, { origin: 'person', key: `person:${randomUUID()}`, period: at, dueAt: now, by })
        const tick = (await wishOnce(deps, sql, rule, wish, { now }))!
        await onScheduleChange(sql, { action: 'run', schedule: name, from: null, to: { tick, period: at }, why })
        return { tick, period: at }
      })
      return { ...answer, worker: await anyWorkerLives(db, await build()) }
    },
    backfill: (name, request) => backfill(deps, ruleOf(name), request, changing),
    dropBackfill: (name, id, request) => dropBackfill(deps, ruleOf(name), id, request, changing),
  }
}
