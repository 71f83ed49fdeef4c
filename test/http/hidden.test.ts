import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createServer, type Server, type ServerOptions } from '../../src/http/server.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function server(options: Partial<ServerOptions> = {}): Promise<Server> {
  const made = await createServer({
    routes: [
      async (app) => {
        app.get('/key/:key', { schema: { tags: ['t'] } }, () => 'ok')
      },
    ],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
    ...options,
  })
  servers.push(made)
  return made
}

describe('what is said before a token is asked', () => {
  it.each([
    ['/%zz', 400, /cannot be read/],
    [`/key/${'k'.repeat(2_000)}`, 414, /limit pathPart/],
  ])('of %.20s: nothing but 401, and with it problem details', async (url, status, says) => {
    const { app } = await server({ token: 'secret' })
    const headers = { host: 'localhost' }
    const without = await app.inject({ url, headers })
    expect([without.statusCode, without.json().error]).toEqual([401, 'unauthenticated'])
    const given = await app.inject({ url, headers: { ...headers, authorization: 'Bearer secret' } })
    expect([given.statusCode, given.json().detail]).toEqual([status, expect.stringMatching(says)])
    expect(given.headers['content-type']).toContain('application/problem+json')
    expect((await app.inject({ url, headers: { host: 'evil.example' } })).statusCode).toBe(403)
  })

  it('a part of a path may have 1,000 characters', async () => {
    const { app } = await server()
    const answer = await app.inject({ url: `/key/${'k'.repeat(1_000)}`, headers: { host: 'localhost' } })
    expect(answer.statusCode).toBe(200)
  })
})

describe('/docs', () => {
  it('has a policy, and is in no frame', async () => {
    const { app } = await server()
    const { headers } = await app.inject({ url: '/docs/', headers: { host: 'localhost' } })
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff' })
    expect(headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/)
  })

  it('says nothing of JSON about a file that leads out', async () => {
    const { app } = await server()
    const answer = await app.inject({ url: '/docs/static/..%2f..%2f..%2fetc/passwd', headers: { host: 'localhost' } })
    expect([403, 404]).toContain(answer.statusCode)
    expect(answer.body).not.toContain('JSON')
  })
})

it('public names and other addresses need a token', async () => {
  await expect(server({ publicHosts: ['https://models.example.com'] })).rejects.toThrow(/WEIR_TOKEN/)
  const { app } = await server({ publicHosts: ['https://models.example.com'], token: 'secret' })
  const headers = { host: 'models.example.com', authorization: 'Bearer secret', origin: 'https://models.example.com' }
  expect((await app.inject({ url: '/key/a', headers })).statusCode).toBe(200)
})

it('a request is one line of the log, without key, query or secret', async () => {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
  const { app } = await server({ log, token: 'secret' })
  const headers = { host: 'localhost', authorization: 'Bearer secret' }
  await app.inject({ url: '/key/of-somebody?q=private', headers })
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    method: 'GET',
    route: '/key/:key',
    status: 200,
    ms: expect.any(Number),
  })
  expect(lines[0]).not.toMatch(/somebody|private|secret/)
})
