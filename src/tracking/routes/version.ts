import type { FastifyPluginAsync } from 'fastify'

/** The MLflow whose protocol is spoken here: clients ask before they send traces, which need 3.4. */
const MLFLOW_VERSION = '3.3.0'

/** What clients of MLflow 3 ask for before large files (500 MB unless told otherwise): they may go in parts. */
const SERVER_INFO = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  multipart_uploads_enabled: true,
  multipart_downloads_enabled: true,
}

export const versionRoutes: FastifyPluginAsync = async (app) => {
  const schema = { hide: true }
  app.get('/version', { schema }, (_request, reply) => reply.type('text/plain').send(MLFLOW_VERSION))
  for (const base of ['/api', '/ajax-api']) app.get(`${base}/3.0/mlflow/server-info`, { schema }, () => SERVER_INFO)
}
