/** Tokens and sessions over HTTP: what is asked, and what is answered. */
import { z } from 'zod'
import type { Instant } from '../base/instant.ts'

const text = z.string()
const moment = z.string().meta({ format: 'date-time' })

export const TOKEN_ROLES = ['viewer', 'editor', 'promoter', 'admin'] as const
const role = z.enum(TOKEN_ROLES).meta({ description: 'What it may; each role may all that the ones before it may.' })
const model = text.nullable().meta({ description: 'The one model that it is for; null for everything.' })
const expires = moment.nullable().meta({ description: 'Null: it is good until it is revoked.' })

const token = z.object({
  id: text,
  name: text,
  role,
  model,
  state: z.enum(['usable', 'expired', 'revoked']),
  created_at: moment,
  created_by: text,
  expires_at: expires,
  revoked_at: moment.nullable(),
  revoked_by: text.nullable(),
  last_used_at: moment.nullable().meta({ description: 'Written every half minute.' }),
  last_used_from: text.nullable().meta({ description: 'The address of the caller.' }),
})
export type TokenAnswer = z.output<typeof token>

type TokenLike = {
  id: string
  name: string
  role: (typeof TOKEN_ROLES)[number]
  model: string | null
  state: 'usable' | 'expired' | 'revoked'
  createdAt: Instant
  createdBy: string
  expiresAt: Instant | null
  revokedAt: Instant | null
  revokedBy: string | null
  lastUsedAt: Instant | null
  lastUsedFrom: string | null
}

export function tokenJson({ id, name, role, model, state, ...row }: TokenLike): TokenAnswer {
  return {
    ...{ id, name, role, model, state },
    created_at: row.createdAt,
    created_by: row.createdBy,
    expires_at: row.expiresAt,
    revoked_at: row.revokedAt,
    revoked_by: row.revokedBy,
    last_used_at: row.lastUsedAt,
    last_used_from: row.lastUsedFrom,
  }
}

export const tokensAnswer = z.object({
  tokens: z.array(token).meta({ description: 'What is not revoked first, the newest first.' }),
  weir_token: z.boolean().meta({ description: 'Whether this server has WEIR_TOKEN too, which is an admin.' }),
  closed: z.boolean().meta({ description: 'Whether callers need a token.' }),
})
export type TokensAnswer = z.output<typeof tokensAnswer>

export const tokenRequest = z.strictObject({
  name: text.meta({ description: 'Whose it is: the name that the trail shows.' }),
  role,
  model: model.optional(),
  expires_in_days: z
    .number()
    .positive()
    .max(36_500)
    .nullable()
    .optional()
    .meta({ description: 'How long it is good, by the clock of the database; null or left out: until it is revoked.' }),
})
export type TokenRequest = z.output<typeof tokenRequest>

const DAY_MS = 86_400_000

export function tokenWish({ expires_in_days: days = null, ...wish }: TokenRequest) {
  return { ...wish, lastsMs: days === null ? null : days * DAY_MS }
}

export const newTokenAnswer = token.extend({
  token: text.meta({ description: 'The token itself, which is shown this once.' }),
})
export type NewTokenAnswer = z.output<typeof newTokenAnswer>

export const revokedAnswer = token

export const tokenParam = z.object({ token: text.meta({ description: 'The id of a token.' }) })

export const sessionRequest = z.strictObject({ token: text.meta({ description: 'A token, or WEIR_TOKEN.' }) })
export type SessionRequest = z.output<typeof sessionRequest>

export const sessionAnswer = z.object({
  name: text.meta({ description: 'The name of the token, or of the user of this machine.' }),
  kind: z.enum(['local', 'token', 'flow']),
  role,
  model,
  signed_in: z
    .enum(['none', 'token', 'cookie'])
    .meta({ description: 'How this caller says who it is; none where nobody needs to.' }),
  expires_at: expires,
})
export type SessionAnswer = z.output<typeof sessionAnswer>

export const signedOutAnswer = z.object({ signed_in: z.literal('none') })
