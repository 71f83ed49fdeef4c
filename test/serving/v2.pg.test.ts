import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { runPython, TRITON_CLIENTS, testEachClient } from '../compat/clients.ts'
import { MODEL, openServerRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
const KEY = '7590-VHVEG'
const BASE = `/v2/models/${MODEL}`

beforeAll(async () => {
  rig = await openServerRig()
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  await rig.train()
  for (const path of ['/v2/health/ready', `${BASE}/ready`]) {
    const { status, body } = await rig.get(path)
    expect([status, body.code]).toEqual([503, expect.any(String)])
  }
  await rig.promote(1)
  await rig.until(({ status }) => status === 200)
})
afterAll(() => rig.close())

type Tensor = { name: string; datatype: string; shape: number[]; data: unknown[] }
const keyTensor = (data: unknown[], rest = {}) => ({
  name: 'user_id',
  datatype: 'BYTES',
  shape: [data.length],
  data,
  ...rest,
})
const infer = async (inputs: unknown[], more = {}) => rig.post(`${BASE}/infer`, { inputs, ...more })
const outputsOf = ({ body }: { body: Record<string, unknown> }) =>
  Object.fromEntries((body.outputs as Tensor[]).map(({ name, data }) => [name, data]))

test('join keys mean the live features, columns the own ones of the caller, and both say what /predict says', async () => {
  const { body } = await rig.predict({ user_id: KEY })
  const used = body.features_used as Record<string, unknown>
  const { inputs } = (await rig.get(BASE)).body as { inputs: { name: string; datatype: string }[] }
  expect(inputs.map(({ name }) => name)).toEqual(Object.keys(used))
  const byKey = await infer([keyTensor([KEY])], { id: 'mine', parameters: { priority: 1 } })
  expect(byKey.body).toMatchObject({
    id: 'mine',
    model_name: MODEL,
    model_version: '1',
    parameters: { run_id: (body.model as { run_id: string }).run_id },
  })
  expect(outputsOf(byKey)).toEqual({
    prediction: [body.prediction],
    probability: [body.probability],
    features_as_of: ['2024-01-31T00:00:00Z'],
    version: ['1'],
    arm: ['champion'],
  })
  const columns = inputs.map(({ name, datatype }) => ({ name, datatype, shape: [1, 1], data: [[used[name]]] }))
  expect(outputsOf(await infer(columns))).toEqual({ prediction: [body.prediction], probability: [body.probability] })
  const nulls = columns.map((column) => (column.name === 'watch_hours_30d' ? { ...column, data: [null] } : column))
  const [row] = (await rig.post('/invocations', { instances: [{ ...used, watch_hours_30d: null }] })).body
    .predictions as { probability: number }[]
  expect(outputsOf(await infer(nulls)).probability).toEqual([row!.probability])
})

test('the version in the path is the one that answers, another is not there', async () => {
  expect((await rig.post(`${BASE}/versions/1/infer`, { inputs: [keyTensor([KEY])] })).status).toBe(200)
  for (const path of ['/versions/2', '/versions/2/ready']) expect((await rig.get(BASE + path)).status).toBe(404)
  const { status, body } = await rig.post(`${BASE}/versions/2/infer`, { inputs: [keyTensor([KEY])] })
  expect([status, body.error]).toEqual([404, expect.stringContaining('version 1 answers')])
})

test.each([
  ['no input', []],
  ['a type that is none', [keyTensor([KEY], { datatype: 'TEXT' })]],
  ['a type of the object', [keyTensor([KEY], { datatype: 'constructor' })]],
  ['a value of another type', [keyTensor([5])]],
  ['a shape that says more', [keyTensor([KEY], { shape: [2] })]],
  ['a matrix', [keyTensor([KEY, KEY], { shape: [1, 2] })]],
  ['a shape below nothing', [keyTensor([], { shape: [-1] })]],
  ['a name that is none', [keyTensor([KEY], { name: 'who' })]],
  ['a name twice', [keyTensor([KEY]), keyTensor([KEY])]],
  ['a key beside a feature', [keyTensor([KEY]), { name: 'months_active', datatype: 'INT64', shape: [1], data: [1] }]],
  [
    'columns of one length and another',
    [keyTensor([KEY]), { name: 'months_active', datatype: 'INT64', shape: [2], data: [1, 2] }],
  ],
  ['features without the others', [{ name: 'months_active', datatype: 'INT64', shape: [1], data: [1] }]],
  ['half a number', [{ name: 'months_active', datatype: 'INT64', shape: [1], data: [1.5] }]],
  ['more keys than limit predictKeys', [keyTensor(Array(1_001).fill(KEY))]],
])('%s is refused as the protocol has it', async (_name, inputs) => {
  const { status, body, type } = await infer(inputs)
  expect([status, typeof body.error, body.code]).toEqual([400, 'string', 'invalid_argument'])
  expect(type).toContain('application/json')
})

test('a key that nobody knows refuses the request and names its row; an output that is none is named', async () => {
  const nobody = await infer([keyTensor([KEY, 'nobody'])])
  expect([nobody.status, nobody.body.error]).toEqual([404, expect.stringMatching(/^row 1: /)])
  const output = await infer([keyTensor([KEY])], { outputs: [{ name: 'score' }] })
  expect([output.status, output.body.error]).toEqual([400, expect.stringContaining('prediction, probability')])
  const some = await infer([keyTensor([KEY])], { outputs: [{ name: 'probability' }] })
  expect(Object.keys(outputsOf(some))).toEqual(['probability'])
  expect((await rig.get('/v2/models/no')).body).toMatchObject({
    error: expect.stringContaining(MODEL),
    code: 'not_found',
  })
})

/** As a client with the extension sends it: JSON, and behind it the bytes. */
async function sendBytes(bytes: Buffer, { size = bytes.length, length = 0, datatype = 'BYTES' } = {}) {
  const head = JSON.stringify({
    inputs: [{ name: 'user_id', datatype, shape: [1], parameters: { binary_data_size: size } }],
    parameters: { binary_data_output: true },
  })
  const headers = {
    'inference-header-content-length': String(head.length + length),
    'content-type': 'application/octet-stream',
  }
  return fetch(`${rig.url}${BASE}/infer`, { method: 'POST', headers, body: Buffer.concat([Buffer.from(head), bytes]) })
}
const KEY_BYTES = Buffer.from([KEY.length, 0, 0, 0, ...Buffer.from(KEY)])

test('bytes come and go behind the JSON; what they leave out, add or hide is refused', async () => {
  const good = await sendBytes(KEY_BYTES)
  const length = Number(good.headers.get('inference-header-content-length'))
  const bytes = Buffer.from(await good.arrayBuffer())
  const { outputs } = JSON.parse(bytes.toString('utf8', 0, length)) as { outputs: Tensor[] }
  expect(outputs.map(({ name }) => name)).toEqual(['prediction', 'probability', 'features_as_of', 'version', 'arm'])
  expect(bytes.readDoubleLE(length + 8)).toBe((await rig.predict({ user_id: KEY })).body.probability)
  const bad = [
    sendBytes(KEY_BYTES, { size: 3 }),
    sendBytes(KEY_BYTES, { size: 1e9 }),
    sendBytes(KEY_BYTES, { length: 1e6 }),
    sendBytes(KEY_BYTES, { length: Number.NaN }),
    sendBytes(KEY_BYTES, { datatype: 'FP64' }),
    sendBytes(Buffer.from([255, 255, 255, 255])),
    sendBytes(Buffer.from([1, 0, 0, 0, 0xff])),
    sendBytes(Buffer.from([1, 0, 0, 0, 0])),
  ]
  for (const answer of await Promise.all(bad)) {
    expect([answer.status, typeof ((await answer.json()) as { error: unknown }).error]).toEqual([400, 'string'])
  }
})

test('bytes that look like deep JSON are bytes: the guard of JSON does not count them', async () => {
  const text = '[{'.repeat(2_000)
  const answer = await sendBytes(Buffer.concat([Buffer.from(Uint32Array.of(text.length).buffer), Buffer.from(text)]))
  const { error } = (await answer.json()) as { error: string }
  expect([answer.status, error]).toEqual([413, expect.stringContaining('longer than 1024 characters')])
  const deep = await rig.send('POST', `${BASE}/infer`, `{"inputs":${'['.repeat(3_000)}`)
  expect(deep.status).toBe(400)
})

testEachClient(TRITON_CLIENTS, "Triton's own client $version is answered, with bytes and with JSON", async (client) => {
  const { body } = await rig.predict({ user_id: KEY })
  const args = [rig.url.replace('http://', ''), MODEL, KEY, JSON.stringify(body.features_used)]
  const told = await runPython(client, '../compat/triton_client.py', { args, uri: rig.url, cwd: rig.months })
  const { prediction, probability } = body
  const both = { prediction: [prediction, prediction], probability: [probability, probability] }
  const byKey = { ...both, features_as_of: ['2024-01-31T00:00:00Z', '2024-01-31T00:00:00Z'] }
  const one = { prediction: [prediction], probability: [probability] }
  expect(told).toMatchObject({
    live: true,
    ready: true,
    model_ready: [true, false, false],
    server: ['binary_tensor_data'],
    metadata: { name: MODEL, versions: ['1'], platform: 'weir', parameters: { keys: 'user_id BYTES' } },
    answers: { 'keys true': byKey, 'keys false': byKey, 'features true': one, 'features false': one, id: 'mine' },
    nobody: ['404', expect.stringMatching(/^row 1: /)],
    version: ['404', expect.stringContaining('version 1 answers')],
    unknown: ['404', expect.stringContaining(MODEL)],
  })
})
