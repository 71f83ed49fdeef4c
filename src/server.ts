import type { App } from './app.ts'
import { instantOfMs } from './base/instant.ts'
import { weirVersion } from './base/version.ts'
import { atRequests } from './db/pulse.ts'
import { feastRoutes } from './features/feast/feast-routes.ts'
import { featureRoutes } from './features/routes.ts'
import { createServer, type Route } from './http/server.ts'
import { deliveryRoutes } from './ingest/routes.ts'
import { createMetrics } from './monitoring/metrics.ts'
import { registryRoutes } from './registry/routes.ts'
import { servingRoutes } from './serving/routes.ts'
import { createServing } from './serving/serving.ts'
import { trackingRoutes } from './tracking/routes.ts'

export type RunningServer = { url: string; routes: readonly Route[]; close(): Promise<void> }

/** Puts the routes of all rooms behind one port and follows the promoted models. */
export async function startServer(app: App): Promise<RunningServer> {
  const { project, settings, features, tracking, registry, log } = app
  const metrics = createMetrics({ featureStates: features.viewStates })
  const serving = createServing({ ...app, ...app.mlflow, events: metrics.events })
  const models = project.models.map((model) => model.name)
  const server = await createServer({
    routes: [
      metrics.plugin,
      servingRoutes(serving, models),
      featureRoutes(features),
      deliveryRoutes({ ...app, bytesMax: settings.deliveryBytesMax }),
      feastRoutes({ ...app, append: (source, rows) => appendRows(app, source, rows) }),
      trackingRoutes(tracking, { artifactBytesMax: settings.artifactBytesMax }),
      registryRoutes(registry),
    ],
    host: settings.host,
    port: settings.port,
    token: settings.token,
    publicHosts: settings.publicHosts,
    stopMs: settings.stopMs,
    log,
    version: await weirVersion(),
  })
  let unfollow = async () => {}
  const collecting = setInterval(() => collectUploads(app), COLLECT_MS)
  collecting.unref()
  const close = async () => {
    clearInterval(collecting)
    await server.close()
    await serving.close()
    await unfollow()
  }
  try {
    unfollow = await app.lake.caches.follow()
    await serving.start()
    return { url: await atRequests(() => server.listen()), routes: server.routes, close }
  } catch (error) {
    await close()
    throw error
  }
}

const COLLECT_MS = 3_600_000

/** Uploads in parts that nobody finished; `weir gc` does the same. */
function collectUploads({ tracking, clock, log }: App): void {
  tracking.artifacts.uploads.collect(clock.nowMs()).catch((error: unknown) => {
    log.warn({ err: error }, 'unfinished uploads could not be collected')
  })
}

/** What is pushed to the lake is a delivery of this moment. */
async function appendRows(app: App, source: string, rows: Record<string, unknown>[]): Promise<void> {
  await app.ingest.ingestRows({ source, asOf: instantOfMs(app.clock.nowMs()), rows })
}
