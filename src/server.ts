import { randomUUID } from 'node:crypto'
import type { FastifyPluginAsync } from 'fastify'
import type { App } from './app.ts'
import { instantOfMs } from './base/instant.ts'
import { weirVersion } from './base/version.ts'
import { withinMs } from './base/within.ts'
import { atRequests } from './db/pulse.ts'
import { eventRoutes } from './events/routes.ts'
import { feastRoutes } from './features/feast/feast-routes.ts'
import { featureRoutes } from './features/routes.ts'
import { timeRoutes } from './features/time/routes.ts'
import { flowRoutes } from './flows/routes.ts'
import { scheduleRoutes } from './flows/schedules/routes.ts'
import { consoleRoutes } from './http/console.ts'
import { createServer, type Route } from './http/server.ts'
import { auditRoutes } from './identity/audit-routes.ts'
import { identityRoutes } from './identity/routes.ts'
import { createTrail } from './identity/trail.ts'
import { deliveryRoutes } from './ingest/routes.ts'
import { alertRoutes } from './monitoring/alerts/routes.ts'
import { followTraffic } from './monitoring/alerts/traffic-told.ts'
import { gateRecords } from './monitoring/gate-records.ts'
import { createMetrics, type Metrics } from './monitoring/metrics.ts'
import { qualityRoutes } from './monitoring/quality/routes.ts'
import { reportRoutes } from './monitoring/reports/routes.ts'
import { openTraces, traced } from './monitoring/traced.ts'
import { createTraffic, type Traffic } from './monitoring/traffic.ts'
import { createOverview } from './overview/overview.ts'
import { overviewRoutes } from './overview/routes.ts'
import { collectStorage } from './pipelines/collect-storage.ts'
import { dataRoutes } from './pipelines/data-routes.ts'
import { examineServer } from './pipelines/doctor.ts'
import { installationRoutes } from './pipelines/installation-routes.ts'
import { shownBy } from './pipelines/touched-answers.ts'
import { trainingRoutes } from './pipelines/training-routes.ts'
import { answerRoutes } from './predictions/routes.ts'
import { REGISTRY_CHANNEL } from './registry/channel.ts'
import { modelRoutes, registryRoutes } from './registry/routes.ts'
import { createVersionDetails } from './registry/version-details.ts'
import { recordedRoutes } from './reproduce/routes.ts'
import { createAdmission } from './serving/admission/admission.ts'
import type { Answered } from './serving/answered.ts'
import { armRoutes } from './serving/arms/routes.ts'
import type { GateDeps } from './serving/arms/trying.ts'
import { servingRoutes } from './serving/routes.ts'
import { serverRoutes } from './serving/server-routes.ts'
import { createServers, type Servers } from './serving/servers.ts'
import { createServing, type Serving } from './serving/serving.ts'
import { trackingRoutes } from './tracking/routes.ts'
import { runTableRoutes } from './tracking/table/routes.ts'
import { cardRoutes } from './training/card-routes.ts'

export type RunningServer = { url: string; routes: readonly Route[]; close(): Promise<void> }

/** Puts the routes of all rooms behind one port and follows the promoted models. */
export async function startServer(app: App): Promise<RunningServer> {
  const { settings, features, log } = app
  const traffic = createTraffic(app.clock.nowMs)
  const tracing = await openTraces(await weirVersion(), process.env)
  const metrics = traced(createMetrics({ featureStates: features.viewStates, traffic }), tracing)
  const servers = createServers({ db: app.db, id: randomUUID(), version: await weirVersion(), log })
  app.predictions.watch(metrics.log)
  const serving = servingOf(app, metrics, servers)
  // Before anybody can ask: whether callers need a token.
  const forgetTokens = await app.identity.follow()
  const server = await createServer({
    routes: [...(tracing ? [tracing.plugin] : []), ...routesOf(app, serving, metrics, traffic, servers)],
    host: settings.host,
    port: settings.port,
    access: app.identity.access,
    publicHosts: settings.publicHosts,
    stopMs: settings.stopMs,
    log,
    version: await weirVersion(),
  }).catch(async (error: unknown) => {
    await forgetTokens()
    throw error
  })
  let unwatch = async () => {}
  let untell = () => {}
  let unfollow = async () => {}
  let unlook = async () => {}
  let noting = Promise.resolve()
  // A point of the trail outside of the database, now and then: what was written before it cannot be written anew unseen.
  const note = () => {
    noting = noteTrail(app)
  }
  const collecting = setInterval(() => {
    collectUploads(app)
    makeMonths(app)
    note()
  }, COLLECT_MS)
  collecting.unref()
  const close = async () => {
    clearInterval(collecting)
    await server.close()
    untell()
    await unwatch()
    await serving.close()
    await tracing?.close()
    // What was answered until now is recorded.
    await app.predictions.flush()
    await unfollow()
    await unlook()
    await forgetTokens()
    await withinMs('noting a point of the trail', NOTE_STOP_MS, () => noting).catch(() => {})
  }
  try {
    unfollow = await app.lake.caches.follow()
    unlook = await app.lake.look.follow()
    await app.db.listen(REGISTRY_CHANNEL, (model) => app.events.tellHere({ type: 'model', model }))
    await serving.start()
    unwatch = app.alerts.follow()
    untell = followTraffic({
      ...{ ...app, sql: app.db, server: servers.id, models: modelNames(app), traffic },
      rules: app.project.alerts,
    })
    const url = await atRequests(() => server.listen())
    // Nobody waits for it: an object store that is away holds no start up.
    note()
    makeMonths(app)
    return { url, routes: server.routes, close }
  } catch (error) {
    await close()
    throw error
  }
}

const modelNames = ({ project }: App) => project.models.map(({ name }) => name)

/** Our own flows may log to another MLflow server: what serves is loaded from there. */
export function servingOf(app: App, metrics: Metrics, servers: Servers): Serving {
  const answered = (rows: readonly Answered[]) => {
    metrics.events.answered(rows)
    return app.predictions.append(rows)
  }
  const events = { ...metrics.events, answered }
  return createServing({ ...app, ...app.mlflow, events, servers, trials: trialsOf(app), gate: gateOf(app) })
}

/** Where another MLflow server has the versions, nothing is tried beside the champion. */
function trialsOf({ registry, project }: App): App['registry'] | undefined {
  return project.tracking === null ? registry : undefined
}

function gateOf(app: App): GateDeps | undefined {
  const trials = trialsOf(app)
  return trials && { trials, ...gateRecords(app.db) }
}

/** The routes of all rooms. */
export function routesOf(
  app: App,
  serving: Serving,
  metrics: Metrics,
  traffic: Traffic,
  servers: Servers,
): FastifyPluginAsync[] {
  const { project, settings, identity, ingest, lake, features, tracking, registry, events, flows, clock, log } = app
  const models = modelNames(app)
  const append = (source: string, rows: Record<string, unknown>[]) => appendRows(app, source, rows)
  return [
    consoleRoutes(),
    metrics.plugin,
    servingRoutes(serving, models, turnsOf(app, metrics)),
    answerRoutes({ ...app, shownBy: (snapshot) => shownBy(app, snapshot) }),
    overviewRoutes(
      createOverview({
        project,
        lake,
        ingest,
        features,
        flows,
        registry,
        servers,
        serving,
        traffic,
        clock,
        alerts: app.alerts,
      }),
    ),
    featureRoutes(features, project),
    timeRoutes(features),
    deliveryRoutes({
      ...{ ingest, lake, project, bytesMax: settings.deliveryBytesMax },
      progressOf: events.progressOf,
      onEnded: (work) => events.tell({ type: 'ended', ...work }),
    }),
    dataRoutes({ ...app, elsewhere: project.tracking !== null }),
    reportRoutes(app.reports),
    identityRoutes(identity),
    installationRoutes({
      ...{ sql: app.db, objects: app.objects, retention: settings },
      examine: () => examineServer(app),
      collect: (options) => collectStorage(app, { ...settings, ...options }),
    }),
    eventRoutes({ events, flows }),
    flowRoutes({ flows, nowMs: clock.nowMs }),
    scheduleRoutes(app.schedules),
    feastRoutes({ features, project, clock, log, append }),
    trackingRoutes(tracking, {
      artifactBytesMax: settings.artifactBytesMax,
      filesOfVersion: registry.filesOf,
    }),
    runTableRoutes(tracking.table),
    registryRoutes(registry),
    modelRoutes({ registry, details: createVersionDetails(tracking), inProject: (name) => models.includes(name) }),
    alertRoutes(app.alerts),
    qualityRoutes(app),
    serverRoutes({ servers, registry: app.mlflow.registry, trials: trialsOf(app) }),
    armRoutes({ sql: app.db, registry, project }),
    auditRoutes(trailOf(app)),
    cardRoutes(app.mlflow),
    trainingRoutes(app),
    recordedRoutes(app.mlflow),
  ]
}

/** Predictions are let in as they can be answered; everything else always. */
function turnsOf({ project, log }: App, { admission: counted, events }: Metrics) {
  const deadlines = new Map(project.models.map(({ name, serving }) => [name, serving.admission.deadlineMs]))
  const admission = createAdmission(undefined, {
    refused: counted.refused,
    waited: (model, ms) => events.stage(model, 'queue', ms),
    overloaded: (now) => log.warn(now ? OVERLOADED : 'serving: the overload is over'),
  })
  counted.watch(admission.state)
  return { admission, deadlineMsOf: (model: string) => deadlines.get(model) ?? Number.POSITIVE_INFINITY }
}

const OVERLOADED = 'serving: more predictions are asked for than can be answered; those beyond it are refused with 503'

const COLLECT_MS = 3_600_000
/** A stop does not wait for an object store that is away. */
const NOTE_STOP_MS = 1_000

const trailOf = ({ db, objects }: App) => createTrail({ sql: db, notes: objects })

async function noteTrail(app: App): Promise<void> {
  const { log } = app
  await trailOf(app)
    .note()
    .catch((error: unknown) => log.warn({ err: error }, 'no point of the trail could be noted'))
}

/** Uploads in parts that nobody finished; `weir gc` does the same. */
function collectUploads({ tracking, clock, log }: App): void {
  tracking.artifacts.uploads.collect(clock.nowMs()).catch((error: unknown) => {
    log.warn({ err: error }, 'unfinished uploads could not be collected')
  })
}

/** Partitions of the prediction log, before their month begins. */
function makeMonths({ predictions, log }: App): void {
  predictions.makeAhead().catch((error: unknown) => {
    log.warn(
      { err: error },
      'the next months of the prediction log could not be made; they are made when they are needed',
    )
  })
}

/** What is pushed to the lake is a delivery of this moment. */
async function appendRows(app: App, source: string, rows: Record<string, unknown>[]): Promise<void> {
  await app.ingest.ingestRows({ source, asOf: instantOfMs(app.clock.nowMs()), rows })
}
