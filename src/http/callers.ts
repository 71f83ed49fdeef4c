import type { FastifyInstance, FastifyRequest } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import { remembered } from '../base/remembered.ts'
import type { Access } from '../identity/access.ts'
import type { Caller, Held } from '../identity/caller.ts'
import { can, findNeeds, NEEDS_ADMIN, type Needs } from '../identity/can.ts'
import { localUser, type Principal, withActor } from '../identity/principal.ts'
import { notAllowed, tokenNeeded } from '../identity/refusals.ts'
import { sessionOf } from '../wire/cookie.ts'
import { configOf } from '../wire/route-config.ts'
import { SAFE } from './guard.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route needs, from the table of rights. */
    needs?: Needs
    /** An answer that goes on for long: it ends with the token or the session that it was asked for with. */
    endsWithToken?: boolean
  }
}

/** What is not there tells nothing; a path that cannot be read neither. */
const NOTHING_THERE: Needs = { role: 'viewer', model: 'any' }

/**
 * Asks of each request who sent it and whether they may, before any route runs; what it does then is done in that name.
 * The model that MLflow's protocol names in a body is compared when the body has been read.
 */
export function askCallers(app: FastifyInstance, access: Access, isClosed: () => boolean): void {
  app.decorateRequest('caller', null)
  app.addHook('onRoute', (route) => {
    const [method = 'GET'] = [route.method].flat()
    route.config = { ...route.config, needs: findNeeds(method, route.url) ?? NEEDS_ADMIN }
  })
  app.addHook('onRequest', (request, reply, done) => {
    const needs = needsOf(request)
    if (needs.role === null) return withActor(NOBODY, done)
    const enter = (caller: Caller) => {
      request.caller = caller
      const refusal = refusalBefore(request, caller, needs, access)
      if (refusal !== undefined) return done(refusal)
      if (configOf(request).endsWithToken) {
        reply.raw.once(
          'close',
          access.whileGood(caller, () => reply.raw.destroy()),
        )
      }
      withActor(caller.principal, done)
    }
    let found: Caller | Promise<Caller>
    try {
      found = callerOf(request, access, isClosed)
    } catch (refusal) {
      return done(refusal as Error)
    }
    if (found instanceof Promise) found.then(enter, done)
    else enter(found)
  })
  app.addHook('preHandler', (request, _reply, done) => {
    const { caller } = request
    const needs = needsOf(request)
    if (caller === null || caller.model === null || needs.model !== 'name') return done()
    done(can(caller, needs, namedModel(request)) ? undefined : notAllowed(caller, needs))
  })
}

/** Does nothing that has a name in the trail. */
const NOBODY: Principal = { name: 'nobody', kind: 'token', token: null, from: null }

/** Throws where nobody is known to send this. */
export function callerOf(request: FastifyRequest, access: Access, isClosed: () => boolean): Caller | Promise<Caller> {
  const { authorization } = request.headers
  const token = tokenOf(authorization ?? '')
  if (token !== undefined && isClosed()) return known(request, access, access.ofToken(token), null)
  const cookie = authorization === undefined ? sessionOf(request) : undefined
  if (cookie !== undefined && isClosed()) {
    requireOwnPage(request)
    return access.ofSession(cookie).then(({ held, session }) => known(request, access, held, session))
  }
  if (isClosed()) throw tokenNeeded()
  return { principal: localUser(request.ip), role: 'admin', model: null, by: 'none', token: null, session: null }
}

function known(request: FastifyRequest, access: Access, held: Held, session: string | null): Caller {
  const { ip } = request
  access.used(held, ip)
  const by = session === null ? 'token' : 'cookie'
  return { principal: access.principalOf(held, ip), role: held.role, model: held.model, by, token: held, session }
}

/** A browser sends its cookie whoever asks it to: a write must come from a page of ours, and say so. */
function requireOwnPage({ method, headers }: FastifyRequest): void {
  // A foreign Origin has been refused before (guard.ts).
  if (SAFE.has(method) || headers.origin !== undefined || headers['sec-fetch-site'] === 'same-origin') return
  throw new PlatformError(
    'forbidden',
    'a change that is sent with a cookie must name its page by Origin; a script sends the token: Authorization: Bearer TOKEN',
  )
}

function needsOf(request: FastifyRequest): Needs {
  const { url, needs } = configOf(request)
  return url === undefined ? NOTHING_THERE : (needs ?? NEEDS_ADMIN)
}

/** All that can be said before the body has come: else somebody who may not could send it first. */
function refusalBefore(request: FastifyRequest, caller: Caller, needs: Needs, access: Access) {
  if (caller.model === null || needs.model !== 'name') {
    return can(caller, needs, modelOf(request, needs, access)) ? undefined : notAllowed(caller, needs)
  }
  return can({ role: caller.role, model: null }, needs, null) ? undefined : notAllowed(caller, needs)
}

function modelOf(request: FastifyRequest, { model }: Needs, access: Access): string | null {
  if (model === 'default') return access.defaultModel
  if (model !== 'path') return null
  const { name, model: named } = (request.params ?? {}) as { name?: string; model?: string }
  return named ?? name ?? ownPath(configOf(request).url ?? '')
}

/** Of a route that is one model's own: `/models/churn/predict`, `/v2/models/churn/infer`. */
const ownPath = remembered((path): string | null => {
  const part = /^\/(?:v2\/)?models\/([^/:]+)/.exec(path)?.[1]
  return part === undefined ? null : decodeURIComponent(part)
})

/** By the field `name` of MLflow's protocol. */
function namedModel({ method, query, body }: FastifyRequest): string | null {
  const { name } = ((SAFE.has(method) ? query : body) ?? {}) as { name?: unknown }
  return typeof name === 'string' ? name : null
}

function tokenOf(authorization: string): string | undefined {
  const [scheme = '', value = ''] = authorization.split(' ')
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return undefined
  const text = Buffer.from(value, 'base64').toString('utf8')
  return text.slice(text.indexOf(':') + 1)
}
