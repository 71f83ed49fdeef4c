/** `GET /series`: the curves of many runs at once, thinned for a page. */
import { z } from 'zod'
import { jsonNumber } from './json-number.ts'
import { limitOf } from './limits.ts'

const most = (name: Parameters<typeof limitOf>[0]) => `at most ${limitOf(name).toLocaleString('en-US')} (limit ${name})`
/** Given once or several times. */
const several = z.union([z.string(), z.array(z.string())])

export const seriesQuery = z.strictObject({
  run: several.meta({ description: `The id of a run, once for each; ${most('historyRuns')}.` }),
  key: several.meta({ description: `The name of a metric, once for each; ${most('seriesKeys')}.` }),
  x: z.enum(['step', 'time']).optional().meta({ description: 'What x is; step where left out.' }),
  points: z
    .string()
    .regex(/^\d{1,6}$/)
    .optional()
    .meta({
      description: `So many points of a curve at most, from 10 on; ${most('historySteps')}, and of all curves together ${most('seriesPoints')}. 500 where left out, or what all together leaves.`,
    }),
})
export type SeriesQuery = z.output<typeof seriesQuery>

export const curve = z.object({
  run: z.string(),
  key: z.string(),
  points: z.number().int().meta({ description: 'How many there are, before the curve was thinned.' }),
  thinned: z.boolean().meta({ description: 'Whether points were left out.' }),
  x: z.array(z.number()).meta({
    description:
      'In their order: steps, exact to the last digit, or milliseconds since 1970. x and values are two columns of one table.',
  }),
  values: z.array(jsonNumber).meta({ description: 'What is no number is one of three texts.' }),
})
export type CurveAnswer = z.output<typeof curve>

export const seriesAnswer = z.object({
  x: z.enum(['step', 'time']),
  most: z.number().int().meta({ description: 'How many points a curve was thinned to, at most.' }),
  series: z
    .array(curve)
    .meta({ description: 'By run, then by metric, as they were asked for; without those that are not there.' }),
})
export type SeriesAnswer = z.output<typeof seriesAnswer>
