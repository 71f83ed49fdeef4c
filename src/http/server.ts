/**
 * http: the server. It knows no room: routes come in as Fastify plugins. Owns no tables. Doors: console.ts.
 *
 * Invariants:
 * - An error is never a 200 and a caller's mistake never a 5xx.
 * - Nothing listens beyond loopback, or answers to a public name, without a token.
 * - A foreign Host, Origin or page is refused before any route runs, and the token is asked before anything else is said.
 * - No body reaches a room that is too deep, has too many values, or text that cannot be stored.
 * - No caller holds the stop up for longer than `stopMs`; no request that was sent before it, or on a connection that was open,
 *   is dropped by it.
 */
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { requestIdOf } from '../base/request-id.ts'
import { type Access, oneToken } from '../identity/access.ts'
import { limitOf } from '../wire/limits.ts'
import { refusedRequest } from '../wire/refused-request.ts'
import { checkBodies } from './bodies.ts'
import { askCallers, callerOf } from './callers.ts'
import { watchConnections } from './connections.ts'
import { addDocuments, type Route } from './documents.ts'
import { problem, problemOf } from './errors.ts'
import { createGuard, isLoopback } from './guard.ts'
import { nameRequests, REQUEST_ID } from './request-ids.ts'
import { logRequests } from './request-log.ts'
import { compilersWhenAsked } from './validators.ts'

export type ServerOptions = {
  routes: readonly FastifyPluginAsync[]
  host: string
  port: number
  /** Who may call. Where it is left out, whoever has this one token; without one, whoever reaches the port. */
  access?: Access
  token?: string | null
  log: Log
  version: string
  /** Further names by which callers reach this server, behind a proxy for instance: `name`, or `https://name:8443`. */
  publicHosts?: readonly string[]
  /** How long a connection may be silent: before its first headers are whole, and between two requests. */
  silence?: { headersMs: number; idleMs: number }
  /** How long a stop waits for requests that are under way. */
  stopMs?: number
}

export type Server = {
  app: FastifyInstance
  /** All that it answers to, as it was registered: `{ method: 'GET', path: '/ready/:model', … }`. */
  routes: readonly Route[]
  /** Listens and gives the address, `http://127.0.0.1:8000`. */
  listen(): Promise<string>
  /** Takes no more connections, gives what is under way `stopMs` to finish, closes. */
  close(): Promise<void>
}

export type { Route }

const STOP_MS = 10_000

/** How often Node looks for connections that sent no headers in time. */
const CONNECTIONS_LOOK_MS = 1_000

/** All is well again within two seconds of the return of what was missing. */
const RETRY_AFTER_S = 1

export async function createServer(options: ServerOptions): Promise<Server> {
  const { host, port, log, publicHosts = [], stopMs = STOP_MS } = options
  const { access = oneToken(options.token ?? null) } = options
  if (!access.closed() && !isLoopback(host)) throw tokenNeeded(`to listen on ${host}`)
  if (!access.closed() && publicHosts.length > 0) throw tokenNeeded(`to answer to ${publicHosts.join(', ')}`)
  // Whatever becomes of the tokens: what others reach never opens.
  const staysClosed = !isLoopback(host) || publicHosts.length > 0
  const isClosed = () => staysClosed || access.closed()
  const { silence = { headersMs: limitOf('headersMs'), idleMs: limitOf('idleMs') } } = options
  const guard = createGuard({ host, isClosed, publicHosts })
  const app: FastifyInstance = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    genReqId: ({ headers }) => requestIdOf(headers[REQUEST_ID]),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: limitOf('bodyBytes'),
    keepAliveTimeout: silence.idleMs,
    http: { headersTimeout: silence.headersMs, connectionsCheckingInterval: CONNECTIONS_LOOK_MS },
    // A path that cannot be read, or is too long, is nobody's business without the token either.
    frameworkErrors: (error, request, reply) => {
      const ask = async () => {
        guard(request)
        await callerOf(request, access, isClosed)
      }
      ask().then(
        () => sendProblem(error, request, reply),
        (refusal: unknown) => sendProblem(refusal, request, reply),
      )
    },
    // A caller's 5 is not "5": what is of another type is refused, and nothing is dropped in silence.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true } },
    // Shapes of answers describe and never cut: what a shape forgets is answered all the same, and a test finds it.
    schemaController: { compilersFactory: compilersWhenAsked },
    schemaErrorFormatter: refusedRequest,
    // What comes on an open connection during a stop is answered (connections.ts).
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: limitOf('pathPart') },
  })
  const connections = watchConnections(app)
  const routes: Route[] = []
  app.addHook('onRoute', ({ method, url, schema = {} }) => {
    for (const one of [method].flat()) routes.push({ method: one, path: url, schema })
  })
  nameRequests(app)
  app.removeContentTypeParser('text/plain')
  app.addHook('onRequest', (request, _reply, done) => {
    try {
      guard(request)
    } catch (refusal) {
      return done(refusal as Error)
    }
    done()
  })
  askCallers(app, access, isClosed)
  // Whatever form its body has: no 503 leaves without saying when to come again.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (reply.statusCode === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_S)
    done(null, payload)
  })
  checkBodies(app)
  logRequests(app)
  app.setErrorHandler(sendProblem)
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const others = routes.filter((route) => route.path === path && route.method !== 'HEAD').map((route) => route.method)
    const there = others.length === 0 ? '' : `, but ${others.join(', ')}`
    const says = `there is no ${request.method} ${request.url.slice(0, 200)}${there}; see /docs`
    const told = { ...problem(404, 'not_found', says), request_id: request.id }
    return reply.code(404).type('application/problem+json').send(told)
  })
  addDocuments(app, { version: options.version, routes })
  for (const plugin of options.routes) await app.register(plugin)
  const close = async () => {
    connections.stop(stopMs)
    await app.close()
    connections.stopped()
  }
  return { app, routes, listen: () => listen(app, host, port), close }
}

function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const told = problemOf(error, request.id)
  if (told.status >= 500 && told.status !== 503)
    request.log.error({ err: error, requestId: request.id }, 'request failed')
  reply.header(REQUEST_ID, request.id)
  if (told.status === 401) reply.header('www-authenticate', 'Bearer')
  return reply.code(told.status).type('application/problem+json').send(told)
}

function tokenNeeded(what: string): PlatformError {
  return new PlatformError(
    'config_invalid',
    `${what} a token is needed; set WEIR_TOKEN, or make one: weir tokens create (or stay on 127.0.0.1)`,
  )
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new PlatformError('unavailable', `port ${port} on ${host} is taken; choose another with --port`, {
      cause: error,
    })
  }
}
