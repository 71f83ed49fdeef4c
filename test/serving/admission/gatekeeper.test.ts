import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/base/log.ts'
import { createServer, type Server } from '../../../src/http/server.ts'
import { type Admission, createAdmission } from '../../../src/serving/admission/admission.ts'
import { askTurns, rowsOf } from '../../../src/serving/admission/gatekeeper.ts'

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) await server.close()
})

/** Predictions that are answered when the test says so. */
async function listening(deadlineMs = 60_000) {
  const waiting: { body: unknown; release: () => void }[] = []
  let arrived = () => {}
  const parsed: unknown[] = []
  const actors = new AsyncLocalStorage<string>()
  const admission: Admission = createAdmission()
  const server = await createServer({
    routes: [
      async (app) => {
        app.addHook('onRequest', (request, _reply, done) => actors.run(String(request.headers['x-name']), done))
        app.addHook('preParsing', async (request, _reply, payload) => {
          parsed.push(request.url)
          return payload
        })
        askTurns(app, { admission, deadlineMsOf: () => deadlineMs })
        app.post('/predict', { config: { model: 'm' } }, async (request) => {
          await new Promise<void>((release) => {
            waiting.push({ body: request.body, release })
            arrived()
          })
          return { name: actors.getStore() ?? null }
        })
        app.get('/health', () => ({ status: 'ok' }))
      },
    ],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
    stopMs: 50,
  })
  servers.push(server)
  const url = await server.listen()
  return {
    url,
    waiting,
    parsed,
    admission,
    predict: (name = '', body: unknown = {}) =>
      fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-name': name },
        body: JSON.stringify(body),
      }),
    async until(wanted: () => boolean) {
      while (!wanted()) await new Promise(setImmediate)
    },
    untilArrived: () =>
      new Promise<void>((done) => {
        arrived = done
      }),
  }
}

describe('the gatekeeper of predictions', () => {
  it('refuses what is too much with 503 and Retry-After before its body is read; health, and what waits, are answered', async () => {
    const s = await listening()
    const all = Array.from({ length: 200 }, (_, i) => s.predict(`caller ${i}`))
    await s.until(() => s.waiting.length === 64 && s.admission.state().waiting === 64)
    const refused = await Promise.race(all)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(refused.headers.get('content-type')).toContain('application/problem+json')
    expect(await refused.json()).toMatchObject({ error: 'unavailable', status: 503, reason: 'overloaded' })
    expect((await fetch(`${s.url}/health`)).status).toBe(200)
    expect(s.parsed.filter((url) => url === '/predict').length).toBe(64)
    let open = true
    void Promise.all(all).then(() => {
      open = false
    })
    while (open) {
      for (const { release } of s.waiting.splice(0)) release()
      await new Promise(setImmediate)
    }
    const statuses = (await Promise.all(all)).map(({ status }) => status)
    expect([
      statuses.filter((status) => status === 200).length,
      statuses.filter((status) => status === 503).length,
    ]).toEqual([128, 72])
    expect(s.admission.state()).toMatchObject({ working: 0, waiting: 0 })
  })

  it('what waited for its turn is done in the name of its own caller', async () => {
    const s = await listening()
    const all = Array.from({ length: 100 }, (_, i) => s.predict(`caller ${i}`))
    let named = 0
    void Promise.all(
      all.map(async (answer, i) => {
        expect(await (await answer).json()).toEqual({ name: `caller ${i}` })
        named++
      }),
    )
    while (named < 100) {
      for (const { release } of s.waiting.splice(0)) release()
      await new Promise(setImmediate)
    }
  })

  it('a prediction that is not made within its deadline is 503, whether it waits or is worked on', async () => {
    const s = await listening(50)
    const all = await Promise.all(Array.from({ length: 80 }, () => s.predict()))
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([503]))
    expect(await all[0]!.json()).toMatchObject({ reason: 'deadline' })
    for (const { release } of s.waiting) release()
    expect(s.admission.state()).toMatchObject({ working: 0, waiting: 0 })
  })

  it('a body that trickles holds no turn: 100 of them, and others are answered', async () => {
    const s = await listening()
    const { port } = new URL(s.url)
    const head =
      'POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{'
    for (let i = 0; i < 100; i++) {
      const socket = connect(Number(port), '127.0.0.1')
      sockets.push(socket.on('error', () => {}))
      await once(socket, 'connect')
      socket.write(head)
    }
    await s.until(() => s.parsed.length >= 64)
    await s.until(() => s.admission.state().working === 0)
    const arrived = s.untilArrived()
    const answer = s.predict()
    await arrived
    s.waiting[0]!.release()
    expect((await answer).status).toBe(200)
    // One of them comes after all, and is answered when its turn comes again.
    const came = s.untilArrived()
    const said = once(sockets[0]!, 'data')
    sockets[0]!.write('"a":1}   ')
    await came
    expect(s.waiting[1]!.body).toEqual({ a: 1 })
    s.waiting[1]!.release()
    expect(String((await said)[0])).toContain('200 OK')
  })

  it('callers that go leave their place', async () => {
    const s = await listening()
    const stop = new AbortController()
    const gone = Array.from({ length: 120 }, () =>
      fetch(`${s.url}/predict`, {
        method: 'POST',
        signal: stop.signal,
        body: '{}',
        headers: { 'content-type': 'application/json' },
      }),
    )
    await s.until(() => s.admission.state().waiting === 56)
    stop.abort()
    expect((await Promise.allSettled(gone)).every(({ status }) => status === 'rejected')).toBe(true)
    for (const { release } of s.waiting) release()
    await s.until(() => s.admission.state().working === 0)
    expect(s.admission.state().waiting).toBe(0)
  })

  it('counts the rows of every form of a body', () => {
    const list = Array.from({ length: 70_000 }, () => 1)
    for (const body of [{ user_ids: list }, { dataframe_split: { columns: ['a'], data: list } }, { instances: list }]) {
      expect(rowsOf(body)).toBe(70_000)
    }
    expect([rowsOf(null), rowsOf({ user_id: 'a' }), rowsOf('text')]).toEqual([1, 1, 1])
  })
})
