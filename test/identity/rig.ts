import { silentLog } from '../../src/base/log.ts'
import { connectDatabase } from '../../src/db/db.ts'
import { createServer } from '../../src/http/server.ts'
import { createIdentity } from '../../src/identity/identity.ts'
import { actorNow } from '../../src/identity/principal.ts'
import { identityRoutes } from '../../src/identity/routes.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

export type IdentityRig = Awaited<ReturnType<typeof openIdentityRig>>

/** Two servers on one database, as two processes have it: each with its own connections and its own memory. */
export async function openIdentityRig({
  token = null,
  defaultModel = null,
}: {
  token?: string | null
  defaultModel?: string | null
} = {}) {
  const database: TestDatabase = await testDatabase()
  const servers = await Promise.all([openServer(), openServer()])

  async function openServer() {
    const sql = await connectDatabase({ url: database.url, log: silentLog, poolSize: 2 })
    const identity = createIdentity({ sql, log: silentLog, token, defaultModel })
    const unfollow = await identity.follow()
    const server = await createServer({
      routes: [
        identityRoutes(identity),
        async (app) => {
          app.get('/snapshots', async () => actorNow())
          app.get('/events', { config: { endsWithToken: true } }, (_request, reply) => {
            reply.hijack()
            reply.raw.writeHead(200).write('open')
          })
          app.post('/push', async () => actorNow())
          app.post('/models/:model/predict', async () => actorNow())
        },
      ],
      ...{ host: '127.0.0.1', port: 0, version: '0', log: silentLog, access: identity.access },
    })
    const close = async () => {
      await server.close()
      await unfollow()
      await sql.close()
    }
    return { ...server, identity, sql, close }
  }

  type Call = { token?: string; cookie?: string; body?: object; headers?: Record<string, string>; at?: 0 | 1 }
  /** `POST /tokens`, at the first server where nothing else is said. */
  async function call(request: string, { token: sent, cookie, body, headers = {}, at = 0 }: Call = {}) {
    const [method = '', url = ''] = request.split(' ')
    const answer = await servers[at].app.inject({
      method: method as 'GET',
      url,
      headers: {
        host: 'localhost:8000',
        ...(sent === undefined ? {} : { authorization: `Bearer ${sent}` }),
        ...(cookie === undefined ? {} : { cookie }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: body }),
    })
    const sets = answer.headers['set-cookie']
    return {
      status: answer.statusCode,
      json: answer.json(),
      headers: answer.headers,
      cookie: typeof sets === 'string' ? sets : '',
    }
  }

  return {
    db: database.db,
    url: database.url,
    servers,
    identity: servers[0].identity,
    call,
    /** Until `ready` gives true: what another server hears comes when it comes. */
    async until(ready: () => Promise<boolean>): Promise<void> {
      while (!(await ready())) await new Promise((turn) => setImmediate(turn))
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()))
      await database.drop()
    },
  }
}
