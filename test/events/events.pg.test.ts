import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import type { Progress } from '../../src/base/progress.ts'
import { progress } from '../../src/base/progress.ts'
import { connectDatabase } from '../../src/db/db.ts'
import type { Database } from '../../src/db/sql.ts'
import { createEvents, type Events, type Happening } from '../../src/events/events.ts'
import { eventRoutes } from '../../src/events/routes.ts'
import { watchedFlows } from '../../src/events/watched-flows.ts'
import type { FlowBody } from '../../src/flows/flow.ts'
import type { Flows } from '../../src/flows/flows.ts'
import { createServer, type Server } from '../../src/http/server.ts'
import { limitOf } from '../../src/wire/limits.ts'
import { gate } from '../helpers/gate.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

/** Two processes: a server that pages watch, and a worker elsewhere. */
let database: TestDatabase
let other: Database
let here: Events
let worker: Events
const servers: Server[] = []
beforeAll(async () => {
  database = await testDatabase()
  other = await connectDatabase({ url: database.url, log: silentLog, poolSize: 2 })
  here = createEvents({ db: database.db, log: silentLog })
  worker = createEvents({ db: other, log: silentLog })
})
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})
afterAll(async () => {
  await other.close()
  await database.drop()
})

const RUNS = [
  { id: 'r1', flow: 'train_baseline', state: 'running', submittedAt: 'a', startedAt: 'b', finishedAt: null },
]
const WORK = { run: 'r1', flow: 'train_baseline', step: 'fit' }
const trees = (done: number): Progress => ({ phase: 'grow trees', done, total: 300, unit: 'trees' })

async function serve(token: string | null = null, list = async () => RUNS, events = here): Promise<string> {
  const flows = { list } as unknown as Flows
  const routes = [eventRoutes({ events, flows })]
  const server = await createServer({
    routes,
    host: '127.0.0.1',
    port: 0,
    token,
    log: silentLog,
    version: '0',
    stopMs: 30_000,
  })
  servers.push(server)
  return server.listen()
}

/** Reads events one after the other. */
async function open(url: string, query = '') {
  const answer = await fetch(`${url}/events${query}`)
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  const next = async (): Promise<{ event: string; data: Record<string, unknown> } | undefined> => {
    for (;;) {
      const found = /^id: \d+\nevent: (\w+)\ndata: (.*)\n\n/m.exec(text)
      if (found) {
        text = text.slice(found.index + found[0].length)
        return { event: found[1]!, data: JSON.parse(found[2]!) }
      }
      const { value, done } = await reader.read()
      if (done) return undefined
      text += value
    }
  }
  /** Until one of this kind. */
  const until = async (event: string) => {
    for (;;) {
      const found = await next()
      if (found === undefined || found.event === event) return found?.data
    }
  }
  return { answer, next, until, close: () => reader.cancel() }
}

/** NOTIFY is heard from some moment on: said again until then. */
async function saidUntilHeard<T>(say: () => void, heard: Promise<T>): Promise<T> {
  const saying = setInterval(say, 20)
  say()
  return heard.finally(() => clearInterval(saying))
}

test('the whole state comes first, then what a worker in another process does', async () => {
  const stream = await open(await serve())
  expect(stream.answer.headers.get('content-type')).toContain('text/event-stream')
  expect(await stream.next()).toEqual({
    event: 'state',
    data: { runs: [expect.objectContaining({ run: 'r1', state: 'running', submitted_at: 'a' })], progress: [] },
  })
  const onProgress = worker.progressOf(WORK)
  let done = 0
  const told = await saidUntilHeard(() => {
    // Each in a phase of its own, so that none is held back.
    onProgress({ ...trees(++done), phase: `phase ${done}` })
  }, stream.until('progress'))
  expect(told).toMatchObject({ ...WORK, total: 300, unit: 'trees' })
  expect(told).toHaveProperty('remaining_ms')
  // Whoever connects later gets it with the state.
  const later = await open(await serve())
  expect((await later.next())!.data.progress).toMatchObject([WORK])
  worker.tell({ type: 'step', run: 'r1', flow: 'train_baseline', step: 'fit', state: 'succeeded', ms: 5 })
  expect(await later.until('step')).toEqual({ ...WORK, state: 'succeeded', ms: 5 })
  expect(here.underWay()).toEqual([])
  await stream.close()
  await later.close()
})

test('the curves of a loss are told with the next progress, also where theirs was held back', () => {
  const told: Happening[] = []
  const unwatch = here.watch((event) => told.push(event))
  const onProgress = here.progressOf({ run: 'curves', flow: 'f', step: 'fit' })
  const curves = [{ of: 'valid' as const, rounds: [1, 2], losses: [0.693147181, 0.6] }]
  onProgress(trees(1))
  onProgress({ ...trees(2), curves })
  onProgress(trees(300))
  onProgress({ ...trees(1), phase: 'grow trees again' })
  unwatch()
  expect(told.map((event) => 'curves' in event && event.curves)).toEqual([
    false,
    [{ of: 'valid', rounds: [1, 2], losses: [0.69315, 0.6] }],
    false,
  ])
})

test('progress is told twice a second at most, however often the work tells it, but its end is always told', () => {
  const told: Happening[] = []
  const unwatch = here.watch((event) => told.push(event))
  const onProgress = here.progressOf({ run: 'r2', flow: 'f', step: 's' })
  for (let done = 0; done <= 70_000; done++) onProgress({ ...trees(done), total: 70_000 })
  unwatch()
  expect(told.length).toBeLessThan(20)
  expect(told.at(-1)).toMatchObject({ done: 70_000, total: 70_000 })
})

test('work that is over is not under way: a delivery that told its end, a run whose record has one', async () => {
  const delivery = 'a delivery of the test'
  const run = 'r-killed'
  const names = () => here.underWay().map((event) => ('delivery' in event ? event.delivery : ''))
  here.progressOf({ delivery })(trees(1))
  here.progressOf({ ...WORK, run })(trees(1))
  expect(names()).toContain(delivery)
  here.tellHere({ type: 'ended', delivery })
  expect(names()).not.toContain(delivery)
  const shown = async (finishedAt: string | null) => {
    const stream = await open(await serve(null, async () => [{ ...RUNS[0]!, id: run, finishedAt }] as never))
    const { data } = (await stream.next())!
    await stream.close()
    return (data.progress as { run?: string }[]).some((event) => event.run === run)
  }
  expect([await shown(null), await shown('now')]).toEqual([true, false])
  here.tellHere({ type: 'run', run, flow: 'f', state: 'failed' })
})

test('what one process tells goes out in its order, however long each takes', async () => {
  const sent: string[] = []
  const takes = [3, 2, 1, 0]
  const slow = createEvents({
    db: {
      query: async (_text: string, values?: readonly unknown[]) => {
        for (let turns = takes.shift()!; turns > 0; turns--) await new Promise(setImmediate)
        sent.push(JSON.parse(values![1] as string).event.model)
        return []
      },
      listen: async () => async () => {},
    },
    log: silentLog,
  })
  for (const model of ['a', 'b', 'c', 'd']) slow.tell({ type: 'model', model })
  await expect.poll(() => sent).toEqual(['a', 'b', 'c', 'd'])
})

/** Events over a database that is the test's. */
function eventsOver(given: Partial<Parameters<typeof createEvents>[0]['db']>): Events {
  const db = { query: async () => [], listen: async () => async () => {}, ...given }
  return createEvents({ db: db as Parameters<typeof createEvents>[0]['db'], log: silentLog })
}

test('an event that PostgreSQL could not carry is told here and dropped for the others, by its bytes', async () => {
  const sent: string[] = []
  const long = eventsOver({
    query: async (_text, values) => {
      sent.push(JSON.parse(values![1] as string).event.model)
      return []
    },
  })
  const told: Happening[] = []
  long.watch((event) => told.push(event))
  // 4,000 letters of two bytes each.
  for (const model of ['é'.repeat(4_000), 'x'.repeat(8_000), 'x'.repeat(7_000), 'last'])
    long.tell({ type: 'model', model })
  await expect.poll(() => sent.at(-1)).toBe('last')
  expect([sent.length, told.length]).toEqual([2, 4])
})

test('a run leaves what is under way by its own end, and by its next step', () => {
  const under = () => here.underWay().some((event) => 'run' in event && event.run === 'r-ends')
  const work = { run: 'r-ends', flow: 'f' }
  const seen: boolean[] = []
  for (const state of ['running', 'succeeded', 'failed', 'waiting'] as const) {
    here.progressOf({ ...work, step: 's' })(trees(1))
    here.tellHere({ type: 'run', ...work, state })
    seen.push(under())
  }
  expect(seen).toEqual([true, false, false, false])
  here.progressOf({ ...work, step: 's' })(trees(1))
  here.tellHere({ type: 'step', ...work, step: 's', state: 'succeeded' })
  expect(under()).toBe(false)
})

test('after a gap whoever watches gets the whole state again; a gap while the database is away says nothing', async () => {
  let gap = () => {}
  const gaps = eventsOver({
    listen: async (_channel, _hear, onGap) => {
      gap = onGap!
      return async () => {}
    },
  })
  let asked = 0
  const list = async () => {
    if (++asked === 2) throw new Error('it is away')
    return [{ ...RUNS[0]!, state: `asked ${asked}` }]
  }
  const stream = await open(await serve(null, list, gaps))
  const stateOf = async () => ((await stream.until('state'))!.runs as { state: string }[])[0]!.state
  expect(await stateOf()).toBe('asked 1')
  gap()
  await expect.poll(() => asked).toBe(2)
  gap()
  expect(await stateOf()).toBe('asked 3')
  await stream.close()
})

test('what happens while the first state is read comes after it, and is not lost', async () => {
  const [reading, read] = [gate(), gate()]
  const url = await serve(null, async () => {
    reading.open()
    await read.opened
    return RUNS
  })
  const opening = open(url)
  await reading.opened
  for (const model of ['first', 'second']) here.tellHere({ type: 'model', model })
  read.open()
  const stream = await opening
  here.tellHere({ type: 'model', model: 'third' })
  const got = [await stream.next(), await stream.next(), await stream.next(), await stream.next()]
  expect(got.map((event) => event?.data.model ?? event?.event)).toEqual(['state', 'first', 'second', 'third'])
  await stream.close()
})

test('?run= shows one run alone: its state, its progress, its events', async () => {
  const list = async () => ['one', 'other'].map((id) => ({ ...RUNS[0]!, id }))
  const of = (run: string) => ({ run, flow: 'f', step: 's' })
  for (const run of ['other', 'one']) here.progressOf(of(run))(trees(1))
  const stream = await open(await serve(null, list), '?run=one')
  const { data } = (await stream.next())!
  expect(data).toMatchObject({ runs: [{ run: 'one' }], progress: [{ run: 'one' }] })
  for (const key of ['runs', 'progress']) expect(data[key]).toHaveLength(1)
  here.tellHere({ type: 'run', run: 'other', flow: 'f', state: 'failed' })
  here.tellHere({ type: 'model', model: 'm' })
  here.tellHere({ type: 'run', run: 'one', flow: 'f', state: 'failed' })
  expect(await stream.next()).toMatchObject({ event: 'run', data: { run: 'one' } })
  await stream.close()
})

test('when nothing is heard of other processes, the next who watches tries again', async () => {
  let asked = 0
  const heard = gate()
  const away = eventsOver({
    listen: async () => {
      if (++asked === 1) throw new Error('away')
      heard.open()
      return async () => {}
    },
  })
  away.watch(() => {})()
  await expect
    .poll(() => {
      away.watch(() => {})()
      return asked
    })
    .toBe(2)
  await heard.opened
  away.watch(() => {})()
  expect(asked).toBe(2)
})

test('what is kept of work under way is bounded', () => {
  for (let i = 0; i < 1_000; i++) here.progressOf({ delivery: `d${i}` })(trees(1))
  expect(here.underWay().length).toBeLessThanOrEqual(200)
})

test('a stop of the server ends the streams at once, and a HEAD opens none', async () => {
  const url = await serve()
  expect((await fetch(`${url}/events`, { method: 'HEAD' })).status).toBe(404)
  const stream = await open(url)
  await stream.next()
  const [server] = servers.splice(0)
  // With stopMs of 30 s this would wait for it.
  await server!.close()
  expect(await stream.next()).toBeUndefined()
}, 25_000)

test('without the token there are no events, and no more than so many streams', async () => {
  const closed = await serve('secret')
  expect((await fetch(`${closed}/events`)).status).toBe(401)
  const url = await serve()
  const streams = await Promise.all(Array.from({ length: limitOf('eventStreams') }, () => open(url)))
  const refused = await fetch(`${url}/events`)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, expect.any(String)])
  await streams.pop()!.close()
  await expect
    .poll(async () => {
      const again = await open(url)
      await again.close()
      return again.answer.status
    })
    .toBe(200)
  for (const stream of streams) await stream.close()
})

test('a reader who takes nothing is cut off; the others go on', async () => {
  const url = await serve()
  const good = await open(url)
  const { hostname, port, host } = new URL(url)
  const slow = connect(Number(port), hostname)
  slow.on('error', () => {})
  await new Promise<void>((resolve) => {
    slow.write(`GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    slow.once('data', () => {
      slow.pause()
      resolve()
    })
  })
  const connections = () =>
    new Promise<number>((resolve) => servers[0]!.app.server.getConnections((_error, count) => resolve(count)))
  const before = await connections()
  // More than the buffers of the system take, on both sides.
  for (let told = 0; (await connections()) === before && told < 2_000; told++) {
    here.tellHere({ type: 'model', model: 'x'.repeat(20_000) })
    expect((await good.until('model'))?.model).toHaveLength(20_000)
  }
  expect(await connections()).toBe(before - 1)
  slow.destroy()
  await good.close()
}, 30_000)

test('a flow that is watched tells that it is submitted and how far its steps are; the result is the same', async () => {
  const told: Happening[] = []
  const unwatch = here.watch((event) => told.push(event))
  const bodies = new Map<string, FlowBody>()
  const engine = {
    define: (name: string, body: FlowBody) => void bodies.set(name, body),
    submit: async () => 'run9',
    wait: async () =>
      bodies.get('f')!({ id: 'run9', step: (_name: string, body: () => Promise<never>) => body() } as never, 2),
  } as unknown as Flows
  const flows = watchedFlows(engine, here)
  const seen: Progress[] = []
  flows.define<number, number>('f', (run, input) =>
    run.step('double', async () => {
      progress()(trees(300))
      return 2 * input
    }),
  )
  const runId = await flows.submit('f', 2)
  const options = { onProgress: (p: Progress) => void seen.push(p) }
  expect(await flows.wait(runId, options as never)).toBe(4)
  unwatch()
  const states = told.map((event) =>
    event.type === 'progress' ? 'progress' : `${event.type} ${'state' in event && event.state}`,
  )
  // The rest is told by the engine when it is recorded: test/flows/news.pg.test.ts.
  expect(states).toEqual(['run waiting', 'progress'])
  expect(seen).toMatchObject([{ phase: 'grow trees', done: 300, run: 'run9', step: 'double' }])
})

test('whoever waits for a run hears the progress that a worker elsewhere makes', async () => {
  let end = (_value: unknown) => {}
  const engine = {
    wait: () =>
      new Promise((resolve) => {
        end = resolve
      }),
  } as unknown as Flows
  const heard = new Promise<Progress>((resolve) => {
    void watchedFlows(engine, here).wait('far', { onProgress: resolve } as never)
  })
  let n = 0
  const onProgress = worker.progressOf({ run: 'far', flow: 'f', step: 's' })
  expect(await saidUntilHeard(() => onProgress({ ...trees(1), phase: `p${++n}` }), heard)).toMatchObject({ run: 'far' })
  end(1)
})

test('a database that is away takes no event, and nobody waits for it', async () => {
  let asked = 0
  const back = gate()
  const away = createEvents({
    db: {
      query: async () => {
        asked++
        await back.opened
        return []
      },
      listen: () => Promise.reject(new Error('away')),
    },
    log: silentLog,
  })
  const told: Happening[] = []
  away.watch((event) => told.push(event))
  for (let i = 0; i < 1_000; i++) away.tell({ type: 'model', model: `m${i}` })
  expect(told).toHaveLength(1_000)
  // When it is back it is not told all that was, which was kept nowhere.
  back.open()
  await expect.poll(() => asked).toBe(50)
})

test('a place is taken before the first answer, and callers who went away before it hold none', async () => {
  let go = () => {}
  const asked = new Promise<void>((resolve) => {
    go = resolve
  })
  let waiting = 0
  const url = await serve(null, async () => {
    waiting++
    await asked
    return RUNS
  })
  const server = servers.at(-1)!.app.server
  const open = () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)))
  const port = Number(new URL(url).port)
  const callers = Array.from({ length: limitOf('eventStreams') }, () => connect(port, '127.0.0.1'))
  for (const caller of callers) caller.write('GET /events HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await expect.poll(() => waiting).toBe(callers.length)
  expect((await fetch(`${url}/events`)).status).toBe(503)
  for (const caller of callers) caller.destroy()
  await expect.poll(open).toBeLessThan(2)
  go()
  const answer = await fetch(`${url}/events`)
  expect(answer.status).toBe(200)
  await answer.body?.cancel()
})
