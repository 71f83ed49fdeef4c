/** `GET /audit`, `/audit/live` and `/audit/verify`: who changed what. */
import { z } from 'zod'
import { pageOf, pageQuery } from './page.ts'

const moment = (description: string) => z.string().optional().meta({ description })

export const auditQuery = pageQuery({
  model: moment('Only what is about this registered model, also one that was deleted.'),
  actor: moment('Only what this principal did.'),
  action: moment('Only this action, such as model.stage; `model` is all that begins so.'),
  on: moment('Only what was done to the thing of this name: a version as model/3, an alias as model@champion.'),
  since: moment('From this moment on.'),
  until: moment('Up to this moment.'),
})
export type AuditQuery = z.output<typeof auditQuery>

const value = z.record(z.string(), z.unknown()).nullable()

const entry = z.object({
  seq: z.int().meta({ description: 'Its number: 1, 2, 3 … without a gap.' }),
  at: z.string().meta({ description: 'When it was committed.' }),
  actor: z.string().meta({ description: 'Who did it: the user of the system, or the name of the token.' }),
  actor_kind: z.enum(['local', 'token', 'flow', 'history']).meta({
    description: 'history: taken over from what the registry kept before there was a trail.',
  }),
  token: z.string().nullable().meta({ description: 'The id of the token.' }),
  origin: z.string().nullable().meta({ description: 'From where.' }),
  action: z.string(),
  says: z.string().meta({ description: 'What the action means.' }),
  on: z.object({ kind: z.string(), name: z.string() }),
  model: z.string().nullable(),
  from: value.meta({ description: 'What was there before.' }),
  to: value.meta({ description: 'What is there since.' }),
  why: z.string().nullable(),
  why_erased: z.boolean().meta({ description: 'The reason named a person whose data was taken out.' }),
  hash: z.string().meta({ description: 'Of this row and the one before it.' }),
})
export const auditAnswer = pageOf('entries', entry)
export type AuditAnswer = z.output<typeof auditAnswer>
export type AuditEntry = z.output<typeof entry>

export const liveQuery = z.strictObject({
  at: z.string().meta({ description: 'The moment; a date alone is its end.' }),
  model: moment('Only this model, by the name that it had then.'),
})
export type LiveQuery = z.output<typeof liveQuery>

const standing = z.object({
  model: z.string(),
  kind: z.enum(['stage', 'alias']),
  place: z.string().meta({ description: 'The stage or the alias.' }),
  version: z.int(),
  since: z.string(),
  by: z.string().meta({ description: 'Who put it there.' }),
  why: z.string().nullable(),
  seq: z.int().meta({ description: 'The row of the trail that says so.' }),
  deleted_at: z.string().nullable().meta({ description: 'When the model was deleted, where that came later.' }),
  renamed_to: z.string().nullable(),
})

export const liveAnswer = z.object({
  at: z.string(),
  trail_begins: z
    .string()
    .nullable()
    .meta({ description: 'What is said of the time before was taken over, unguarded.' }),
  standing: z.array(standing),
})
export type LiveAnswer = z.output<typeof liveAnswer>

export const verifyQuery = z.strictObject({
  head: z.string().optional().meta({ description: 'A point that somebody noted, as NUMBER:HASH.' }),
})
export type VerifyQuery = z.output<typeof verifyQuery>

export const verifyAnswer = z.object({
  whole: z.boolean(),
  rows: z.int(),
  head: z
    .object({ seq: z.int(), hash: z.string() })
    .meta({ description: 'Where it ends: note it, and ask with it later.' }),
  noted: z.int().meta({ description: 'Points that were noted in the object store and compared.' }),
  reasons_erased: z.int(),
  faults: z.array(z.object({ seq: z.int().nullable(), what: z.string() })),
})
export type VerifyAnswer = z.output<typeof verifyAnswer>
