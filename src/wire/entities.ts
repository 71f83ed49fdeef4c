/** Keys and history of entities over HTTP. */
import { z } from 'zod'
import { VALUE_TYPES } from '../values/values.ts'
import { pageQuery } from './page.ts'
import type { TimeCell } from './time.ts'

const text = z.string()
const instant = text.meta({ format: 'date-time' })

export const entityParam = z.object({ entity: text.meta({ description: 'Name of an entity of the project.' }) })

/** Keys that a picker shows at once. */
export const KEYS_MAX = 100

export const keysQuery = z.strictObject({
  prefix: text
    .max(1_000)
    .optional()
    .meta({ description: 'How the key begins; with several join keys, the first of them. All where left out.' }),
  limit: text.optional().meta({ description: `How many, 20 where left out; at most ${KEYS_MAX}.` }),
})
export type KeysQuery = z.output<typeof keysQuery>

export const keysAnswer = z.object({
  entity: text,
  keys: z.array(
    z.object({
      text: text.meta({ description: 'As paths and commands name it.' }),
      parts: z.record(text, text).meta({ description: 'Each join key as text.' }),
    }),
  ),
  more: z.boolean().meta({ description: 'Whether there are others that begin so.' }),
})
export type KeysAnswer = z.output<typeof keysAnswer>

export const historyQuery = pageQuery({
  key: text.meta({ description: 'The key. With several join keys a JSON object, percent-encoded.' }),
})
export type HistoryQuery = z.output<typeof historyQuery>

const cell = z.union([text, z.number(), z.boolean()]).nullable()

const fact = z.object({
  view: text,
  valid_at: instant.meta({ description: 'The moment that it describes.' }),
  recorded_at: instant,
  available_at: instant.nullable().meta({ description: 'When it could first be known; null where nobody knows.' }),
  withdrawn_at: instant.nullable().meta({ description: 'From when on it counts no more.' }),
  snapshot: text,
  deleted: z.boolean().meta({ description: 'Whether it says that the key is gone.' }),
  values: z.array(cell).meta({ description: 'In the order of the features of the view.' }),
})
export type EntityFact = Omit<z.output<typeof fact>, 'values'> & { values: TimeCell[] }

export const historyAnswer = z.object({
  entity: text,
  key: text,
  views: z.array(
    z.object({ view: text, source: text, features: z.array(z.object({ name: text, type: z.enum(VALUE_TYPES) })) }),
  ),
  facts: z.array(fact).meta({ description: 'Newest recorded first; limit counts snapshots that are looked into.' }),
  cut: z.boolean().meta({ description: 'Whether a view had more rows of the key than a page names.' }),
  next_page_token: text.nullable().meta({ description: 'Null on the last page.' }),
})
export type HistoryAnswer = z.output<typeof historyAnswer>
