/**
 * http: the server. It knows no room: routes come in as Fastify plugins. Owns no tables.
 *
 * Invariants: an error is never a 200 and a caller's mistake never a 5xx; nothing listens beyond loopback without a
 * token; a foreign Host or Origin is refused before any route runs.
 */
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify'
import { PlatformError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { problem, problemOf } from './errors.ts'
import { createGuard, isLoopback } from './guard.ts'

export type ServerOptions = {
  routes: readonly FastifyPluginAsync[]
  host: string
  port: number
  token: string | null
  log: Log
  version: string
  /** Further names by which callers reach this server, behind a proxy for instance. */
  publicHosts?: readonly string[]
}

export type Server = {
  app: FastifyInstance
  /** Listens and gives the address, `http://127.0.0.1:8000`. */
  listen(): Promise<string>
  /** Takes no more connections, finishes what is under way, closes. */
  close(): Promise<void>
}

const BODY_LIMIT = 1_000_000

/** Longest part of a path that is a parameter: longer keys are refused with 414 before any route runs. */
const PARAM_LENGTH_MAX = 1_000

/** All is well again within two seconds of the return of what was missing. */
const RETRY_AFTER_S = 1

export async function createServer(options: ServerOptions): Promise<Server> {
  const { host, port, token, log } = options
  if (!isLoopback(host) && token === null) {
    throw new PlatformError(
      'config_invalid',
      `to listen on ${host} a token is needed; set WEIR_TOKEN (or stay on 127.0.0.1)`,
    )
  }
  const app: FastifyInstance = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    // A caller's 5 is not "5": what is of another type is refused, and nothing is dropped in silence.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allowUnionTypes: true } },
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
  })
  const guard = createGuard({ host, token, publicHosts: options.publicHosts ?? [] })
  app.addHook('onRequest', async (request) => guard(request))
  // Whatever form its body has: no 503 leaves without saying when to come again.
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', RETRY_AFTER_S)
  })
  app.setErrorHandler((error, request, reply) => {
    const told = problemOf(error, request.id)
    if (told.status >= 500 && told.status !== 503) request.log.error({ err: error }, 'request failed')
    if (told.status === 401) reply.header('www-authenticate', 'Bearer')
    return reply.code(told.status).type('application/problem+json').send(told)
  })
  app.setNotFoundHandler((request, reply) => {
    const told = problem(404, 'not_found', `there is no ${request.method} ${request.url.slice(0, 200)}; see /docs`)
    return reply.code(404).type('application/problem+json').send(told)
  })
  await documentation(app, options.version)
  for (const plugin of options.routes) await app.register(plugin)
  return { app, listen: () => listen(app, host, port), close: () => app.close() }
}

async function documentation(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Weir', version, description: 'Features, predictions, and the MLflow protocol.' },
    },
    hideUntagged: true,
  })
  await app.register(swaggerUi, { routePrefix: '/docs' })
  app.get('/', { schema: { hide: true } }, (_request, reply) => reply.redirect('/docs'))
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger())
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
