/**
 * Servers of Weir for MLflow's own tests, each with a database and a folder of its own. POST / starts one and answers
 * {url, dir}, DELETE /?url=… ends it. The first line of stdout is the address to ask.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sweepTestDatabases, testServer } from '../../test/helpers/pg.ts'
import { openMlflowRig } from '../../test/tracking/rig.ts'

type Rig = Awaited<ReturnType<typeof openMlflowRig>>

const rigs = new Map<string, Rig>()
const postgres = await testServer()

const door = createServer(async (request, response) => {
  const answer = await answerTo(request).catch((error: unknown) => ({ error: String(error) }))
  response.writeHead('error' in answer ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
})
door.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(door.address() as AddressInfo).port}`))

async function answerTo(request: IncomingMessage): Promise<object> {
  if (request.method === 'POST') {
    const rig = await openMlflowRig({ clock: 'system' })
    const url = (await rig.server.listen()).replace(/\/$/, '')
    rigs.set(url, rig)
    return { url, dir: rig.dir }
  }
  const url = new URL(request.url ?? '/', 'http://localhost').searchParams.get('url') ?? ''
  await rigs.get(url)?.close()
  rigs.delete(url)
  return {}
}

process.once('SIGTERM', async () => {
  door.close()
  for (const rig of rigs.values()) await rig.close()
  await sweepTestDatabases()
  postgres.release()
})
