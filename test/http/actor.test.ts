import { createConnection } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { createLog } from '../../src/base/log.ts'
import { createServer, type Server } from '../../src/http/server.ts'
import { actorNow } from '../../src/identity/principal.ts'

let server: Server
afterEach(() => server.close())

test('a handler asks who called, also after a body that came in pieces on a connection that another request used', async () => {
  server = await createServer({
    routes: [async (app) => void app.post('/who', async () => actorNow())],
    ...{ host: '127.0.0.1', port: 0, token: null, version: '0', log: createLog('silent') },
  })
  const { port } = new URL(await server.listen())
  const body = JSON.stringify({ text: 'x'.repeat(200_000) })
  const socket = createConnection(Number(port), '127.0.0.1')
  let answer = ''
  socket.on('data', (bytes) => {
    answer += bytes
  })
  for (let call = 1; call <= 2; call++) {
    socket.write(
      `POST /who HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    )
    for (let at = 0; at < body.length; at += 50_000) {
      socket.write(body.slice(at, at + 50_000))
      for (let i = 0; i < 20; i++) await turn()
    }
    while (answer.split('"from"').length <= call) await turn()
  }
  socket.destroy()
  expect(answer.match(/"from":"127\.0\.0\.1"/g)).toHaveLength(2)
})
