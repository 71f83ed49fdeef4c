import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { ingestRides, ridesProject } from '../features/rides.ts'
import { openServerRig } from '../serving/rig.ts'
import { type Fields, type RandomRequest, randomRequest } from './random-requests.ts'

/**
 * Every route of the whole server is sent what it does not expect. To see one failure again: WEIR_FUZZ_SEED=the seed that
 * the failure prints; WEIR_FUZZ_REQUESTS for more of them.
 */
const SEED = Number(process.env.WEIR_FUZZ_SEED ?? 20_261_126)
const REQUESTS = Number(process.env.WEIR_FUZZ_REQUESTS ?? 1_500)
const AT_ONCE = 8
const ANSWER_MS_MAX = 30_000

let rig: Awaited<ReturnType<typeof openServerRig>>
let fields: Fields
beforeAll(async () => {
  rig = await openServerRig({ change: () => ({ ...ridesProject(), defaultModel: 'late_ride' }) })
  await ingestRides(rig.app.ingest, 300)
  await rig.app.features.materialize()
  const { runId } = await rig.app.trainBaseline({ model: 'late_ride', asOf: '2024-01-31' })
  const to = { name: 'late_ride', version: 1, stage: 'Production', archiveExisting: true, actor: 'test' } as const
  await rig.app.mlflow.registry.transition(to)
  await rig.until(({ status }) => status === 200, { person: 1 })
  await rig.app.registry.createModel({ name: 'other' })
  await rig.app.registry.createVersion({ name: 'other', source: 'mlflow-artifacts:/1/a/artifacts/m' })
  fields = rightFields(runId)
})
afterAll(() => rig.close())

test('whatever is sent to whichever route: no 5xx, no silence, and all is as before', async () => {
  const ready = await rig.get('/ready')
  const prng = createPrng(SEED)
  const requests = Array.from({ length: REQUESTS }, (_, i) => {
    const route = rig.routes[i < rig.routes.length ? i : prng.int(rig.routes.length)]!
    return { route, request: randomRequest({ prng, fields }, route) }
  })
  const wrong: string[] = []
  let next = 0
  const caller = async () => {
    for (let i = next++; i < requests.length; i = next++) {
      const { route, request } = requests[i]!
      const answer = await send(request)
      if (isFine(answer, request.method)) continue
      const body = request.body === null ? '' : JSON.stringify(request.body.subarray(0, 600).toString())
      wrong.push(
        `${route.method} ${route.path}: ${JSON.stringify(request.path.slice(0, 300))} ${request.method} ${body} → ${answer.status} ${answer.text.slice(0, 300)}`,
      )
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, caller))
  expect(wrong.slice(0, 20), `seed ${SEED}`).toEqual([])
  expect((await rig.get('/health')).status).toBe(200)
  const after = await rig.get('/ready')
  expect([after.status, after.body.status], `seed ${SEED}`).toEqual([ready.status, ready.body.status])
})

type Answer = { status: number; text: string }

/** An answer of 501 or 503 says why; so does each other one that is no success. */
function isFine({ status, text }: Answer, method: string): boolean {
  if (status < 500) return !/\bselect\b.{1,200}\bfrom\b|syntax error at|\bat .*\.(ts|js):\d/i.test(text)
  if (status !== 501 && status !== 503) return false
  return method === 'HEAD' || (/"(error|error_code)":/.test(text) && !text.includes('internal'))
}

/** As the wire has it: fetch would put paths and methods right. */
function send({ method, path, headers: given, body }: RandomRequest): Promise<Answer> {
  const { hostname, port } = new URL(rig.url)
  const headers = body === null ? given : { ...given, 'content-length': String(body.length) }
  return new Promise((resolve) => {
    const asked = httpRequest({ hostname, port, method, path, headers, timeout: ANSWER_MS_MAX }, async (response) => {
      // A stream of events has no end.
      if (response.headers['content-type']?.startsWith('text/event-stream')) {
        resolve({ status: response.statusCode ?? 0, text: '' })
        return void response.destroy()
      }
      const parts: Buffer[] = []
      try {
        for await (const part of response) parts.push(part as Buffer)
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() })
      } catch (error) {
        resolve({ status: 599, text: `the answer broke off: ${error}` })
      }
    })
    asked.on('timeout', () => {
      resolve({ status: 599, text: `no answer within ${ANSWER_MS_MAX} ms` })
      asked.destroy()
    })
    // A body that is refused before it has come may find its connection closed.
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ status: ['EPIPE', 'ECONNRESET'].includes(error.code ?? '') ? 0 : 599, text: String(error) }),
    )
    asked.end(body ?? undefined)
  })
}

function rightFields(runId: string): Fields {
  return {
    name: 'other',
    model: 'late_ride',
    version: '1',
    run_id: runId,
    run_uuid: runId,
    id: runId,
    experiment_id: '1',
    experiment_ids: ['1'],
    experiment_name: 'rides',
    person: 1,
    persons: [1, 2],
    keys: [{ person: 1 }],
    features: ['profile:age', 'worked_out:per_year'],
    feature_service: 'full',
    entities: { person: [1, 2] },
    full_feature_names: true,
    df: {
      person: [1],
      ts: ['2024-01-31T00:00:00Z'],
      steps: [3],
      gone: [false],
      event_timestamp: ['2024-01-31T00:00:00Z'],
    },
    push_source_name: 'moves',
    feature_view_name: 'activity',
    feature_views: ['profile'],
    to: 'online',
    start_ts: '2024-01-01T00:00:00Z',
    end_ts: '2024-02-01T00:00:00Z',
    transformation_service: {},
    dataframe_records: [{ age: 1, city: 'Lyon' }],
    dataframe_split: { columns: ['age'], data: [[1]] },
    inputs: [{ age: 1 }],
    instances: [{ age: 1 }],
    params: [{ key: 'a', value: 'b' }],
    tags: [{ key: 'a', value: 'b' }],
    metrics: [{ key: 'm', value: 1, timestamp: 1, step: 1 }],
    metric_key: 'm',
    key: 'k',
    value: '1',
    timestamp: 1,
    step: 1,
    filter: "tags.a = 'b'",
    order_by: ['name ASC'],
    max_results: 5,
    page_token: 'e30',
    stage: 'Production',
    alias: 'champion',
    archive_existing_versions: false,
    path: 'a/b.txt',
    upload_id: 'x',
    num_parts: 2,
    part_number: 1,
    parts: [{ part_number: 1, etag: 'a' }],
    model_json: '{"utc_time_created":"2024-01-01","run_id":"x","flavors":{}}',
    models: [{ model_id: 'm-0' }],
    model_id: 'm-0',
    datasets: [{ dataset: { name: 'a', digest: 'b', source_type: 'c', source: 'd' }, tags: [] }],
    status: 'FINISHED',
    view: 'profile',
  }
}
