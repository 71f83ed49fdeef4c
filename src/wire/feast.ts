/** What Feast's clients send, by the shapes of its feature server, and the bodies of its refusals. */
import { z } from 'zod'
import { limitOf } from './limits.ts'
import { plainFaults, type SchemaFault } from './refused-request.ts'

const count = (name: 'onlineKeys' | 'pushRows') => `${limitOf(name).toLocaleString('en-US')} (limit ${name})`

/** Rows column by column, as JSON has them. */
const frame = z.record(z.string(), z.array(z.unknown()))
export type Frame = Readonly<Record<string, readonly unknown[]>>

const pushed = frame.meta({ description: `Rows, a list for each column; at most ${count('pushRows')}.` })

export const onlineRequest = z.object({
  entities: frame.meta({
    description: `A list for each join key and each column of request data, all of one length; at most ${count('onlineKeys')} entities.`,
  }),
  features: z.array(z.string()).nullish().meta({ description: 'As view:feature. Either these or a service.' }),
  feature_service: z.string().nullish().meta({ description: 'Name of a feature service.' }),
  full_feature_names: z.boolean().default(false).meta({ description: 'Answers view__feature instead of feature.' }),
})
export type OnlineRequest = z.output<typeof onlineRequest>

export const pushRequest = z.object({
  push_source_name: z.string().meta({ description: 'Name of a source.' }),
  df: pushed,
  to: z
    .enum(['online', 'offline', 'online_and_offline'])
    .default('online')
    .meta({ description: 'The online store, the lake (as a delivery of this moment), or both.' }),
})
export type PushRequest = z.output<typeof pushRequest>

export const writeRequest = z.object({
  feature_view_name: z.string().meta({ description: 'Name of a feature view.' }),
  df: pushed,
})
export type WriteRequest = z.output<typeof writeRequest>

export const materializeRequest = z.object({
  start_ts: z.string().nullish().meta({ description: 'From this moment on.' }),
  end_ts: z.string().nullish().meta({ description: 'Up to this moment.' }),
  feature_views: z.array(z.string()).nullish().meta({ description: 'Names of views; all where left out.' }),
})
export type MaterializeRequest = z.output<typeof materializeRequest>

export const materializeQuery = z.object({
  async: z.string().optional().meta({ description: '`true` answers 202 at once, and works in the background.' }),
})

export const onlineAnswer = z.object({
  metadata: z.object({ feature_names: z.array(z.string()).meta({ description: 'Join keys first, then features.' }) }),
  results: z
    .array(
      z.object({
        values: z.array(z.unknown()),
        statuses: z.array(z.enum(['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE'])),
        event_timestamps: z.array(z.string()),
      }),
    )
    .meta({ description: 'One for each name, with an entry for each entity.' }),
})
export type OnlineAnswerBody = z.output<typeof onlineAnswer>

export const doneAnswer = z.null()
export const acceptedAnswer = z.object({ status: z.literal('accepted'), feature_views: z.array(z.string()) })

const detail = z.array(
  z.object({
    loc: z.array(z.string()).meta({ description: 'Where: body, then the members.' }),
    msg: z.string().meta({ description: 'What is expected there.' }),
    type: z.string().meta({ description: 'A name for this kind of fault.' }),
  }),
)
export type FeastDetail = z.output<typeof detail>

/** A text, which for the errors that clients raise again is JSON with `module`, `class` and `message`; or the list of faults. */
export const feastRefusal = z.union([
  z.string().meta({ description: 'The message, or JSON with module, class and message.' }),
  z.object({ detail }).meta({ description: 'The body is of another shape.' }),
])

/** The faults of a body as FastAPI tells them. */
export function feastDetail(faults: readonly SchemaFault[], part: string): FeastDetail {
  return plainFaults(faults).map(({ keyword, instancePath, params, message = 'is wrong' }) => {
    const missing = keyword === 'required' ? [String(params.missingProperty)] : []
    const loc = [part, ...instancePath.split('/').slice(1).map(unescaped), ...missing]
    if (missing.length > 0) return { loc, msg: 'Field required', type: 'missing' }
    return { loc, msg: message, type: keyword === 'type' ? `${params.type}_type` : keyword }
  })
}

/** A name in a JSON pointer. */
function unescaped(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}
