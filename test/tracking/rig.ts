import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import { createServer } from '../../src/http/server.ts'
import { openObjectStore } from '../../src/lake/open-store.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { registryRoutes } from '../../src/registry/routes.ts'
import { trackingRoutes } from '../../src/tracking/routes.ts'
import { runTableRoutes } from '../../src/tracking/table/routes.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

export type MlflowRig = Awaited<ReturnType<typeof openMlflowRig>>

export type Answer = { status: number; json: Json }
// biome-ignore lint/suspicious/noExplicitAny: a test reads answers of any shape, and says itself what it expects.
export type Json = any

export const START_MS = Date.UTC(2024, 0, 1)

type RigOptions = {
  artifactBytesMax?: number
  objects?: string
  clock?: 'system'
  database?: Pick<TestDatabase, 'db' | 'drop'>
}

/** The MLflow API on a real database, an object store in a folder of its own, and a clock that stands if not told otherwise. */
export async function openMlflowRig(options: RigOptions = {}) {
  const database = options.database ?? (await testDatabase())
  const dir = await mkdtemp(join(tmpdir(), 'weir-mlflow-'))
  const objects = await openObjectStore({ objects: options.objects ?? dir, home: dir })
  const clock = manualClock(START_MS)
  const time = options.clock === 'system' ? systemClock : clock
  const tracking = createTracking({ sql: database.db, objects, clock: time })
  const registry = createRegistry({ sql: database.db, tracking, clock: time })
  const server = await createServer({
    routes: [
      trackingRoutes(tracking, { ...options, filesOfVersion: registry.filesOf }),
      runTableRoutes(tracking.table),
      registryRoutes(registry),
    ],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0.0.0',
  })

  async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer> {
    const headers = { host: 'localhost', ...(body ? { 'content-type': 'application/json' } : {}) }
    const payload = body ? JSON.stringify(body) : undefined
    const answer = await server.app.inject({ method, url: `/api/2.0/mlflow/${path}`, headers, payload })
    return { status: answer.statusCode, json: answer.json() }
  }

  /** The answer of a call that must succeed. */
  async function ok(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Json> {
    const { status, json } = await call(method, path, body)
    if (status !== 200) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`)
    return json
  }

  /** A route at the root, as our own pages call it. */
  async function callRoot(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, body?: object): Promise<Answer> {
    const headers = { host: 'localhost', ...(body ? { 'content-type': 'application/json' } : {}) }
    const answer = await server.app.inject({ method, url, headers, payload: body ? JSON.stringify(body) : undefined })
    return { status: answer.statusCode, json: answer.body === '' ? null : answer.json() }
  }

  const get = (path: string, query: Record<string, string> = {}) => call('GET', `${path}?${new URLSearchParams(query)}`)
  const post = (path: string, body: object = {}) => call('POST', path, body)

  return {
    db: database.db,
    dir,
    objects,
    clock,
    tracking,
    registry,
    server,
    get,
    post,
    call,
    callRoot,
    /** Bodies of calls that must succeed. */
    getOk: async (path: string, query: Record<string, string> = {}) =>
      ok('GET', `${path}?${new URLSearchParams(query)}`),
    postOk: async (path: string, body: object = {}) => ok('POST', path, body),
    async newRun(experimentId = '0', more: object = {}): Promise<string> {
      const { run } = await ok('POST', 'runs/create', { experiment_id: experimentId, ...more })
      return run.info.run_id
    },
    async newExperiment(name: string): Promise<string> {
      return (await ok('POST', 'experiments/create', { name })).experiment_id
    },
    async close() {
      await server.close()
      await database.drop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
