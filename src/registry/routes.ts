import type { FastifyPluginAsync } from 'fastify'
import { mlflowPlugin } from '../mlflow/endpoint.ts'
import type { Registry } from './registry.ts'
import { modelVersionEndpoints } from './routes/model-versions.ts'
import { registeredModelEndpoints } from './routes/registered-models.ts'

export { modelRoutes } from './routes/models.ts'

/** The 21 endpoints of MLflow's registry. */
export function registryRoutes(registry: Registry): FastifyPluginAsync {
  return mlflowPlugin([...registeredModelEndpoints(registry), ...modelVersionEndpoints(registry)])
}
