import type { FastifyPluginAsync } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createServer, type Server } from '../../src/http/server.ts'
import { RAW_BODY } from '../../src/wire/raw-body.ts'

const routes: FastifyPluginAsync = async (app) => {
  app.post('/seen', { bodyLimit: 40_000_000 }, (request) => ({ type: typeof request.body }))
  app.post('/none', () => 'ok')
  app.put('/raw', { config: RAW_BODY }, () => 'ok')
  app.get('/query', (request) => request.query)
  app.get('/path/:name', (request) => request.params)
}

let server: Server
beforeAll(async () => {
  server = await createServer({
    routes: [routes],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
  })
})
afterAll(() => server.close())

function post(payload: string, headers: Record<string, string> = { 'content-type': 'application/json' }) {
  return server.app.inject({ method: 'POST', url: '/seen', payload, headers: { host: 'localhost', ...headers } })
}

describe('a body', () => {
  it.each([
    ['4,150 levels of objects', `${'{"a":'.repeat(4_150)}1${'}'.repeat(4_150)}`, /limit bodyDepth/],
    ['9,000 levels of lists, refused while they arrive', `${'['.repeat(9_000)}${']'.repeat(9_000)}`, /limit bodyDepth/],
    ['1,200,000 values', `[${'0,'.repeat(1_200_000)}0]`, /limit bodyValues/],
    ['half of a character', '{"path":"\\ud800"}', /lone surrogate/],
    ['a NUL in a name', '{"a\\u0000":1}', /NUL/],
  ])('with %s is a 400 before any room', async (_what, payload, says) => {
    const answer = await post(payload)
    expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringMatching(says)])
  })

  it('of 30 MB that is one text of brackets, commas and quotes is taken', async () => {
    const text = JSON.stringify({ profile: '[{"a":1},'.repeat(2_500_000), '\\"': '\\' })
    expect((await post(text)).json()).toEqual({ type: 'object' })
  })

  it('H6: must be JSON on every write: text, a form, and no type from a page are refused', async () => {
    const at = async (headers: Record<string, string>) => (await post('{"a":1}', headers)).statusCode
    expect(await at({ 'content-type': 'application/json; charset=utf-8' })).toBe(200)
    expect(await at({ 'content-type': 'text/plain' })).toBe(415)
    expect(await at({ 'content-type': 'application/x-www-form-urlencoded' })).toBe(415)
    expect(await at({ 'content-type': 'application/jsonx' })).toBe(415)
    expect(await at({ origin: 'http://localhost' })).toBe(415)
  })

  it('of bytes is nobody’s business', async () => {
    const headers = { host: 'localhost', 'content-type': 'text/plain' }
    const answer = await server.app.inject({ method: 'PUT', url: '/raw', payload: '[[[', headers })
    expect(answer.statusCode).not.toBe(500)
  })
})

it('a query or path with a NUL is a 400', async () => {
  for (const [url, says] of [
    ['/query?a=x%00y', 'the query has a text that holds a NUL'],
    ['/path/x%00y', 'the path has a text that holds a NUL'],
  ]) {
    const answer = await server.app.inject({ url: url!, headers: { host: 'localhost' } })
    expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringContaining(says!)])
  }
})

it.each([
  ['POST', '/none', 'a/b', 415],
  ['GET', '/query', 'application/json', 200],
] as const)(
  'a body too deep that no parser takes (%s %s) ends the process of nobody',
  async (method, url, type, status) => {
    const headers = { host: 'localhost', 'content-type': type }
    const answer = await server.app.inject({ method, url, payload: '['.repeat(5_000), headers })
    expect(answer.statusCode).toBe(status)
  },
)
