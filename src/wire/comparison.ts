/** `GET /runs/compare`: what differs between a few runs. */
import { z } from 'zod'
import { limitOf } from './limits.ts'

export const comparisonQuery = z.strictObject({
  run: z.union([z.string(), z.array(z.string())]).meta({
    description: `The id of a run, once for each; at most ${limitOf('historyRuns')} (limit historyRuns).`,
  }),
  all: z.enum(['true', 'false']).optional().meta({ description: 'true gives also what is the same in all runs.' }),
})
export type ComparisonQuery = z.output<typeof comparisonQuery>

const moment = z.string().meta({ format: 'date-time' })
const dated = moment.nullable().meta({ description: 'Null where a client gave a time that has no date.' })
const rows = z
  .array(
    z.object({
      key: z.string(),
      same: z.boolean(),
      values: z.array(z.union([z.string(), z.number(), z.null()])).meta({
        description: 'In the order of the runs; null where a run has none. NaN and the infinities are texts.',
      }),
    }),
  )
  .meta({ description: 'By name, the first 1,000 (limit listItems).' })

export const comparisonAnswer = z.object({
  runs: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        experiment: z.string(),
        status: z.string(),
        user: z.string(),
        started_at: dated,
        ended_at: moment.nullable(),
      }),
    )
    .meta({ description: 'In the order asked for, without those that are not there.' }),
  params: rows,
  metrics: rows.meta({ description: 'The latest values.' }),
  tags: rows.meta({
    description: 'Without those that begin with mlflow. but mlflow.note.content; the first 500 characters of each.',
  }),
  same: z.object({ params: z.number().int(), metrics: z.number().int(), tags: z.number().int() }).meta({
    description: 'How many have the same value in all runs.',
  }),
})
export type ComparisonAnswer = z.output<typeof comparisonAnswer>
export type ComparedRow = ComparisonAnswer['params'][number]
