import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ofRequest } from '../../src/base/log.ts'
import { requestIdNow, requestIdOf } from '../../src/base/request-id.ts'
import { createServer, type Server } from '../../src/http/server.ts'

const lines: Record<string, unknown>[] = []
let server: Server
beforeAll(async () => {
  const to = { write: (line: string) => void lines.push(JSON.parse(line)) }
  const log = pino({ level: 'info', base: undefined, mixin: ofRequest }, to)
  server = await createServer({
    routes: [
      async (app) => {
        app.get('/well', async () => {
          await Promise.resolve()
          log.info('in the room')
          return { id: requestIdNow() }
        })
        app.get('/broken', async () => {
          throw new Error('a bug')
        })
      },
    ],
    ...{ host: '127.0.0.1', port: 0, token: null, log, version: '0.0.0' },
  })
})
afterAll(() => server.close())

const ask = (url: string, id?: string) =>
  server.app.inject({ url, headers: { host: 'localhost', ...(id === undefined ? {} : { 'x-request-id': id }) } })

test("a well-formed id of the caller's is given back, known to the room, and stands in each line of the log", async () => {
  lines.length = 0
  const answer = await ask('/well', 'order-7/a:1')
  expect([answer.headers['x-request-id'], answer.json()]).toEqual(['order-7/a:1', { id: 'order-7/a:1' }])
  expect(lines.map(({ msg, requestId }) => [msg, requestId])).toEqual([
    ['in the room', 'order-7/a:1'],
    ['request', 'order-7/a:1'],
  ])
  expect(requestIdNow()).toBe(null)
})

test.each([['', 'a b', 'ä', 'x'.repeat(129), '"', '{}']])('another is replaced: %j', async (id) => {
  const { headers } = await ask('/well', id)
  expect(headers['x-request-id']).not.toBe(id)
  expect(headers['x-request-id']).toMatch(/^[\w-]{8}-[0-9a-z]+$/)
})

test('without one, no two requests have the same', () => {
  expect(new Set(Array.from({ length: 10_000 }, () => requestIdOf(undefined))).size).toBe(10_000)
})

test.each([
  ['/nowhere', 404],
  ['/broken', 500],
  ['/%zz', 400],
])('a refusal says the id in header and body: %s', async (path, status) => {
  const answer = await ask(path, 'mine')
  expect([answer.statusCode, answer.headers['x-request-id']]).toEqual([status, 'mine'])
  expect(answer.json()).toMatchObject({ status, request_id: 'mine' })
})
