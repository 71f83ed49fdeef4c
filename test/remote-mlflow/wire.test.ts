import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createRemoteMlflow } from '../../src/remote-mlflow/remote-mlflow.ts'
import { proxyTo, type TestProxy } from '../helpers/proxy.ts'

/** A server that answers as it is told, behind a wire that fails. */
let server: Server
let proxy: TestProxy
let answer: (request: IncomingMessage, response: ServerResponse) => void
let asked: { path: string; body: Record<string, unknown> }[]
let foreign: ReturnType<typeof createRemoteMlflow>

const run = (artifact_uri: string) => ({
  run: { info: { run_id: 'r1', experiment_id: '1', artifact_uri, status: 'RUNNING' }, data: {} },
})

beforeEach(async () => {
  asked = []
  answer = (_request, response) => response.end(JSON.stringify(run('mlflow-artifacts:/1/r1/artifacts')))
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = String(Buffer.concat(chunks))
      asked.push({ path: request.url ?? '', body: text.startsWith('{') ? JSON.parse(text) : {} })
      answer(request, response)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  proxy = await proxyTo(url)
  foreign = createRemoteMlflow({ url: proxy.through(url) }, { waitMs: 1, readMs: 250, writeMs: 250 })
})
afterEach(async () => {
  foreign.close()
  await proxy.stop()
  server.closeAllConnections()
  server.close()
})

const calls: [string, () => Promise<unknown>][] = [
  ['a read', () => foreign.tracking.runs.get('r1')],
  ['a search', () => foreign.tracking.runs.search({ experimentIds: ['1'], maxResults: 1 })],
  ['a write', () => foreign.tracking.runs.update('r1', { status: 'FINISHED' })],
  ['a write that is sent once', () => foreign.tracking.runs.create({ experimentId: '1' })],
  ['a file', () => foreign.tracking.artifacts.read('mlflow-artifacts:/1/r1/artifacts', 'x')],
  ['the registry', () => foreign.registry.inStage('m', 'Production')],
]
const away = { code: 'unavailable', message: expect.stringContaining('the tracking server http://127.0.0.1') }

test.each(['silence', 'refuse'] as const)(
  'X13: every call to another MLflow server that goes away (%s) ends',
  async (how) => {
    await proxy[how]()
    for (const [i, one] of (await Promise.allSettled(calls.map(([, call]) => call()))).entries()) {
      expect([calls[i]?.[0], one]).toEqual([calls[i]?.[0], expect.objectContaining({ status: 'rejected' })])
      expect((one as PromiseRejectedResult).reason).toMatchObject(away)
    }
    await proxy.pass()
    expect(await foreign.tracking.runs.get('r1')).toMatchObject({ runId: 'r1' })
  },
)

test('X13: an answer that stands still is given up, one that moves may take longer than the limit', async () => {
  answer = (_request, response) => void response.write('a part')
  await expect(foreign.tracking.artifacts.read('mlflow-artifacts:/1/r1/artifacts', 'x')).rejects.toMatchObject(away)
  answer = (_request, response) => {
    let parts = 0
    const timer = setInterval(() => {
      response.write('x')
      if (++parts < 8) return
      clearInterval(timer)
      response.end()
    }, 60)
  }
  const bytes = await foreign.tracking.artifacts.read('mlflow-artifacts:/1/r1/artifacts', 'x')
  expect(String(bytes)).toBe('xxxxxxxx')
})

test('X13: who ends does not wait for another MLflow server', async () => {
  await proxy.silence()
  const ended = Promise.allSettled(calls.map(([, call]) => call()))
  foreign.close()
  for (const one of await ended) expect(one).toMatchObject({ status: 'rejected', reason: away })
})

test('a server without --serve-artifacts is refused, and the run that was begun there is not left as running', async () => {
  answer = (request, response) => {
    const found = request.url?.endsWith('runs/search') ? { runs: [] } : run('/srv/mlruns/1/r1/artifacts')
    response.end(JSON.stringify(found))
  }
  const request = { experimentId: '1', runId: 'pinned', startTimeMs: 5 }
  const refusal = { code: 'unsupported', message: expect.stringContaining('--serve-artifacts') }
  await expect(foreign.tracking.runs.create(request)).rejects.toMatchObject(refusal)
  const last = asked.findLast(({ path }) => path.endsWith('runs/update'))
  expect(last?.body).toMatchObject({ run_id: 'r1', status: 'FAILED' })
  // The next try finds that run by its tag, and makes no other.
  answer = (_request, response) => response.end(JSON.stringify({ runs: [run('/srv/mlruns/1/r1/artifacts').run] }))
  const before = asked.length
  await expect(foreign.tracking.runs.create(request)).rejects.toMatchObject(refusal)
  expect(asked.slice(before).map(({ path }) => path.split('/').at(-1))).toEqual(['search'])
})
