import type { FastifyPluginAsync } from 'fastify'

/** The MLflow whose protocol is spoken here: clients ask before they send traces, which need 3.4. */
const MLFLOW_VERSION = '2.16.2'

export const versionRoutes: FastifyPluginAsync = async (app) => {
  app.get('/version', { schema: { hide: true } }, (_request, reply) => reply.type('text/plain').send(MLFLOW_VERSION))
}
