/** `/models/{model}/timeline`: drift, estimate, truth, versions and decisions of a model on one axis of time. */
import { z } from 'zod'

const instant = (description: string) => z.string().meta({ description, format: 'date-time' })
const number = (description: string) => z.number().nullable().meta({ description })

export const timelineParams = z.object({ model: z.string().meta({ description: 'A model of the project.' }) })
export type TimelineParams = z.output<typeof timelineParams>

export const timelineQuery = z.object({
  known_at: z.string().optional().meta({ description: 'As it was known then; now, where left out.' }),
})
export type TimelineQuery = z.output<typeof timelineQuery>

const ends = {
  value: number('The figure; null where there was nothing to measure.'),
  low: number('The lower end of its interval.'),
  high: number('The upper end.'),
  recorded_at: instant('When it was measured.'),
}

export const timelineAnswer = z.object({
  model: z.string().meta({ description: 'Its name.' }),
  points: z
    .array(
      z.object({
        metric: z.string().meta({ description: 'Such as quality.auc, estimate.auc, drift.share.' }),
        estimate: z.boolean().meta({ description: 'Whether it was estimated before labels came, and not measured.' }),
        version: z.number().int().nullable().meta({ description: 'The version that answered.' }),
        arm: z.string().nullable().meta({ description: 'As what it answered; null where it was asked afterwards.' }),
        at: instant('The moment, or the beginning of the period, that it speaks of.'),
        ...ends,
        source: z
          .string()
          .nullable()
          .meta({ description: 'answers: what was answered. scored: what the version would have said.' }),
        labelled: z.number().int().nullable().meta({ description: 'Rows with a label.' }),
        says: z.string().nullable().meta({ description: 'In words, where there are some.' }),
        first: z
          .object(ends)
          .nullable()
          .meta({ description: 'As it was known first, where it was measured again since.' }),
      }),
    )
    .meta({ description: 'The oldest first; of each the newest figure.' }),
  versions: z
    .array(
      z.object({
        version: z.number().int(),
        from: z.string().nullable(),
        to: z.string().nullable(),
        actor: z.string(),
        at: instant('When.'),
      }),
    )
    .meta({ description: 'Versions that came to Production or left it, the oldest first.' }),
  decisions: z
    .array(
      z.object({
        kind: z.string().meta({ description: 'monitor, compare, canary, retrain or alert.' }),
        verdict: z.string(),
        says: z.string(),
        at: instant('What it speaks of.'),
        recorded_at: instant('When it was made.'),
        flow_run: z.string().nullable(),
      }),
    )
    .meta({ description: 'The newest first.' }),
})
export type TimelineAnswer = z.output<typeof timelineAnswer>
