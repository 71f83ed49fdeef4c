/** What is read back of the answers of models. */
import { z } from 'zod'
import { ARMS } from './arm-names.ts'
import { pageOf, pageQuery } from './page.ts'
import { versionMembers } from './predict.ts'

const text = z.string()
const moment = text.meta({ format: 'date-time' })

const filters = {
  version: text.optional().meta({ description: 'Only answers of this version.' }),
  arm: z.enum(ARMS).optional().meta({ description: 'Only those of this arm.' }),
  from: text.optional().meta({ description: 'The first moment, such as 2024-01-31 or 2024-01-31T12:00:00Z.' }),
  to: text.optional().meta({ description: 'The first moment that is no more among them.' }),
  refused: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'Only refusals (true), or only predictions (false).' }),
}

export const answersQuery = pageQuery({
  key: text
    .optional()
    .meta({ description: 'Only of this key. With several join keys a JSON object, percent-encoded.' }),
  ...filters,
  snapshot: text.optional().meta({
    description:
      'Only those whose features describe the moment of this snapshot (users/2024-01-31/v1) and came from its source, given while it could be shown.',
  }),
})
export type AnswersQuery = z.output<typeof answersQuery>

export const entityAnswersQuery = pageQuery({
  key: text.meta({ description: 'The key. With several join keys a JSON object, percent-encoded.' }),
})
export type EntityAnswersQuery = z.output<typeof entityAnswersQuery>

export const modelParam = z.object({ name: text.meta({ description: 'Name of a model.' }) })
export const requestParam = z.object({
  request: text.meta({ description: 'The x-request-id of the answer, or what the caller sent as such.' }),
})

const value = z.union([text, z.number(), z.boolean()]).nullable()
const byName = (description: string, shape: z.ZodType = value) => z.record(text, shape).meta({ description })

const answer = z.object({
  id: z.int().meta({ description: 'Its number in the log.' }),
  at: moment.meta({ description: 'When it was answered.' }),
  model: z.object(versionMembers).meta({ description: 'The version that answered.' }),
  arm: z.enum(ARMS).meta({ description: 'As what it answered.' }),
  returned: z.boolean().meta({ description: 'false of one that was computed and given to nobody.' }),
  key: byName('Each join key.'),
  prediction: z.union([text, z.number()]).nullable().meta({ description: 'null where there is none; error says why.' }),
  probability: z.number().nullable().meta({ description: 'Of the positive label.' }),
  probabilities: z.record(text, z.number()).nullable().meta({ description: 'Of each label, where they have names.' }),
  score: z
    .number()
    .nullable()
    .meta({ description: 'The probability of the positive label, or of the likeliest one, or the number itself.' }),
  error: text.nullable().meta({ description: 'The code of the refusal.' }),
  latency_ms: z.number().meta({ description: 'How long it took, in milliseconds.' }),
  request_id: text.nullable().meta({ description: 'The x-request-id of the answer.' }),
  recorded_at: moment.meta({ description: 'When it was written down.' }),
  features: byName('The values, in the order of the feature service; an integer beyond 2^53 with all its digits.'),
  statuses: byName('By feature name.', text),
  event_timestamps: byName('By feature name: the moment that each describes.', moment.nullable()),
})
export type AnswerRow = z.output<typeof answer>

export const answersAnswer = pageOf('answers', answer)
export type AnswersAnswer = z.output<typeof answersAnswer>

/** Answers of one request that are told; a batch may have more. */
export const REQUEST_ANSWERS_MAX = 1_000

export const requestAnswer = z.object({
  request_id: text.meta({ description: 'As it was asked for.' }),
  answers: z.array(answer).meta({ description: `The first ${REQUEST_ANSWERS_MAX}, of all models, in their order.` }),
  more: z.boolean().meta({ description: 'Whether the request had more.' }),
})

export function requestAnswerOf<Answer>(requestId: string, answers: readonly Answer[], more: boolean) {
  return { request_id: requestId, answers, more }
}
