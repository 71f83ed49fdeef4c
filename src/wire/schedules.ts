/** Schedules over HTTP: what is asked, and what is answered. */
import { z } from 'zod'
import { limitOf } from './limits.ts'
import { pageOf, pageQuery } from './page.ts'

const text = z.string()
const count = z.int()
const moment = text.meta({ format: 'date-time' })
const why = text.min(1).max(limitOf('description')).meta({ description: 'Kept, and in the audit.' })

export const scheduleParams = z.strictObject({ name: text.meta({ description: 'A schedule of the project file.' }) })
export type ScheduleParams = z.output<typeof scheduleParams>

export const TICK_STATES = ['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'skipped'] as const
export const ORIGINS = ['time', 'trigger', 'backfill', 'person'] as const

const tick = z.object({
  id: count,
  origin: z
    .enum(ORIGINS)
    .meta({ description: 'What had it wished: a due time, something that happened, a backfill, a person.' }),
  period: moment.meta({ description: 'The moment that it is about.' }),
  due_at: moment,
  subject: text.nullable().meta({ description: 'What something happened to.' }),
  state: z.enum(TICK_STATES),
  why: text.nullable().meta({ description: 'Why it waits, was left out, or did not succeed.' }),
  stands_for: count.meta({ description: 'How many due times in a row this line stands for.' }),
  backfill: count.nullable(),
  attempts: count,
  run: text.nullable().meta({ description: 'The newest run of it.' }),
  ended_at: moment.nullable(),
})
export type ScheduleTick = z.output<typeof tick>

const schedule = z.object({
  name: text,
  flow: text,
  input: z.record(text, z.unknown()),
  cron: text.nullable(),
  every_ms: z.number().nullable(),
  zone: text,
  on: z.object({
    delivered: z.array(text).nullable(),
    withdrawn: z.array(text).nullable(),
    labels: text.nullable(),
    drift: text.nullable(),
  }),
  overlap: z.enum(['skip', 'queue', 'cancel']),
  catch_up_most: count,
  retries: count,
  concurrency: z.object({ name: text, most: count }).nullable(),
  paused: z.object({ at: moment, by: text, why: text.nullable() }).nullable(),
  known: z.boolean().meta({ description: 'Whether a worker has read the project file with it.' }),
  next: z.array(moment).meta({ description: 'The next due times; none while it is paused.' }),
  last: z.array(tick).meta({ description: 'The newest five.' }),
  waiting: count,
  running: count,
})
export type ScheduleAnswer = z.output<typeof schedule>
export const scheduleAnswer = schedule

export const schedulesAnswer = z.object({
  schedules: z.array(schedule),
  leader: z
    .object({ place: text, pid: count })
    .nullable()
    .meta({ description: 'The worker that decides for all; null where none does: then nothing begins.' }),
})
export type SchedulesAnswer = z.output<typeof schedulesAnswer>

export const ticksQuery = pageQuery({
  backfill: text.optional().meta({ description: 'Only those of this backfill.' }),
})
export type TicksQuery = z.output<typeof ticksQuery>
export const ticksAnswer = pageOf('ticks', tick)
export type TicksAnswer = z.output<typeof ticksAnswer>

export const changeRequest = z.strictObject({ why: why.optional() })
export type ChangeRequest = z.output<typeof changeRequest>

export const runRequest = z.strictObject({
  period: text.optional().meta({ description: 'For which period; now, where left out.' }),
  why: why.optional(),
})
export type RunRequest = z.output<typeof runRequest>

const worker = z.boolean().meta({ description: 'Whether a worker of this build is alive to begin it.' })

export const runAnswer = z.object({ tick: count, period: moment, worker })
export type RunAnswer = z.output<typeof runAnswer>

export const backfillRequest = z.strictObject({
  from: text.meta({ description: 'The first period.' }),
  to: text.meta({ description: 'The first period that is not done any more.' }),
  parallel: count.min(1).max(20).default(1).meta({ description: 'How many at once.' }),
  missing: z.boolean().default(false).meta({ description: 'Leaves out periods that were done well before.' }),
  dry_run: z.boolean().default(false).meta({ description: 'Only says what would be done.' }),
  why: why.optional(),
})
export type BackfillRequest = z.output<typeof backfillRequest>

export const backfillAnswer = z.object({
  backfill: count.nullable().meta({ description: 'Its number; null where nothing is begun.' }),
  periods: z.array(z.object({ period: moment, due_at: moment })).meta({ description: 'At most 1,000.' }),
  left_out: count.meta({ description: 'How many were done well before.' }),
  worker,
})
export type BackfillAnswer = z.output<typeof backfillAnswer>

export const backfillsAnswer = z.object({
  backfills: z
    .array(
      z.object({
        ...{ id: count, from: moment, to: moment, parallel: count, by: text, why: text.nullable(), asked_at: moment },
        ...{ periods: count, waiting: count, running: count, succeeded: count },
        failed: count.meta({ description: 'Failed, cancelled or left out.' }),
      }),
    )
    .meta({ description: 'The newest 20.' }),
})
export type BackfillsAnswer = z.output<typeof backfillsAnswer>

export const backfillParams = z.strictObject({ name: text, id: text })
export type BackfillParams = z.output<typeof backfillParams>
export const dropRequest = z.strictObject({ why })
export type DropRequest = z.output<typeof dropRequest>
export const dropAnswer = z.object({
  dropped: count,
  running: count.meta({ description: 'How many are under way and come to their end.' }),
})
export type DropAnswer = z.output<typeof dropAnswer>
