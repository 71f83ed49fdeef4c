/** Runs of flows over HTTP: what is asked, and what is answered. */
import { z } from 'zod'
import { limitOf } from './limits.ts'
import { pageOf, pageQuery } from './page.ts'

const text = z.string()
const count = z.int()
const moment = text.meta({ format: 'date-time' })
const ms = z.number()

export const FLOW_STATES = ['waiting', 'running', 'succeeded', 'failed', 'cancelled'] as const
const state = z.enum(FLOW_STATES)

export const runParams = z.strictObject({ id: text.meta({ description: 'The id of a run.' }) })
export type RunParams = z.output<typeof runParams>

export const flowsQuery = pageQuery({
  flow: text.optional().meta({ description: 'Only runs of this flow, by its name.' }),
  state: state.optional().meta({ description: 'Only runs in this state.' }),
})
export type FlowsQuery = z.output<typeof flowsQuery>

const error = z
  .object({ code: text.nullable().meta({ description: 'Null where it is a fault of Weir itself.' }), message: text })
  .meta({ description: 'What was wrong, where, and what to do.' })

const by = text.nullable().meta({ description: 'Whoever submitted it; null where that is not known.' })
const cancel = z
  .object({ by: text, why: text.nullable() })
  .meta({ description: 'Who asked for its end, and why; null where nobody did.' })
const retryOf = text.nullable().meta({ description: 'The run whose recorded steps this one took over.' })

const head = {
  id: text,
  flow: text,
  state,
  submitted_at: moment,
  started_at: moment.nullable(),
  finished_at: moment.nullable(),
  by,
  error: error.nullable(),
  cancel: cancel.nullable(),
  retry_of: retryOf,
  deaths: count.meta({ description: 'How often the process that worked on it died.' }),
}

const listed = z.object({
  ...head,
  about: z
    .record(text, z.unknown())
    .meta({ description: 'What it was given, as far as that is short: the rest is in GET /flows/{id}.' }),
  step: z.object({ name: text, started_at: moment }).nullable().meta({ description: 'The step under way.' }),
})
export type ListedFlow = z.output<typeof listed>
export const flowsAnswer = pageOf('flows', listed)
export type FlowsAnswer = z.output<typeof flowsAnswer>

const DAYS_MAX = 90
export const daysQuery = z.strictObject({
  days: text.optional().meta({ description: `How many, 14 where left out, at most ${DAYS_MAX}.` }),
})
export type DaysQuery = z.output<typeof daysQuery>
export { DAYS_MAX }

export const daysAnswer = z.object({
  from: moment.meta({ description: 'The first midnight (UTC) that is counted from.' }),
  days: z
    .array(
      z.object({
        day: text,
        flow: text,
        state,
        runs: count,
        ms: ms.nullable().meta({ description: 'What those that are over took together, in milliseconds.' }),
        ms_max: ms.nullable(),
      }),
    )
    .meta({
      description: 'By the day on which they were submitted (UTC), flow and state; those without runs are left out.',
    }),
})
export type DaysAnswer = z.output<typeof daysAnswer>

const shown = z
  .object({ value: z.unknown(), cut: z.boolean() })
  .meta({ description: 'Long texts are cut and long lists shortened where cut is true.' })

const attempt = z.object({
  started_at: moment,
  finished_at: moment.nullable(),
  ms: ms.nullable(),
  error: error.nullable(),
})

const step = z.object({
  number: count.meta({ description: 'From 1.' }),
  name: text,
  state: z
    .enum(['succeeded', 'failed', 'running', 'cancelled', 'died'])
    .meta({ description: 'died: its process ended in it, and nobody has begun it again.' }),
  started_at: moment,
  finished_at: moment.nullable(),
  ms: ms.nullable(),
  error: error.nullable(),
  output: shown,
  taken_from: text.nullable().meta({ description: 'The run that did it, where this one took it over.' }),
  attempts: z.array(attempt).meta({ description: 'The newest 20.' }),
})
export type FlowStep = z.output<typeof step>

const reason = text.nullable().meta({ description: 'Null where it can be done; else why it cannot be done now.' })

export const flowAnswer = z.object({
  ...head,
  cancel: z.object({ by: text, why: text.nullable(), asked_at: moment }).nullable(),
  build: text
    .nullable()
    .meta({ description: 'The build of Weir that it was submitted with: no other does a step of it.' }),
  input: shown,
  output: shown,
  steps: z.array(step),
  retry_from: count.nullable().meta({ description: 'The first step that this run does itself, where it is a retry.' }),
  retries: z.array(text).meta({ description: 'The runs that took over what this one recorded.' }),
  process: z
    .object({ place: text, pid: count, alive: z.boolean() })
    .nullable()
    .meta({ description: 'Who works on it. Not alive: it died, and nobody has taken the run up yet.' }),
  lines: count.meta({ description: 'How many lines it has said so far.' }),
  may: z.object({ cancel: reason, resume: reason, retry: reason }),
})
export type FlowAnswer = z.output<typeof flowAnswer>

export const logsQuery = z.strictObject({
  after: text.optional().meta({ description: 'Only lines behind this number: the `after` of the answer before.' }),
  last: text.optional().meta({ description: 'The last so many lines instead.' }),
  limit: text.optional().meta({
    description: `How many at most; ${limitOf('listItems').toLocaleString('en-US')} where left out (limit listItems).`,
  }),
})
export type LogsQuery = z.output<typeof logsQuery>

const line = z.object({
  number: count.meta({ description: 'From 1, in the order in which they were said.' }),
  at: moment,
  step: count.nullable().meta({ description: 'The number of the step that said it.' }),
  level: z.enum(['info', 'warn', 'error']),
  text,
})
export type FlowLine = z.output<typeof line>

export const logsAnswer = z.object({
  lines: z.array(line),
  after: count.meta({ description: 'Send it as `after` for what comes next.' }),
  left_out: count.meta({ description: 'How many of these were removed, because the run said too much.' }),
  more: z.boolean().meta({ description: 'Whether more are there already.' }),
  over: z.boolean().meta({ description: 'Whether the run is over: then no more will come.' }),
})
export type LogsAnswer = z.output<typeof logsAnswer>

const why = text.min(1).max(limitOf('description'))

export const cancelRequest = z.strictObject({ why: why.meta({ description: 'Kept with the run and in the audit.' }) })
export type CancelRequest = z.output<typeof cancelRequest>
export const cancelAnswer = z.object({
  run: text,
  state: z.enum(['cancelled', 'cancelling']).meta({
    description: 'cancelling: the step under way was asked to end; GET /flows/{id} tells when the run is over.',
  }),
  by: text.meta({ description: 'Whoever asked first.' }),
})
export type CancelAnswer = z.output<typeof cancelAnswer>

export const retryRequest = z.strictObject({
  from: z
    .union([text.min(1), count.min(1)])
    .optional()
    .meta({
      description: 'The step to begin with, by name or number (from 1); the first that did not succeed where left out.',
    }),
  why: why.optional(),
})
export type RetryRequest = z.output<typeof retryRequest>

const worker = z
  .boolean()
  .meta({ description: 'Whether a worker of this build is alive to do it; else start `weir worker`.' })

export const retryAnswer = z.object({
  run: text.meta({ description: 'The new run.' }),
  from: z.object({ number: count, name: text.nullable() }),
  taken: count.meta({ description: 'How many recorded steps it took over.' }),
  worker,
})
export type RetryAnswer = z.output<typeof retryAnswer>

/** Nothing can be chosen; an empty object is sent, so that a page elsewhere cannot send it as a form. */
export const resumeRequest = z.strictObject({})

export const resumeAnswer = z.object({ run: text, state: z.enum(['waiting', 'running']), worker })
export type ResumeAnswer = z.output<typeof resumeAnswer>
