import type { Clock } from '../../base/clock.ts'
import type { Instant } from '../../base/instant.ts'
import type { Log } from '../../base/log.ts'
import type { Database, Sql } from '../../db/sql.ts'
import type { Actor, Actors, ControlChange } from '../actor.ts'
import type { BuildName } from '../build.ts'
import type { FlowNews } from '../flow.ts'
import type { Retention } from '../retention.ts'
import type { TriggerRow } from './queries/schedules.ts'
import type { Rule } from './rule.ts'

/** What a schedule is told by the rooms that know what its triggers are about. */
export type World = {
  /** Names what is there of these sources for a moment, null where one is missing: the same while nothing new comes. */
  complete(sources: readonly string[], period: Instant): Promise<string | null>
  /** Whether what was told still counts: outcomes that were taken back before they were mature do not. */
  holds(trigger: TriggerRow): Promise<boolean>
  /** The moments of a range that a schedule without a time is about, each with when it is due. */
  periods(on: Rule['on'], from: Instant, to: Instant): Promise<{ period: Instant; dueAt: Instant }[]>
}

/** What a person does to a schedule: written in the transaction that does it. */
export type ScheduleChange = {
  action: 'paused' | 'resumed' | 'run' | 'backfilled' | 'backfill_dropped'
  schedule: string
  from: object | null
  to: object | null
  why: string | null
}

export type Prepare = (input: Record<string, unknown>) => Promise<unknown>

export type SchedulingDeps = {
  db: Database
  clock: Clock
  log: Log
  /** The flows' own entry among those who work: its lease is what a leader stands on. */
  executorId: string
  build: BuildName
  actors: Actors
  /** On whose behalf a schedule does what it does. */
  actorOf: (schedule: string) => Actor
  rules: readonly Rule[]
  /** By flow: what its run is given, from what the schedule says. Refuses what cannot be right. */
  flows: Readonly<Record<string, Prepare>>
  world: World
  retention: Retention
  /** Between 0 and 1: makes the pauses before retries uneven. */
  random: () => number
  onChange: (sql: Sql, change: ControlChange) => Promise<void>
  onScheduleChange: (sql: Sql, change: ScheduleChange) => Promise<void>
  onNews: (news: FlowNews) => void
}
