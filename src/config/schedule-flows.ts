/** The flows that a schedule can name, each with the shape of what it is given there. `pipelines/schedulable.ts` begins them. */
import { z } from 'zod'
import { readInstant } from '../base/instant.ts'
import { said } from './said.ts'

const moment = z.string().refine((text) => readInstant(text) !== undefined, {
  error: 'write a date like 2026-01-31, a date and time, or a term like {period} or {month}',
})
const model = said(z.string(), 'The model.', 'churn')

export const SCHEDULABLE = {
  ingest_month: {
    does: 'takes in the files of a folder as the state of a moment',
    input: z.strictObject({
      dir: said(z.string().min(1).optional(), 'The folder, seen from the project.', 'deliveries/{yearmonth}'),
      asOf: said(moment, 'The moment.', '{month}'),
      sources: said(z.array(z.string()).min(1).optional(), 'Some sources; all where left out.', ['users']),
    }),
  },
  materialize: {
    does: 'brings features online',
    input: z.strictObject({
      views: said(z.array(z.string()).min(1).optional(), 'Some views; all where left out.', ['profile']),
      asOf: said(moment.optional(), 'The values as of then; the newest where left out.', '{period}'),
      full: said(z.boolean().optional(), 'Writes them all anew.', true),
    }),
  },
  train_baseline: {
    does: 'trains a model and registers a version',
    input: z.strictObject({
      model,
      asOf: said(moment, 'As of then: only labels that are mature by it are learned from.', '{month}'),
      from: said(moment.optional(), 'The first period of a range; the newest alone where left out.', '{month-12}'),
      reuse: said(z.boolean().optional(), 'A version that was trained from the same is taken again.', true),
    }),
  },
  monitor_month: {
    does: 'looks at a month: drift, what came true, how good the answers were; its verdict may trigger others',
    input: z.strictObject({
      model,
      from: said(moment.optional(), 'The reference month; the one before, where left out.', '{month-1}'),
      to: said(moment.optional(), 'The month; the newest, where left out.', '{period}'),
    }),
  },
  measure_quality: {
    does: 'measures how good the answers were, with the labels that there are now',
    input: z.strictObject({
      model,
      at: said(moment.optional(), 'The month; the newest twelve, where left out.', '{period}'),
    }),
  },
  train_and_compare: {
    does: 'trains a candidate and promotes it where it is better than the champion',
    input: z.strictObject({
      model,
      asOf: said(moment, 'As of then: only labels that are mature by it are learned from.', '{period}'),
      from: said(moment.optional(), 'The first period of a range; the newest alone where left out.', '{month-12}'),
    }),
  },
} as const satisfies Record<string, { does: string; input: z.ZodObject }>

export type SchedulableName = keyof typeof SCHEDULABLE

export type ScheduledInput<Name extends SchedulableName> = z.output<(typeof SCHEDULABLE)[Name]['input']>

/** Members of an input that name a part of the project. */
export const NAMES_OF = {
  model: { what: 'model', list: 'models' },
  views: { what: 'feature view', list: 'featureViews' },
  sources: { what: 'source', list: 'sources' },
} as const
