import type { FastifyInstance } from 'fastify'
import { configOf } from '../wire/route-config.ts'

/**
 * One line a request at level info: method, route, status, milliseconds and request id. The route is its pattern and not
 * the path: no key, no query, no header is ever in it.
 */
export function logRequests(app: FastifyInstance): void {
  if (!['info', 'debug', 'trace'].includes(app.log.level)) return
  app.addHook('onResponse', (request, reply, done) => {
    const route = configOf(request).url ?? '(none)'
    const line = {
      requestId: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    }
    request.log.info(line, 'request')
    done()
  })
}
