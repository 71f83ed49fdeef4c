import type { FastifyPluginAsync } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { createServer, type Server, type ServerOptions } from '../../src/http/server.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

const routes: FastifyPluginAsync = async (app) => {
  app.get('/missing', { schema: { tags: ['t'] } }, () => {
    throw new PlatformError('not_found', 'no such thing', { details: { missing_features: ['a'] } })
  })
  app.get('/bug', () => {
    throw new Error('select secret from table')
  })
  app.post(
    '/echo',
    { schema: { body: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } } } },
    (r) => r.body,
  )
  app.get('/key/:key', () => 'ok')
}

describe('errors', () => {
  it('are problem documents with the members of the refusal', async () => {
    const { app } = await server()
    const answer = await app.inject({ url: '/missing', headers: { host: 'localhost' } })
    expect(answer.statusCode).toBe(404)
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toMatchObject({
      error: 'not_found',
      detail: 'no such thing',
      missing_features: ['a'],
      status: 404,
    })
  })

  it.each(['/key/%E0%A4%A', '/key/%ED%A0%80', '/key/%', '/%zz'])(
    'case 15: the path %s, which cannot be read, is refused as every other mistake',
    async (url) => {
      const { app } = await server()
      const answer = await app.inject({ url, headers: { host: 'localhost' } })
      expect([answer.statusCode, answer.headers['content-type']]).toEqual([
        400,
        expect.stringContaining('application/problem+json'),
      ])
      expect(answer.json()).toMatchObject({ error: 'invalid_argument', status: 400, detail: expect.any(String) })
    },
  )

  it.each([
    ['GET', '/echo?x=1', 'there is no GET /echo?x=1, but POST; see /docs'],
    ['PUT', '/missing', 'there is no PUT /missing, but GET; see /docs'],
    ['GET', '/nowhere', 'there is no GET /nowhere; see /docs'],
  ] as const)('name the method that a path has: %s %s', async (method, url, detail) => {
    const { app } = await server()
    const answer = await app.inject({ method, url, headers: { host: 'localhost' } })
    expect(answer.json()).toMatchObject({ status: 404, detail })
  })

  it('tell nothing of our own faults', async () => {
    const { app } = await server()
    const answer = await app.inject({ url: '/bug', headers: { host: 'localhost' } })
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toContain('secret')
  })

  it.each([
    ['broken JSON', '{"x":', 'application/json', 400],
    ['an empty body', '', 'application/json', 400],
    ['a wrong type', '{"x":"y"}', 'application/json', 400],
    ['a missing member', '{}', 'application/json', 400],
    ['another content type', 'x=1', 'application/x-www-form-urlencoded', 415],
    ['a form of files', '--B--', 'multipart/form-data; boundary=B', 415],
    ['a body over the limit', `{"x":"${'a'.repeat(1_100_000)}"}`, 'application/json', 413],
  ])('refuse %s as the caller’s mistake', async (_what, payload, type, status) => {
    const { app } = await server()
    const headers = { host: 'localhost', 'content-type': type }
    const answer = await app.inject({ method: 'POST', url: '/echo', payload, headers })
    expect(answer.statusCode).toBe(status)
    expect(answer.json().error).toBeTypeOf('string')
  })

  it('refuse an unknown path and a key that is too long', async () => {
    const { app } = await server()
    expect((await app.inject({ url: '/nowhere', headers: { host: 'localhost' } })).statusCode).toBe(404)
    const long = await app.inject({ url: `/key/${'k'.repeat(5000)}`, headers: { host: 'localhost' } })
    expect([400, 404, 414]).toContain(long.statusCode)
  })
})

describe('callers', () => {
  it.each(['localhost', 'localhost:8000', '127.0.0.1:8000', '[::1]:8000'])('may use the name %s', async (host) => {
    const { app } = await server()
    expect((await app.inject({ url: '/key/a', headers: { host } })).statusCode).toBe(200)
  })

  it.each(['evil.example', '10.0.0.1', 'localhost.evil.example'])('are refused under the Host %s', async (host) => {
    const { app } = await server()
    expect((await app.inject({ url: '/key/a', headers: { host } })).statusCode).toBe(403)
  })

  it('are refused when they come from a page of another origin', async () => {
    const { app } = await server()
    const at = (origin: string) => app.inject({ url: '/key/a', headers: { host: 'localhost:8000', origin } })
    expect((await at('http://evil.example')).statusCode).toBe(403)
    expect((await at('http://localhost:8000')).statusCode).toBe(200)
  })

  it('need the token when there is one, as Bearer or as the password of Basic', async () => {
    const { app } = await server({ token: 'secret' })
    const at = (authorization?: string) =>
      app.inject({ url: '/key/a', headers: { host: 'localhost', ...(authorization ? { authorization } : {}) } })
    expect((await at()).statusCode).toBe(401)
    expect((await at('Bearer wrong')).statusCode).toBe(401)
    expect((await at('Bearer secret')).statusCode).toBe(200)
    expect((await at(`Basic ${Buffer.from('me:secret').toString('base64')}`)).statusCode).toBe(200)
  })

  it('cannot reach beyond loopback without a token', async () => {
    await expect(server({ host: '0.0.0.0' })).rejects.toThrow(/WEIR_TOKEN/)
  })
})

it('documents its routes as OpenAPI 3.1', async () => {
  const { app } = await server()
  const answer = await app.inject({ url: '/openapi.json', headers: { host: 'localhost' } })
  expect(answer.json()).toMatchObject({ openapi: '3.1.0', paths: { '/missing': { get: {} } } })
  expect((await app.inject({ url: '/docs/', headers: { host: 'localhost' } })).statusCode).toBe(200)
})

it('says how to go on when the port is taken', async () => {
  const first = await server()
  const port = Number(new URL(await first.listen()).port)
  const second = await server({ port })
  await expect(second.listen()).rejects.toThrow(/--port/)
})

async function server(options: Partial<ServerOptions> = {}): Promise<Server> {
  const made = await createServer({
    routes: [routes],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0.0.0',
    ...options,
  })
  servers.push(made)
  return made
}

it('takes no value for one of another type', async () => {
  const { app } = await server()
  const post = (payload: object) =>
    app.inject({ method: 'POST', url: '/echo', headers: { host: 'localhost' }, payload })
  expect((await post({ x: 5, more: 'kept' })).json()).toEqual({ x: 5, more: 'kept' })
  expect((await post({ x: '5' })).statusCode).toBe(400)
})
