import { join } from 'node:path'
import { type Clock, systemClock } from './base/clock.ts'
import { type Closing, createClosing } from './base/closing.ts'
import { keptLog } from './base/lines.ts'
import type { Log } from './base/log.ts'
import { CLOSE_MS } from './base/time-limits.ts'
import { weirVersion } from './base/version.ts'
import { defaultModelOf } from './config/find.ts'
import type { Project } from './config/project.ts'
import type { Settings } from './config/settings.ts'
import { openDatabase } from './db/db.ts'
import type { Database } from './db/sql.ts'
import { createErasure, type Erasure } from './erasure/erasure.ts'
import { gatherRuns } from './events/changed-runs.ts'
import { createEvents, type Events } from './events/events.ts'
import { watchedFlows } from './events/watched-flows.ts'
import { createFeatures, type Features } from './features/features.ts'
import { openOnlineStore } from './features/online/open-online-store.ts'
import { createFlows, type Flows } from './flows/flows.ts'
import type { Schedules } from './flows/schedules/schedules.ts'
import { type Home, openHome } from './home/home.ts'
import { requireMark } from './home/mark.ts'
import { storesOf } from './home/stores.ts'
import { createIdentity, type Identity } from './identity/identity.ts'
import { createIngest, type Delivered, type Ingest } from './ingest/ingest.ts'
import { createLake, type Lake } from './lake/lake.ts'
import { lazyDuck } from './lake/lazy-duck.ts'
import type { ObjectStore } from './lake/objects.ts'
import { openObjectStore } from './lake/open-store.ts'
import type { Alerts } from './monitoring/alerts/alerts.ts'
import { defineDeliverPredictions } from './pipelines/deliver-predictions.ts'
import { defineErase } from './pipelines/erase.ts'
import { defineIngestMonth } from './pipelines/ingest-month.ts'
import { defineMaterialize } from './pipelines/materialize.ts'
import { createProjectSchedules, flowActors } from './pipelines/project-schedules.ts'
import { recordFlowChange } from './pipelines/record-flow-change.ts'
import { defineTrainBaseline } from './pipelines/train-baseline.ts'
import { tellTaken } from './pipelines/triggers.ts'
import { watchAlerts } from './pipelines/watch-alerts.ts'
import { createWatching, type Watching } from './pipelines/watching.ts'
import { defineWithdraw } from './pipelines/withdraw.ts'
import { createPredictions, type Predictions } from './predictions/predictions.ts'
import { createRegistry, type Registry, type RegistryApi } from './registry/registry.ts'
import { createRemoteMlflow } from './remote-mlflow/remote-mlflow.ts'
import { createReproduce, type Reproduce } from './reproduce/reproduce.ts'
import { createScore, type Score } from './score/score.ts'
import type { HealthCheck } from './serving/readiness.ts'
import { createTracking, type Tracking, type TrackingApi } from './tracking/tracking.ts'
import { openTrainerTracking } from './trainer-tracking.ts'
import { createBuildName } from './training/build-name.ts'
import { createTraining, type Training } from './training/training.ts'

/**
 * The one file that knows everyone: makes the rooms of one project and hands them to each other. What is slow to load
 * (DuckDB 0.1 s, the HTTP server) is loaded when it is first used, so light commands stay light.
 */
export type App = Watching & {
  readonly settings: Settings
  readonly project: Project
  readonly clock: Clock
  readonly log: Log
  readonly db: Database
  readonly home: Home
  /** Who may call. */
  readonly identity: Identity
  readonly objects: ObjectStore
  readonly lake: Lake
  readonly ingest: Ingest
  readonly features: Features
  /** What models answered. */
  readonly predictions: Predictions
  readonly tracking: Tracking
  readonly registry: Registry
  /** Where our own flows log, register and load: the two above, or the other MLflow server that the project names. */
  readonly mlflow: { tracking: TrackingApi; registry: RegistryApi }
  readonly training: Training
  readonly flows: Flows
  /** What begins by itself. */
  readonly schedules: Schedules
  /** What happens now, in every process of this database. */
  readonly events: Events
  readonly erasure: Erasure
  /** What is watched, and who is told. */
  readonly alerts: Alerts
  /** Trains again what a run recorded. */
  readonly reproduce: Reproduce
  /** A prediction for every entity as of a date, as a file. */
  readonly score: Score['score']
  /** The other processes that predictions need: asked by `/ready`. A store of its own adds itself here. */
  readonly health: readonly HealthCheck[]
  /** As durable flows: by a living worker, or here. */
  readonly ingestMonth: ReturnType<typeof defineIngestMonth>
  readonly materialize: ReturnType<typeof defineMaterialize>
  readonly trainBaseline: ReturnType<typeof defineTrainBaseline>
  readonly erase: ReturnType<typeof defineErase>
  readonly withdraw: ReturnType<typeof defineWithdraw>
  readonly deliverPredictions: ReturnType<typeof defineDeliverPredictions>
  /** Ends everything: steps under way come to their end, connections close, the embedded server loses a user. */
  close(): Promise<void>
}

export type AppOptions = {
  settings: Settings
  project: Project
  clock: Clock
  log: Log
  /** Told when the database goes away, and when it is back; by default the log is. */
  tell?: (says: string) => void
}

/** What was opened is closed again when a later part cannot be: a start that fails ends. */
export async function createApp(options: AppOptions): Promise<App> {
  const closing = createClosing(CLOSE_MS, (what, error) =>
    options.log.warn({ err: error }, `${what} could not be closed`),
  )
  try {
    return await makeRooms(options, closing)
  } catch (error) {
    await closing.close()
    throw error
  }
}

async function makeRooms(options: AppOptions, closing: Closing): Promise<App> {
  const { settings, project, clock, tell } = options
  const log = keptLog(options.log)
  const database = await openDatabase({
    home: settings.home,
    url: settings.databaseUrl,
    log,
    statementMs: settings.statementMs,
    tell,
  })
  const db = closing.add('the database', database, (it) => it.close())
  const store = await openObjectStore(settings, tell ?? ((says) => log.warn(says)))
  const objects = closing.add('the object store', store, (it) => it.close())
  // Refuses what is another project's or another home's before anything is read of it.
  const home = await openHome({ sql: db, objects, project, stores: storesOf(settings) })
  const duck = closing.add('DuckDB', lazyDuck(objects.directories), (it) => it.close())
  const time = clock === systemClock ? {} : { clock }
  const lake = closing.add('the lake', createLake({ sql: db, objects, duck, ...time }), (it) => it.close())
  const events = createEvents({ db, log })
  const onDelivery = (told: Delivered) => events.tell({ type: 'delivery', ...told })
  const onTaken = tellTaken(project)
  const ingest = createIngest({ sql: db, lake, duck, project, clock, log, onDelivery, onTaken })
  const online = closing.add('the online store', await openOnlineStore(db, settings.online, home.id, log), (it) =>
    it.close(),
  )
  const features = closing.add(
    'features',
    createFeatures({ sql: db, lake, duck, objects, project, clock, log, online }),
    (it) => it.close(),
  )
  const predictions = createPredictions({ sql: db, lake, features, project, clock, log })
  closing.add('the prediction log', predictions, (it) => it.close())
  const tracking = createTracking({ sql: db, objects, clock, onChange: gatherRuns(events.tell) })
  const registry = createRegistry({ sql: db, tracking, clock, models: project.models })
  const versions = async () => ({ weir: await weirVersion(), duckdb: await duck.loadVersion() })
  const mlflow = project.tracking
    ? closing.add(
        'the tracking server',
        createRemoteMlflow({ url: project.tracking, ...settings.trackingCredentials }),
        (it) => it.close(),
      )
    : { tracking, registry }
  const training = createTraining({
    project,
    lake,
    features,
    objects,
    tracking: mlflow.tracking,
    registry: mlflow.registry,
    clock,
    log,
    versions,
    trainers: {
      tracking,
      environment: process.env,
      openTracking: () => openTrainerTracking({ tracking, settings, log }),
    },
  })
  const build = createBuildName()
  const kept = { retention: settings.flowsKept }
  const flows = watchedFlows(
    closing.add(
      'flows',
      createFlows({
        ...{ db, log, build, ...kept, actors: flowActors },
        onChange: recordFlowChange,
        onNews: events.tell,
      }),
      (it) => it.stop(),
    ),
    events,
  )
  const embedded = settings.databaseUrl === null
  const erasure = createErasure({
    sql: db,
    lake,
    features,
    ingest,
    flows,
    tracking,
    predictions,
    objects,
    project,
    clock,
    home: settings.home,
    embedded,
  })
  const ingestMonth = defineIngestMonth(flows, { ingest, project, objects, shared: isShared(settings, objects) })
  const materialize = defineMaterialize(flows, { features, lake, project })
  const trainBaseline = defineTrainBaseline(flows, { training, lake, project })
  const { score } = createScore({ project, features, lake, duck, ...mlflow })
  const room = { sql: db, project, clock, lake, duck, features, predictions }
  const watched = { ...room, training, score, registry, mlflow, objects }
  const watching = createWatching(flows, watched)
  const made = { ingestMonth, materialize, trainBaseline, ...watching }
  const schedules = closing.add(
    'the scheduler',
    createProjectSchedules({
      ...{ project, clock, log, db, lake, flows, build, onNews: events.tell },
      ...kept,
      ...made,
    }),
    (it) => it.scheduler.stop(),
  )
  // Before anything reads a copy: what was erased while nothing ran here.
  if (objects.cacheDir !== undefined) await lake.caches.sweep()
  return {
    settings,
    project,
    clock,
    log,
    db,
    home,
    identity: createIdentity({
      ...{ sql: db, log, token: settings.token },
      defaultModel: defaultModelOf(project)?.name ?? null,
    }),
    objects,
    lake,
    ingest,
    features,
    predictions,
    tracking,
    registry,
    mlflow,
    training,
    flows,
    events,
    erasure,
    alerts: watchAlerts({ db, project, settings, lake, ingest, features, flows, events, clock, log }),
    score,
    reproduce: createReproduce({ training, tracking: mlflow.tracking, registry: mlflow.registry }),
    health: [
      { what: 'the database', needed: true, check: () => db.serving.query('select 1') },
      { what: 'the object store', needed: false, check: () => requireMark(objects) },
    ],
    schedules,
    ...made,
    erase: defineErase(flows, { erasure, project }),
    withdraw: defineWithdraw(flows, { features, lake, predictions, mlflow, project }),
    deliverPredictions: defineDeliverPredictions(flows, { predictions, ingest, lake, duck, project, clock }),
    close: closing.close,
  }
}

/** A store that the operator named, and S3, may be there for other hosts too; the folder in the home is not. */
function isShared({ home, objects: place }: Settings, { cacheDir }: ObjectStore): boolean {
  return cacheDir !== undefined || place !== join(home, 'objects')
}
