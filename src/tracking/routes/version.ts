import type { FastifyPluginAsync } from 'fastify'

/** The MLflow whose protocol is spoken here: clients ask before they send traces, which need 3.4. */
const MLFLOW_VERSION = '3.3.0'

/**
 * What clients of MLflow 3 ask for before large files. Parts are served (artifact-uploads.ts) to clients that are told
 * to use them; not of themselves, since the client 3.17 then fails on a `pathlib.Path` and asks twice for each download.
 */
const SERVER_INFO = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  multipart_uploads_enabled: false,
  multipart_downloads_enabled: false,
}

export const versionRoutes: FastifyPluginAsync = async (app) => {
  const schema = { hide: true }
  app.get('/version', { schema }, (_request, reply) => reply.type('text/plain').send(MLFLOW_VERSION))
  for (const base of ['/api', '/ajax-api']) app.get(`${base}/3.0/mlflow/server-info`, { schema }, () => SERVER_INFO)
}
