import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { FastifyPluginAsync } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { watchConnections } from '../../src/http/connections.ts'
import { createServer, type Server, type ServerOptions } from '../../src/http/server.ts'
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

async function listening(
  stopMs?: number,
  silence?: ServerOptions['silence'],
): Promise<{ server: Server; port: number }> {
  const server = await createServer({
    routes: [routes],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
    stopMs,
    silence,
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

describe('F5: a connection that is silent', () => {
  it('ends without a byte, with half a header, and idle after an answer; others are served meanwhile', async () => {
    const { port } = await listening(undefined, { headersMs: 200, idleMs: 200 })
    const used = await open(port, 'GET /none HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const silent = [
      await open(port),
      await open(port, 'GET /sl'),
      await open(port, 'GET /none HTTP/1.1\r\nhost: lo'),
      used,
    ]
    const closed = silent.map((socket) => new Promise((done) => socket.resume().once('close', done)))
    let ended = false
    const all = Promise.all(closed).then(() => {
      ended = true
    })
    do expect((await fetch(`http://127.0.0.1:${port}/none`)).status).toBe(404)
    while (!ended)
    await all
  })
})

/** More than what systems keep of a connection between two processes. */
const ANSWER_BYTES = 64 << 20

describe('F5: a caller who reads slowly', () => {
  it.each([
    ['not at all', 'ends', 0],
    ['a byte now and then', 'ends', 1],
    ['slowly, and more than 1 kB a second', 'stays', 4 << 20],
  ] as const)('%s: %s', async (_how, expected, bytes) => {
    let now = 1_000
    const { default: Fastify } = await import('fastify')
    const app = Fastify()
    const connections = watchConnections(app, () => now)
    app.get('/large', () => Buffer.alloc(ANSWER_BYTES))
    app.get('/other', () => 'other')
    const port = Number(new URL(await app.listen({ port: 0 })).port)
    const theirs = new Promise<Socket>((done) => app.server.once('connection', done))
    const socket = await open(port)
    // Read by hand: a stream that flows would take all of it.
    socket.pause()
    socket.write('GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n')
    const server = await theirs
    const stable = async () => {
      for (let before = -1; server.writableLength === 0 || server.writableLength !== before; ) {
        before = server.writableLength
        await new Promise((done) => setTimeout(done, 50))
      }
    }
    await stable()
    connections.look()
    // Three windows of a minute: so many bytes are taken in each.
    for (let window = 0; window < 3 && !server.destroyed; window++) {
      if (bytes === 1) socket.read(1)
      const until = socket.bytesRead + bytes
      if (bytes > 1) socket.resume()
      while (bytes > 1 && socket.bytesRead < until) await new Promise((done) => setTimeout(done, 1))
      socket.pause()
      await stable()
      now += 60_001
      connections.look()
    }
    expect(server.destroyed).toBe(expected === 'ends')
    expect(await (await fetch(`http://127.0.0.1:${port}/other`)).text()).toBe('other')
    connections.stop(0)
    await app.close()
    connections.stopped()
  })
})
