import type { FastifyInstance } from 'fastify'
import { withRequestId } from '../base/request-id.ts'

export const REQUEST_ID = 'x-request-id'

/** Each answer says the id of its request, and what is done for it knows it: lines of the log, the log of predictions. */
export function nameRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID, request.id)
    withRequestId(request.id, done)
  })
}
