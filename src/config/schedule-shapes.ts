/** What begins by itself, and when, as a person writes it. */
import { z } from 'zod'
import { isTimeZone } from '../values/time-zone.ts'
import { duration } from './duration-shape.ts'
import { said } from './said.ts'

const names = z.union([z.string(), z.array(z.string()).min(1)])

const on = z.strictObject({
  delivered: said(
    names.optional(),
    'All of these sources are there for a moment; again when one of them is corrected. "*": all of the project.',
    ['users', 'labels'],
  ),
  withdrawn: said(names.optional(), 'A delivery of one of these sources is taken back. "*": of any.', '*'),
  labels: said(z.string().optional(), 'Outcomes of this label are there and their horizon is over.', 'churned'),
  drift: said(z.string().optional(), 'The drift of this model came over its threshold.', 'churn'),
})

const catchUp = z.union([
  z.enum(['none', 'last', 'all']),
  z.strictObject({ most: said(z.int().min(1).max(1000), 'The newest so many.', 3) }),
])

const retries = z.strictObject({
  times: said(z.int().min(0).max(20).default(0), 'How often a run that failed is begun again.', 3),
  first: said(duration.default('1m'), 'The pause before the first retry; each later one is twice as long.', '30s'),
  longest: said(duration.default('1h'), 'The longest pause. Each is made shorter by up to a half, at random.', '6h'),
})

const timeout = z.strictObject({
  run: said(duration.nullable().default(null), 'The longest that a run may take from its first step on.', '4h'),
  step: said(duration.nullable().default(null), 'The longest that one of its steps may take.', '1h'),
})

const concurrency = z.strictObject({
  name: said(z.string().min(1).max(100), 'Runs of all schedules with this name count together.', 'training'),
  most: said(z.int().min(1).max(100).default(1), 'So many of them at once.', 2),
})

export const schedule = z.strictObject({
  flow: said(z.string(), 'The flow; [schedules](../guide/schedules.md) has a table of all.', 'train_baseline'),
  input: said(z.record(z.string(), z.unknown()).default({}), 'What it is given; {…} in a text is a term.', {
    model: 'churn',
    asOf: '{month}',
  }),
  cron: said(z.string().nullable().default(null), 'Minute, hour, day, month and weekday.', '0 6 2 * *'),
  every: said(duration.nullable().default(null), 'At every multiple of it since 1970; at least 1m.', '6h'),
  on: said(on.default({}), 'What has it begin, instead of a time or beside it.', { labels: 'churned' }),
  zone: said(
    z.string().refine(isTimeZone, "write the zone's IANA name, like Europe/Paris").default('UTC'),
    'The time zone of cron, and of the days and months of its input.',
    'Europe/Paris',
  ),
  overlap: said(
    z.enum(['skip', 'queue', 'cancel']).default('skip'),
    'While the one before is under way: skip leaves the new one out, queue has it wait, cancel ends the one before.',
    'queue',
  ),
  catchUp: said(
    catchUp.default('last'),
    'Of the due times that passed while no worker was there: none, the last, all (at most 1,000), or the newest so many.',
    { most: 3 },
  ),
  retries: said(retries.prefault({}), 'Whether a run that failed is begun again.', { times: 3 }),
  timeout: said(timeout.prefault({}), 'When a run is ended that takes too long.', { run: '4h' }),
  concurrency: said(concurrency.nullable().default(null), 'What may not run beside it.', { name: 'training' }),
})

export type ScheduleShape = z.output<typeof schedule>
