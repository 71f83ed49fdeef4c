/** The versions that answer for a model: the champion, a canary, shadows; and what they came to. */
import { z } from 'zod'
import { ARMS } from './arm-names.ts'
import { modelParams, waitingAnswer } from './registry.ts'

const moment = z.string().meta({ description: 'A moment in UTC.', format: 'date-time' })
const ms = z.number().nullable()

const numbers = z.object({
  rows: z.int().meta({ description: 'Keys that it answered, or was asked for as a shadow, on all servers.' }),
  failed: z.int().meta({ description: 'Keys for which it failed: callers were given what the champion says.' }),
  dropped: z.int().meta({ description: 'Rows that a shadow was not asked for, because too many waited.' }),
  error_share: z.number().nullable(),
  p50_ms: ms,
  p99_ms: ms,
  model_p99_ms: ms.meta({ description: 'Of the time of the model alone.' }),
  mean_score: z.number().nullable(),
  differs_share: z
    .number()
    .nullable()
    .meta({ description: 'Of a shadow: the share of rows for which it says something else than what was answered.' }),
  mean_difference: z.number().nullable().meta({ description: 'Of a shadow: of its score to that of the answer.' }),
})

const arm = z.object({
  version: z.int(),
  role: z.enum(ARMS),
  share: z.number().meta({ description: 'Of the keys that it answers for; 0 of a shadow.' }),
  began_at: moment.nullable(),
  changed_at: moment.nullable().meta({ description: 'When it was given this share.' }),
  changed_by: z.string().nullable(),
  numbers: numbers.nullable().meta({ description: 'Since it is tried; null where nothing is tried.' }),
})

const rules = z.object({
  errors: z.number().nullable(),
  p99_times: z.number().nullable(),
  drift: z.number().nullable(),
  quality: z.object({ metric: z.string(), worse_by: z.number() }).nullable(),
  least_requests: z.int(),
  promote_after_seconds: z.number().nullable(),
})

export const armsAnswer = z.object({
  arms: z.array(arm).meta({ description: 'The champion first, then the canary, then shadows by version.' }),
  rules: rules
    .nullable()
    .meta({ description: 'Of the project, for a canary; null where it does not define the model.' }),
})
export type ArmsAnswer = z.output<typeof armsAnswer>

export const armParams = modelParams.extend({ version: z.string().meta({ description: 'Its version number.' }) })
export type ArmParams = z.output<typeof armParams>

const reason = z.string().max(5000).meta({ description: 'Why, for the history.' })

export const armRequest = z.strictObject({
  role: z.enum(['canary', 'shadow']),
  share: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .meta({ description: 'Of the keys that a canary answers for: 0.05 is 5 %. A shadow has none.' }),
  reason,
})
export type ArmBody = z.output<typeof armRequest>

export const armEndRequest = z.strictObject({ reason })
export type ArmEndBody = z.output<typeof armEndRequest>

export const armMadeAnswer = z.object({
  state: z.literal('made'),
  model: z.string(),
  version: z.int(),
  role: z.enum(['canary', 'shadow']).nullable().meta({ description: 'null: it is neither any more.' }),
  share: z.number(),
})
export type ArmMadeAnswer = z.output<typeof armMadeAnswer>
export { waitingAnswer as armWaitingAnswer }
