import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { FastifyPluginAsync } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { watchConnections } from '../../src/http/connections.ts'
import { createServer, type Server } from '../../src/http/server.ts'
import { RAW_BODY } from '../../src/wire/raw-body.ts'

const under = { arrived: () => {}, release: Promise.resolve() }
const routes: FastifyPluginAsync = async (app) => {
  app.get('/slow', async () => {
    under.arrived()
    await under.release
    return 'done'
  })
  app.post('/json', () => 'ok')
}

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await server.close()
})

async function listening(stopMs?: number): Promise<{ server: Server; port: number }> {
  const server = await createServer({
    routes: [routes],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
    stopMs,
  })
  servers.push(server)
  return { server, port: Number(new URL(await server.listen()).port) }
}

async function open(port: number, text = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (text !== '') socket.write(text)
  return socket
}

const HALF_BODY =
  'POST /json HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":'

describe('F5: the stop', () => {
  it('ends although connections are silent, in the middle of their headers or of a body, and slow', async () => {
    const { server, port } = await listening(200)
    const many = Array.from({ length: 200 }, () => open(port, 'GET /sl'))
    await Promise.all([...many, open(port), open(port, 'GET /slow HTTP/1.1\r\nhost: loc'), open(port, HALF_BODY)])
    const closed = sockets.map((socket) => new Promise((done) => socket.once('close', done)))
    await server.close()
    await Promise.all(closed)
  })

  it('lets a request under way finish when it does so in time', async () => {
    const { server, port } = await listening(60_000)
    let release = () => {}
    under.release = new Promise((done) => {
      release = done
    })
    const arrived = new Promise<void>((done) => {
      under.arrived = done
    })
    const answer = fetch(`http://127.0.0.1:${port}/slow`)
    await arrived
    const stopped = server.close()
    release()
    expect(await (await answer).text()).toBe('done')
    await stopped
  })
})

/** A server whose connections are looked at by a clock of the test's own. */
describe('F5: a connection', () => {
  it.each([
    ['whose JSON body does not come', 'json', 30_001, 'ends'],
    ['whose JSON body comes later than usual', 'json', 29_000, 'stays'],
    ['whose artifact comes by less than 1 kB a second', 'raw', 30_001, 'ends'],
    ['whose artifact pauses for less than half a minute', 'raw', 29_000, 'stays'],
  ] as const)('%s (%s, %i ms): %s', async (_what, kind, passedMs, expected) => {
    let now = 1_000
    const { default: Fastify } = await import('fastify')
    const app = Fastify()
    const connections = watchConnections(app, () => now)
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    let body = () => {}
    const arrived = new Promise<void>((done) => {
      body = done
    })
    app.addHook('preParsing', async (request, _reply, payload) => {
      if (request.method === 'POST') body()
      return payload
    })
    app.post('/json', async () => 'ok')
    app.put('/raw', { config: RAW_BODY }, async (request) => {
      for await (const _ of request.raw) body()
      return 'ok'
    })
    const port = Number(new URL(await app.listen({ port: 0 })).port)
    const head =
      kind === 'json' ? HALF_BODY : HALF_BODY.replace('POST /json', 'PUT /raw').replace('application/json', 'x/y')
    const socket = await open(port, head)
    const said: Buffer[] = []
    socket.on('data', (chunk) => said.push(chunk))
    await arrived
    now += passedMs
    connections.look()
    if (expected === 'ends') {
      await new Promise((done) => socket.once('close', done))
      expect(Buffer.concat(said).toString()).toContain('408')
    } else expect(socket.destroyed).toBe(false)
    connections.stop(0)
    await app.close()
    connections.stopped()
  })
})
