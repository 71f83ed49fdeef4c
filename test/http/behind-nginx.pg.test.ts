import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ingestRides, ridesProject } from '../features/rides.ts'
import { describeWith } from '../helpers/needs.ts'
import { missingNginx, startNginx } from '../helpers/nginx.ts'
import { openServerRig } from '../serving/rig.ts'

const TOKEN = 'a-token-of-forty-characters-or-about-that'
const HOST = 'models.example.com'
/** More than nginx keeps of a body by default (16 KiB) and more than it takes (1 MB). */
const LARGE = 8 << 20

describeWith('behind nginx with the block of docs/guide/proxy.md', missingNginx(), () => {
  let rig: Awaited<ReturnType<typeof openServerRig>>
  let nginx: Awaited<ReturnType<typeof startNginx>>
  beforeAll(async () => {
    const project = { ...ridesProject(), defaultModel: 'late_ride' }
    const env = { WEIR_TOKEN: TOKEN, WEIR_PUBLIC_HOSTS: `https://${HOST}` }
    rig = await openServerRig({ change: () => project, env })
    nginx = await startNginx(rig.url)
    await ingestRides(rig.app.ingest, 200)
    await rig.app.features.materialize()
    await rig.app.trainBaseline({ model: 'late_ride', asOf: '2024-01-31' })
  })
  afterAll(async () => {
    await nginx?.stop()
    await rig?.close()
  })

  /** A request as a caller of models.example.com sends it. */
  function open(method: string, path: string, headers: Record<string, string> = {}): ClientRequest {
    const { port, ca } = nginx
    const sent = { host: HOST, authorization: `Bearer ${TOKEN}`, ...headers }
    return request({ host: '127.0.0.1', servername: HOST, port, ca, method, path, headers: sent, agent: false })
  }

  async function answerOf(sent: ClientRequest) {
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    const parts: Buffer[] = []
    for await (const part of answer) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    return { status: answer.statusCode, headers: answer.headers, body, text: body.toString('utf8') }
  }

  async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
    const sent = open(method, path, body === undefined ? headers : { 'content-type': 'application/json', ...headers })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
    const answer = await answerOf(sent)
    return { ...answer, json: () => JSON.parse(answer.text) }
  }

  it('a prediction is answered, and only to who has the token and means this server', async () => {
    await call('POST', '/api/2.0/mlflow/model-versions/transition-stage', {
      name: 'late_ride',
      version: '1',
      stage: 'Production',
      archive_existing_versions: true,
    })
    const body = { person: 1 }
    let answer = await call('POST', '/predict', body)
    // The server hears of the promotion by a notification.
    while (answer.status === 404 || answer.status === 503) answer = await call('POST', '/predict', body)
    expect([answer.status, answer.json().model.name]).toEqual([200, 'late_ride'])
    expect((await call('POST', '/predict', body, { authorization: 'Bearer another' })).status).toBe(401)
    expect((await call('POST', '/predict', body, { host: 'another.example.com' })).status).toBe(403)
    expect((await call('POST', '/predict', body, { origin: `https://${HOST}` })).status).toBe(200)
    expect((await call('POST', '/predict', body, { origin: `http://${HOST}` })).status).toBe(403)
  })

  it('the MLflow API answers, and an artifact larger than what nginx takes by default comes back as it was', async () => {
    const { run } = (await call('POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0', start_time: 1 })).json()
    const run_id = run.info.run_id
    const metric = { run_id, key: 'm', value: 1, timestamp: 1, step: 0 }
    expect((await call('POST', '/api/2.0/mlflow/runs/log-metric', metric)).status).toBe(200)
    const found = await call('POST', '/api/2.0/mlflow/runs/search', { experiment_ids: ['0'], filter: 'metrics.m = 1' })
    expect(found.json().runs[0].info.run_id).toBe(run_id)
    const path = `/api/2.0/mlflow-artifacts/artifacts/0/${run_id}/artifacts/${encodeURIComponent('größe %25 b.bin')}`
    const bytes = Buffer.alloc(LARGE, 'weir ')
    const sent = open('PUT', path)
    sent.end(bytes)
    expect((await answerOf(sent)).status).toBe(200)
    expect((await call('GET', path)).body.equals(bytes)).toBe(true)
  })

  it('a large delivery is streamed: Weir has the first of it while the last is not sent', async () => {
    const lines = Array.from({ length: LARGE / 32 }, (_, i) => `${String(i).padStart(12, '0')},2024-02-01T00:00:00Z`)
    const part = '--x\r\ncontent-disposition: form-data; name="files"; filename="moves.csv"\r\n\r\n'
    const sent = open('POST', '/deliveries?as_of=2024-02-29', { 'content-type': 'multipart/form-data; boundary=x' })
    const told = answerOf(sent)
    sent.write(`${part}person,ts,steps,gone\n`)
    const rest = lines.map((line) => `${line},1,false\n`)
    sent.write(rest.splice(0, rest.length / 2).join(''))
    while ((await scratch()).length === 0) await setImmediate()
    sent.end(`${rest.join('')}\r\n--x--\r\n`)
    const { status, text } = await told
    // All of it came: what is refused is that the other files of the delivery are not there.
    expect([status, text]).toEqual([422, expect.stringContaining('people.csv')])
    expect(text).not.toContain('moves.csv')
  })

  it('an event is heard while the stream is open', async () => {
    const sent = open('GET', '/events')
    sent.end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    let text = ''
    const heard = new Promise<void>((done) => {
      answer.on('data', (piece) => {
        text += piece
        if (text.includes('late_ride')) done()
      })
    })
    rig.app.events.tellHere({ type: 'model', model: 'late_ride' })
    await heard
    expect([answer.statusCode, answer.complete]).toEqual([200, false])
    sent.destroy()
  })

  it('the page of the server is found from /', async () => {
    const first = await call('GET', '/')
    expect([first.status, first.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    const page = await call('GET', '/docs/')
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('Swagger')])
  })

  async function scratch(): Promise<string[]> {
    const names = await readdir(rig.app.settings.home, { recursive: true })
    return names.filter((name) => /work-[^/]+\/.*moves/.test(name)).map((name) => join(rig.app.settings.home, name))
  }
})
