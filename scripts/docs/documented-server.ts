import type { FastifyInstance } from 'fastify'
import type { App } from '../../src/app.ts'
import { silentLog } from '../../src/base/log.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import { serviceDefinition } from '../../src/features/define/definitions.ts'
import { createServer } from '../../src/http/server.ts'
import type { Access } from '../../src/identity/access.ts'
import { createMetrics } from '../../src/monitoring/metrics.ts'
import { createTraffic } from '../../src/monitoring/traffic.ts'
import { routesOf, servingOf } from '../../src/server.ts'
import { createServers } from '../../src/serving/servers.ts'

/** A small project for the documents: its model and its key stand for the reader's own. */
export function documentedProject(): Project {
  return normalizeProject(
    {
      name: 'example',
      sources: {
        customers: { key: 'customer_id', columns: { customer_id: 'String', orders: 'Int64', spent: 'Float64' } },
        outcomes: { key: 'customer_id', columns: { customer_id: 'String', left: 'Bool' } },
      },
      entities: { customer: { joinKeys: { customer_id: 'String' } } },
      featureViews: {
        habits: { entity: 'customer', source: 'customers', features: { orders: 'Int64', spent: 'Float64' } },
      },
      featureServices: { habits: ['habits'] },
      labels: { left: { entity: 'customer', source: 'outcomes', column: 'left' } },
      models: { churn: { experiment: 'churn', features: 'habits', label: 'left', learner: { kind: 'random_forest' } } },
    },
    '/',
  )
}

/** The routes of all rooms as the server has them, with nothing behind them: for the documents, and for tests of them. */
export async function openDocumentedServer(access?: Access, before: (app: FastifyInstance) => void = () => {}) {
  const project = documentedProject()
  const features = { service: (name: string) => serviceDefinition(project, name), viewStates: async () => [] }
  const rooms: Partial<Record<keyof App, unknown>> = {
    project,
    features,
    settings: { artifactBytesMax: 1, deliveryBytesMax: 1 },
    log: silentLog,
    clock: { nowMs: () => 0 },
    identity: { tokens: {}, sessions: {}, access, hasSetting: false },
  }
  const app = new Proxy(rooms, { get: (held, room: keyof App) => held[room] ?? NOTHING }) as unknown as App
  const metrics = createMetrics({ featureStates: async () => [] })
  const servers = createServers({ db: app.db, id: '', version: '0', log: silentLog })
  const server = await createServer({
    routes: routesOf(
      app,
      servingOf(app, metrics, servers),
      metrics,
      createTraffic(() => 0),
      servers,
    ),
    host: '127.0.0.1',
    port: 0,
    access,
    log: silentLog,
    version: '0',
  })
  before(server.app)
  await server.app.ready()
  return server
}

/** What `/openapi.json` of it says. */
export async function documentOf<Document>({
  app,
}: Awaited<ReturnType<typeof openDocumentedServer>>): Promise<Document> {
  return (await app.inject({ url: '/openapi.json', headers: { host: 'localhost' } })).json()
}

/** A room of which only the names are taken. */
const NOTHING: unknown = new Proxy(() => {}, { get: () => NOTHING })
