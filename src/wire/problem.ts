/** The body of an error (RFC 9457 problem details), with the members that say what was missing. */
import { z } from 'zod'
import { limitOf } from './limits.ts'

/** Of a query that takes nothing: what is not understood is refused, not dropped. */
export const NO_MEMBERS = z.strictObject({})

const names = (description: string) => z.array(z.string()).meta({ description })

/** What is said of a refusal, whether it is the whole answer or one key of a batch. */
export const refusalMembers = {
  error: z.string().meta({
    description: 'The code of the error, for programs; docs/reference/errors.md has the table.',
    examples: ['not_found'],
  }),
  detail: z.string().meta({
    description: `What was wrong, where, and what to do; at most ${limitOf('message').toLocaleString('en-US')} characters (limit message).`,
  }),
  missing_features: names('Features that have no value.').optional(),
  stale_features: names('Features older than the ttl of their view.').optional(),
  missing_views: names('Feature views never materialized.').optional(),
}

export const problem = z.looseObject({
  type: z.string().meta({ description: 'A name for this kind of error.', examples: ['urn:weir:error:not_found'] }),
  title: z.string().meta({ description: 'The status in words.', examples: ['Not found'] }),
  status: z.int().meta({ description: 'The HTTP status.', examples: [404] }),
  ...refusalMembers,
  request_id: z.string().meta({ description: 'The id of the request, as the header x-request-id has it.' }).optional(),
  reasons: names('Why the server is not ready.').optional(),
  warnings: names('What is wrong beside that, and would not keep the server from being ready.').optional(),
})

export type Problem = z.output<typeof problem>
