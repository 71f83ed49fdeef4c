import type { FastifyPluginAsync } from 'fastify'
import { mlflowPlugin } from '../mlflow/endpoint.ts'
import { unknownEndpoints } from '../mlflow/not-found.ts'
import { artifactProxyRoutes } from './routes/artifact-proxy.ts'
import { artifactUploadRoutes } from './routes/artifact-uploads.ts'
import { artifactEndpoints } from './routes/artifacts.ts'
import { datasetEndpoints } from './routes/datasets.ts'
import { experimentEndpoints } from './routes/experiments.ts'
import { type FilesOfVersion, getArtifactRoutes } from './routes/get-artifact.ts'
import { loggedModelEndpoints } from './routes/logged-models.ts'
import { metricEndpoints } from './routes/metrics.ts'
import { metricBulkEndpoints } from './routes/metrics-bulk.ts'
import { runRoutes } from './routes/run.ts'
import { runDataEndpoints } from './routes/run-data.ts'
import { runEndpoints } from './routes/runs.ts'
import { seriesRoutes } from './routes/series.ts'
import { versionRoutes } from './routes/version.ts'
import { traceEndpoints } from './traces/routes.ts'
import type { Tracking } from './tracking.ts'

/** No default of MLflow: there an upload has no limit at all. */
const ARTIFACT_BYTES_MAX = 16 * 2 ** 30

/** MLflow's tracking API and artifact proxy. */
export function trackingRoutes(
  tracking: Tracking,
  {
    artifactBytesMax = ARTIFACT_BYTES_MAX,
    filesOfVersion,
  }: { artifactBytesMax?: number; filesOfVersion?: FilesOfVersion } = {},
): FastifyPluginAsync {
  return async (app) => {
    await app.register(
      mlflowPlugin([
        ...experimentEndpoints(tracking),
        ...runEndpoints(tracking),
        ...runDataEndpoints(tracking),
        ...metricEndpoints(tracking),
        ...metricBulkEndpoints(tracking),
        ...datasetEndpoints(tracking),
        ...loggedModelEndpoints(tracking),
        ...artifactEndpoints(tracking),
        ...traceEndpoints(tracking),
      ]),
    )
    await app.register(artifactProxyRoutes(tracking, { artifactBytesMax }))
    await app.register(artifactUploadRoutes(tracking, { artifactBytesMax }))
    await app.register(getArtifactRoutes({ ...tracking, filesOfVersion }))
    await app.register(seriesRoutes(tracking))
    await app.register(runRoutes(tracking))
    await app.register(versionRoutes)
    await app.register(unknownEndpoints)
  }
}
