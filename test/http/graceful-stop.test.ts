import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createServer, type Server } from '../../src/http/server.ts'

const sockets: Socket[] = []
const agents: Agent[] = []
const servers: Server[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const agent of agents.splice(0)) agent.destroy()
  for (const server of servers.splice(0)) await server.close()
})

async function listening(stopMs = 60_000) {
  const held: (() => void)[] = []
  let arrived = () => {}
  const server = await createServer({
    routes: [
      async (app) => {
        app.get('/slow', async () => {
          await new Promise<void>((done) => {
            held.push(done)
            arrived()
          })
          return 'done'
        })
        app.post('/predict', async (asked) => ({ got: asked.body }))
      },
    ],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
    stopMs,
  })
  servers.push(server)
  const port = Number(new URL(await server.listen()).port)
  return {
    server,
    port,
    held,
    arrival: () =>
      new Promise<void>((done) => {
        arrived = done
      }),
  }
}

type Said = { status: number; ends: boolean; sent: boolean }

/** One request as a caller with a pool of connections sends it. A connection that was refused was never let in. */
function ask(port: number, agent: Agent): Promise<Said | 'refused' | string> {
  return new Promise((resolve) => {
    const asked = request({
      port,
      host: '127.0.0.1',
      agent,
      method: 'POST',
      path: '/predict',
      headers: { 'content-type': 'application/json' },
    })
    asked.on('response', (answer) => {
      answer.resume()
      const ends = answer.headers.connection === 'close'
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, ends, sent: true }))
    })
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ECONNREFUSED' ? 'refused' : String(error.code)),
    )
    asked.end('{"a":1}')
  })
}

describe('a stop', () => {
  it('under load drops no request: each that was let in is answered, the last one of a connection says that it ends', async () => {
    const { server, port } = await listening()
    const agent = new Agent({ keepAlive: true, maxSockets: 64 })
    agents.push(agent)
    const said: Awaited<ReturnType<typeof ask>>[] = []
    let stopping: Promise<void> | undefined
    const clients = Array.from({ length: 64 }, async () => {
      for (;;) {
        const one = await ask(port, agent)
        said.push(one)
        if (said.length === 2_000) stopping = server.close()
        if (typeof one === 'string') return one
      }
    })
    expect(new Set(await Promise.all(clients))).toEqual(new Set(['refused']))
    await stopping
    const answered = said.filter((one) => typeof one !== 'string')
    expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200]))
    // Each connection was told once, and nothing came on it after.
    expect(answered.filter(({ ends }) => ends).length).toBe(64)
  })

  it('lets nobody new in first, and answers what comes on a connection that is open', async () => {
    const { server, port, held, arrival } = await listening()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    agents.push(agent)
    expect(await ask(port, agent)).toMatchObject({ status: 200, ends: false })
    const other = connect(port, '127.0.0.1')
    sockets.push(other)
    const come = arrival()
    other.write('GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await come
    const stopped = server.close()
    expect(await ask(port, new Agent())).toBe('refused')
    expect(await ask(port, agent)).toMatchObject({ status: 200, ends: true })
    const told = once(other, 'data')
    held[0]!()
    expect(String((await told)[0])).toMatch(/^HTTP\/1\.1 200 OK.*connection: close/is)
    await stopped
  })

  it('waits for no connection that is silent', async () => {
    const { server, port } = await listening()
    for (const text of ['', 'GET /sl', 'POST /predict HTTP/1.1\r\nhost: lo']) {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      await once(socket, 'connect')
      if (text !== '') socket.write(text)
    }
    await server.close()
  })
})
