/** Why a prediction is what it is: what each feature adds, for whoever asks with `?explain=true`. */
import { z } from 'zod'
import { type Field, members } from './values.ts'

/** Features that are named among the reasons in words. */
export const REASONS_MAX = 5

export const explainQuery = z.strictObject({
  explain: z.enum(['true', 'false']).optional().meta({ description: 'true adds the member explanation.' }),
})
export type ExplainQuery = z.output<typeof explainQuery>

const UNITS = ['probability', 'log_odds', 'score', 'value'] as const

/** What the features of one prediction add to it. */
export type Explanation = {
  /** The label whose probability or score is explained; null where a number is predicted. */
  of: string | number | boolean | null
  unit: (typeof UNITS)[number]
  base: number
  /** In the order of the features. */
  contributions: readonly number[]
  /** In words, the strongest first. */
  reasons: readonly string[]
}

const explanationMembers = {
  of: z.union([z.string(), z.number(), z.boolean()]).nullable().meta({
    description:
      'The label that is explained: the positive one of two, the predicted one of several; null for a number.',
  }),
  unit: z.enum(UNITS).meta({
    description:
      'What base and contributions sum to, before a calibration: the probability, its log-odds, a score or the value.',
  }),
  base: z.number().meta({ description: 'What the model says of a row of which nothing is known.' }),
}

export const explanationOf = (features: readonly Field[]) =>
  z
    .object({
      ...explanationMembers,
      contributions: z
        .object(members(features, ({ name }) => z.number().meta({ description: `What ${name} adds.` })))
        .meta({ description: 'By feature, in the order of the feature service.' }),
      reasons: z.array(z.string()).meta({
        description: `The same in words: where the model begins, the ${REASONS_MAX} features that move it most, and the others together.`,
      }),
    })
    .meta({ description: 'What each feature adds to the base: exact Shapley values. Only with ?explain=true.' })

export function explanationJson(
  { of, unit, base, contributions, reasons }: Explanation,
  names: readonly string[],
): string {
  const added = Object.fromEntries(names.map((name, i) => [name, contributions[i]]))
  return JSON.stringify({ of, unit, base, contributions: added, reasons })
}
