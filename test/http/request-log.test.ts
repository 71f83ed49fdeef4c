import pino from 'pino'
import { expect, it } from 'vitest'
import { createServer } from '../../src/http/server.ts'

it('hostile, low: a deletion is logged as one line with method, route and status, and without the key', async () => {
  const lines: Record<string, unknown>[] = []
  const log = pino({ level: 'info', base: undefined }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const server = await createServer({
    routes: [async (app) => void app.delete('/things/:id', async () => ({ gone: true }))],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log,
    version: '0.0.0',
  })
  try {
    const url = '/things/7590-VHVEG'
    expect((await server.app.inject({ method: 'DELETE', url, headers: { host: 'localhost' } })).statusCode).toBe(200)
    const told = lines.filter((line) => line.msg === 'request')
    expect(told).toMatchObject([{ method: 'DELETE', route: '/things/:id', status: 200, requestId: expect.anything() }])
    expect(JSON.stringify(lines)).not.toContain('7590')
  } finally {
    await server.close()
  }
})
