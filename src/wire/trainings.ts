/** `/trainings`: what can be trained, a training that is asked for, and how it stands. */
import { z } from 'zod'
import { limitOf } from './limits.ts'

const moment = z.string().meta({ format: 'date-time' })
const given = z.string().max(40)

export const trainingBody = z.strictObject({
  model: z.string().max(limitOf('modelName')).meta({ description: 'A model of the project.' }),
  as_of: given.meta({ description: 'Labels that are known on this date.' }),
  from: given
    .optional()
    .meta({ description: 'All mature periods from this date on; the newest alone where left out.' }),
  known_at: given.optional().meta({ description: 'As the snapshots were known at this time; now where left out.' }),
  mode: z.enum(['restated', 'served']).optional().meta({ description: 'As weir train --mode has it.' }),
  reuse: z
    .boolean()
    .optional()
    .meta({ description: 'Makes no new version where one was trained from the same by the same code.' }),
})
export type TrainingBody = z.output<typeof trainingBody>

export const trainingStarted = z.object({
  id: z.string().meta({ description: 'The run of the flow; that of the same wish, where one is not over yet.' }),
  worker: z
    .boolean()
    .meta({ description: 'Whether a worker lives. Without one the training waits until weir up or weir worker runs.' }),
})
export type TrainingStarted = z.output<typeof trainingStarted>

const summary = z.object({
  id: z.string(),
  state: z.string(),
  submitted_at: moment,
  started_at: moment.nullable(),
  finished_at: moment.nullable(),
  error: z.object({ code: z.string().nullable(), message: z.string() }).nullable(),
})

export const trainingsAnswer = z.object({
  worker: z.boolean(),
  models: z.array(
    z.object({
      name: z.string(),
      learner: z.string(),
      label: z.string(),
      source: z.string().meta({ description: 'Where the label comes from.' }),
      moments: z.array(z.string()).meta({ description: 'The newest 60 dates of that source, newest first.' }),
    }),
  ),
  recent: z.array(summary).meta({ description: 'The newest 20 trainings.' }),
})
export type TrainingsAnswer = z.output<typeof trainingsAnswer>

export const trainingParams = z.object({ id: z.string() })
export type TrainingParams = z.output<typeof trainingParams>

export const trainingAnswer = summary.extend({
  worker: z.boolean(),
  model: z.string(),
  as_of: z.string(),
  steps: z.array(z.object({ name: z.string(), state: z.enum(['succeeded', 'failed']), ms: z.number() })),
  result: z
    .object({
      model: z.string(),
      version: z.number().int(),
      run: z.string(),
      experiment: z.string().nullable(),
      reused: z.boolean(),
      rows: z.number().int(),
      features: z.number().int(),
      metrics: z.record(z.string(), z.union([z.number(), z.null()])),
    })
    .nullable(),
})
export type TrainingAnswer = z.output<typeof trainingAnswer>
