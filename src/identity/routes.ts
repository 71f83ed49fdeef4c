import type {} from '@fastify/swagger'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { must } from '../base/assert.ts'
import { PlatformError } from '../base/errors.ts'
import { sessionCookie, sessionOf } from '../wire/cookie.ts'
import {
  newTokenAnswer,
  revokedAnswer,
  type SessionAnswer,
  type SessionRequest,
  sessionAnswer,
  sessionRequest,
  signedOutAnswer,
  type TokenRequest,
  type TokensAnswer,
  tokenJson,
  tokenParam,
  tokenRequest,
  tokensAnswer,
  tokenWish,
} from '../wire/identity.ts'
import { routeOptions } from '../wire/route.ts'
import type { Identity } from './identity.ts'
import { withActor } from './principal.ts'

/** `GET /tokens`, `POST /tokens`, `DELETE /tokens/{token}`; `POST /sessions`, `GET` and `DELETE /sessions/current`. */
export function identityRoutes(identity: Identity): FastifyPluginAsync {
  const { tokens, sessions, access } = identity
  return async (app) => {
    // What is answered here is for one caller, once.
    app.addHook('onSend', async (_request, reply) => void reply.header('cache-control', 'no-store'))

    const list = routeOptions({
      tag: 'identity',
      summary: 'Tokens, without themselves',
      answers: { 200: tokensAnswer },
    })
    app.get('/tokens', list, async (): Promise<TokensAnswer> => {
      return { tokens: (await tokens.list()).map(tokenJson), weir_token: identity.hasSetting, closed: access.closed() }
    })

    const create = routeOptions({
      ...{ tag: 'identity', summary: 'Make a token, which is shown this once', body: tokenRequest },
      description: 'The first one closes the server: from then on each caller needs a token.',
      ...{ answers: { 201: newTokenAnswer }, errors: [409] },
    })
    app.post<{ Body: TokenRequest }>('/tokens', create, async ({ body }, reply) => {
      const firstIsAdmin = !access.closed()
      const { token, made } = await tokens.create({ ...tokenWish(body), firstIsAdmin })
      return reply.code(201).send({ ...tokenJson(made), token })
    })

    const revoke = routeOptions({
      ...{ tag: 'identity', summary: 'Revoke a token at once, at every server', params: tokenParam },
      ...{ answers: { 200: revokedAnswer }, errors: [404, 409] },
    })
    app.delete<{ Params: { token: string } }>('/tokens/:token', revoke, async ({ params }) =>
      tokenJson(await tokens.revoke(params.token, { keepAdmin: !identity.hasSetting })),
    )

    const begin = routeOptions({
      ...{ tag: 'identity', summary: 'Sign in with a token: a session by cookie, for a browser', body: sessionRequest },
      ...{ answers: { 201: sessionAnswer } },
    })
    app.post<{ Body: SessionRequest }>('/sessions', begin, async (request, reply) => {
      if (!access.closed())
        throw new PlatformError('conflict', 'this server asks nobody for a token: there is nothing to sign in to')
      const held = access.ofToken(request.body.token)
      const principal = access.principalOf(held, request.ip)
      const { cookie, expiresAt, lastsMs } = await withActor(principal, () => sessions.begin(held))
      reply.header('set-cookie', sessionCookie(request, cookie, { secure: isOverTls(request), lastsMs }))
      const { name, kind } = principal
      const { role, model } = held
      return reply
        .code(201)
        .send({ name, kind, role, model, signed_in: 'cookie', expires_at: expiresAt } satisfies SessionAnswer)
    })

    const who = routeOptions({
      tag: 'identity',
      summary: 'Who calls, and what they may',
      answers: { 200: sessionAnswer },
    })
    app.get('/sessions/current', who, async (request): Promise<SessionAnswer> => {
      const { principal, role, model, by, token } = must(request.caller, 'nobody was asked')
      return {
        name: principal.name,
        kind: principal.kind,
        role,
        model,
        signed_in: by,
        expires_at: token?.expiresAt ?? null,
      }
    })

    const end = routeOptions({
      ...{
        tag: 'identity',
        summary: 'Sign out: the session of this cookie is over',
        answers: { 200: signedOutAnswer },
      },
    })
    app.delete('/sessions/current', end, async (request, reply) => {
      await endSession(identity, request)
      reply.header('set-cookie', sessionCookie(request, '', { secure: isOverTls(request), lastsMs: 0 }))
      return { signed_in: 'none' as const }
    })
  }
}

/** One that is over already stays so. */
async function endSession({ access, sessions }: Identity, request: FastifyRequest): Promise<void> {
  const cookie = sessionOf(request)
  if (cookie === undefined) return
  try {
    const { held, session } = await access.ofSession(cookie)
    await withActor(access.principalOf(held, request.ip), () => sessions.end(session))
  } catch (error) {
    if (!(error instanceof PlatformError && error.code === 'unauthenticated')) throw error
  }
}

/** As the page sees it: TLS ends at a proxy. */
function isOverTls({ headers }: FastifyRequest): boolean {
  return headers['x-forwarded-proto'] === 'https' || headers.origin?.startsWith('https://') === true
}
