import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { type MlflowRig, openMlflowRig } from './rig.ts'
import { WRONG_VALUES } from './wrong-values.ts'

/**
 * Whatever is sent, the answer is never a 5xx and never tells of SQL: every field of every call with every kind of
 * value, then values at random. To see one failure again: WEIR_FUZZ_SEED=the seed that the failure prints.
 */
const SEED = Number(process.env.WEIR_FUZZ_SEED ?? 20_240_101)

const FIELDS: Record<string, string[]> = {
  'POST experiments/create': ['name', 'artifact_location', 'tags'],
  'GET experiments/get': ['experiment_id'],
  'GET experiments/get-by-name': ['experiment_name'],
  'POST experiments/search': ['max_results', 'page_token', 'filter', 'order_by', 'view_type'],
  'POST experiments/delete': ['experiment_id'],
  'POST experiments/restore': ['experiment_id'],
  'POST experiments/update': ['experiment_id', 'new_name'],
  'POST experiments/set-experiment-tag': ['experiment_id', 'key', 'value'],
  'POST experiments/delete-experiment-tag': ['experiment_id', 'key'],
  'POST runs/create': ['experiment_id', 'user_id', 'run_name', 'start_time', 'tags'],
  'POST runs/update': ['run_id', 'status', 'end_time', 'run_name'],
  'POST runs/delete': ['run_id'],
  'POST runs/restore': ['run_id'],
  'GET runs/get': ['run_id'],
  'POST runs/search': ['experiment_ids', 'filter', 'run_view_type', 'max_results', 'order_by', 'page_token'],
  'POST runs/log-metric': ['run_id', 'key', 'value', 'timestamp', 'step'],
  'POST runs/log-parameter': ['run_id', 'key', 'value'],
  'POST runs/set-tag': ['run_id', 'key', 'value'],
  'POST runs/delete-tag': ['run_id', 'key'],
  'POST runs/log-batch': ['run_id', 'metrics', 'params', 'tags'],
  'POST runs/log-model': ['run_id', 'model_json'],
  'POST runs/log-inputs': ['run_id', 'datasets'],
  'POST runs/outputs': ['run_id', 'models'],
  'POST logged-models': ['experiment_id', 'name', 'model_type', 'source_run_id', 'params', 'tags'],
  'POST logged-models/search': ['experiment_ids', 'filter', 'order_by', 'datasets', 'max_results', 'page_token'],
  'PATCH logged-models/MODEL': ['status'],
  'PATCH logged-models/MODEL/tags': ['tags'],
  'POST logged-models/MODEL/params': ['params'],
  'GET logged-models/MODEL/artifacts/directories': ['artifact_directory_path'],
  'GET metrics/get-history': ['run_id', 'metric_key', 'page_token', 'max_results'],
  'GET artifacts/list': ['run_id', 'path', 'page_token'],
}

let rig: MlflowRig
let modelId: string
let valid: Record<string, unknown>
beforeAll(async () => {
  rig = await openMlflowRig()
  modelId = (await rig.postOk('logged-models', { experiment_id: '0' })).model.info.model_id
  valid = {
    experiment_id: await rig.newExperiment('fuzz'),
    experiment_ids: ['0'],
    run_id: await rig.newRun(),
    name: 'n',
    new_name: 'm',
    key: 'k',
    value: '1',
    timestamp: 1,
    metric_key: 'k',
    model_json: '{}',
    models: [{ model_id: modelId }],
    status: 'LOGGED_MODEL_READY',
  }
})
afterAll(() => rig.close())

async function send(call: string, fields: Record<string, unknown>): Promise<void> {
  const [method, path] = call.replace('MODEL', modelId).split(' ') as ['GET' | 'POST' | 'PATCH', string]
  const answer = method === 'GET' ? await rig.get(path, texts(fields)) : await rig.call(method, path, fields)
  const shown = `${call} ${JSON.stringify(fields).slice(0, 300)} → ${JSON.stringify(answer).slice(0, 300)} (seed ${SEED})`
  expect(answer.status, shown).toBeLessThan(500)
  expect(JSON.stringify(answer.json), shown).not.toMatch(/\bselect\b.*\bfrom\b|tracking\.|syntax error|pg_|violates/i)
  if (answer.status !== 200)
    expect(answer.json, shown).toEqual({ error_code: expect.any(String), message: expect.any(String) })
}

/** As a query has them. */
function texts(fields: Record<string, unknown>): Record<string, string> {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, text(value)]))
}

/** What the calls before may have deleted is there again. */
async function restore(): Promise<void> {
  await rig.post('experiments/restore', { experiment_id: valid.experiment_id })
  await rig.post('runs/restore', { run_id: valid.run_id })
}

describe('every field with every kind of value', () => {
  it.each(Object.entries(FIELDS))('%s', async (call, fields) => {
    const right = Object.fromEntries(fields.filter((f) => f in valid).map((f) => [f, valid[f]]))
    for (const field of fields) {
      for (const value of WRONG_VALUES) {
        await restore()
        await send(call, { ...right, [field]: value })
      }
    }
  })
})

it('values at random', async () => {
  const random = createPrng(SEED)
  const pick = <T>(list: readonly T[]): T => list[random.int(list.length)]!
  const calls = Object.keys(FIELDS)
  for (let i = 0; i < 1500; i++) {
    const call = pick(calls)
    const fields = FIELDS[call]!.map((field) => [
      field,
      random.float() < 0.4 && field in valid ? valid[field] : pick(WRONG_VALUES),
    ])
    await send(call, Object.fromEntries(fields))
  }
})

it('filters at random', async () => {
  const random = createPrng(SEED + 1)
  const pick = <T>(list: readonly T[]): T => list[random.int(list.length)]!
  const words = [
    'metrics',
    'params',
    'tags',
    'attributes',
    'datasets',
    '.',
    '.',
    'k',
    '`a b`',
    '"a"',
    "'x'",
    '1',
    '-1.5e3',
    '=',
    '!=',
    '<',
    '>=',
    'LIKE',
    'ILIKE',
    'IN',
    'NOT',
    'IS',
    'NULL',
    'AND',
    'OR',
    '(',
    ')',
    ',',
    'run_id',
    'start_time',
    'status',
    'name',
    '%',
    '\\',
    "'",
    '--',
    'ü',
  ]
  for (let i = 0; i < 1500; i++) {
    const text = Array.from({ length: 1 + random.int(9) }, () => pick(words)).join(pick(['', ' ']))
    await send('POST runs/search', { experiment_ids: ['0'], filter: text })
    await send('POST experiments/search', { filter: text, order_by: [text] })
  }
})

it.each([
  ['POST runs/log-metric', { key: 'exact', value: 1, timestamp: 2 ** 53, step: 0 }],
  ['POST runs/log-metric', { key: 'exact', value: 1, timestamp: '9007199254740993', step: 0 }],
  ['POST runs/log-batch', { metrics: [{ key: 'exact', value: 1, timestamp: 2 ** 53, step: 1 }] }],
  ['POST runs/update', { end_time: 2 ** 60 }],
])('%s refuses a whole number that would not stay exact: %j', async (call, fields) => {
  const answer = await rig.post(call.split(' ')[1]!, { run_id: valid.run_id, ...fields })
  expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining('stays exact') } })
  const history = await rig.getOk('metrics/get-history', { run_id: String(valid.run_id), metric_key: 'exact' })
  expect(history).toEqual({})
})

it.each([
  ['no JSON', '{"name":', 'application/json', 400],
  ['a list', '[]', 'application/json', 400],
  ['a text', '"x"', 'application/json', 400],
  ['another type', 'name=x', 'application/x-www-form-urlencoded', 400],
  ['plain text', '{"name":"x"}', 'text/plain', 400],
  ['a prototype', '{"__proto__":{"name":"x"}}', 'application/json', 400],
])('a body that is %s is refused as MLflow’s clients expect', async (_what, payload, type, status) => {
  const headers = { host: 'localhost', 'content-type': type }
  const answer = await rig.server.app.inject({
    method: 'POST',
    url: '/api/2.0/mlflow/experiments/create',
    payload,
    headers,
  })
  expect(answer.statusCode).toBe(status)
  expect(answer.json()).toEqual({ error_code: expect.any(String), message: expect.any(String) })
})

it('a foreign page and a foreign Host are refused with MLflow’s own error body', async () => {
  const at = (headers: Record<string, string>) =>
    rig.server.app.inject({
      method: 'POST',
      url: '/api/2.0/mlflow/experiments/create',
      payload: { name: 'csrf' },
      headers,
    })
  const foreign: Record<string, string>[] = [
    { host: 'evil.example' },
    { host: 'localhost', origin: 'http://evil.example' },
  ]
  for (const headers of foreign) {
    const answer = await at(headers)
    expect([answer.statusCode, answer.json().error_code]).toEqual([403, 'PERMISSION_DENIED'])
  }
  expect((await rig.get('experiments/get-by-name', { experiment_name: 'csrf' })).status).toBe(404)
})
