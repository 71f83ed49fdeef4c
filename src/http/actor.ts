import type { FastifyInstance } from 'fastify'
import { localUser, withActor } from '../identity/principal.ts'

/** What a request does is done by its caller. */
export function actAsCaller(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => withActor(localUser(request.ip), done))
}
