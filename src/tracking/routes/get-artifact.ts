import type { FastifyPluginAsync } from 'fastify'
import { answerErrorsAsMlflow } from '../../mlflow/endpoint.ts'
import { fieldsOf, requiredText } from '../../mlflow/read.ts'
import type { Tracking } from '../tracking.ts'
import { runIdOf } from './request.ts'
import { sendArtifact } from './send-artifact.ts'

/** One artifact of a run by query, as MLflow's own pages ask for it. */
export function getArtifactRoutes({ artifacts }: Pick<Tracking, 'artifacts'>): FastifyPluginAsync {
  return async (app) => {
    answerErrorsAsMlflow(app)
    for (const url of ['/get-artifact', '/ajax-api/2.0/mlflow/get-artifact']) {
      app.get(url, { schema: { hide: true } }, async (request, reply) => {
        const fields = fieldsOf(request.query)
        const path = await artifacts.proxyPath(runIdOf(fields), requiredText(fields, 'path'))
        return sendArtifact(artifacts, path, request, reply)
      })
    }
  }
}
