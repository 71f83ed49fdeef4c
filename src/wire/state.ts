/** `GET /health`, `/ready` and `/ready/{model}`: what they answer. */
import { z } from 'zod'
import { versionMembers } from './predict.ts'

export const healthAnswer = z.object({
  status: z.literal('ok').meta({ description: 'The process answers.' }),
})

const answering = z.object({
  ...versionMembers,
  problem: z.string().nullable().meta({ description: 'Why a newer version in Production does not answer.' }),
})

const online = z.object({
  view: z.string().meta({ description: 'Name of the feature view.' }),
  valid_at: z.string().meta({ description: 'The moment its values describe.' }),
  rows: z.int().meta({ description: 'Entities that have values.' }),
})

export const readyAnswer = z.object({
  status: z.literal('ready').meta({ description: 'Predictions can be answered.' }),
  models: z.array(answering).meta({ description: 'What answers for each model of the project.' }),
  feature_views: z.array(online).meta({ description: 'What is online.' }),
  warnings: z
    .array(z.string())
    .meta({ description: 'What does not answer or is not fresh, of models that nobody has promoted yet.' }),
})
export type ReadyAnswer = z.output<typeof readyAnswer>

export const modelParam = z.object({ model: z.string().meta({ description: 'Name of a model of the project.' }) })
