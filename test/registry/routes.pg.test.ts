import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registryRoutes } from '../../src/registry/routes.ts'
import { openRegistryRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openRegistryRig>>
let app: FastifyInstance

beforeAll(async () => {
  rig = await openRegistryRig()
  app = Fastify()
  await app.register(registryRoutes(rig.registry))
})
afterAll(async () => {
  await app.close()
  await rig.close()
})

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

async function call(method: Method, path: string, fields: Record<string, unknown>, base = '/api/2.0/mlflow') {
  const sent = method === 'GET' ? { query: fields as Record<string, string> } : { payload: fields }
  const answer = await app.inject({ method, url: `${base}/${path}`, ...sent })
  return { status: answer.statusCode, body: answer.json() as Record<string, never> }
}

test('the life of a model as a client sees it', async () => {
  const name = 'churn'
  const made = await call('POST', 'registered-models/create', { name, tags: [{ key: 'a', value: 'b' }] })
  expect(made.body.registered_model).toMatchObject({ name, tags: [{ key: 'a', value: 'b' }] })
  expect(made.body.registered_model).not.toHaveProperty('latest_versions')

  const source = rig.source
  const version = await call('POST', 'model-versions/create', { name, source, run_id: rig.run.runId })
  expect(version.body.model_version).toMatchObject({
    name,
    version: '1',
    current_stage: 'None',
    description: '',
    status: 'READY',
    source,
    run_id: rig.run.runId,
  })
  const stage = { name, version: '1', stage: 'production', archive_existing_versions: true, comment: 'better' }
  const moved = await call('POST', 'model-versions/transition-stage', stage)
  expect(moved.body.model_version).toMatchObject({ current_stage: 'Production' })

  const history = await call('GET', 'model-versions/history', { name, version: '1' })
  expect(history.body.transitions).toEqual([
    {
      version: '1',
      kind: 'stage',
      from: 'None',
      to: 'Production',
      actor: 'mlflow-api',
      comment: 'better',
      timestamp: expect.any(Number),
    },
  ])

  const latest = await call('POST', 'registered-models/get-latest-versions', { name, stages: ['Production'] })
  expect(latest.body.model_versions).toMatchObject([{ version: '1', current_stage: 'Production' }])
  const same = await call(
    'GET',
    'registered-models/get-latest-versions',
    { name, stages: 'Production' },
    '/ajax-api/2.0/mlflow',
  )
  expect(same.body).toEqual(latest.body)

  await call('POST', 'registered-models/alias', { name, alias: 'champion', version: '1' })
  const aliased = await call('GET', 'registered-models/alias', { name, alias: 'champion' })
  expect(aliased.body.model_version).toMatchObject({ version: '1', aliases: ['champion'] })
  const model = await call('GET', 'registered-models/get', { name })
  expect(model.body.registered_model).toMatchObject({ aliases: [{ alias: 'champion', version: '1' }] })
  const uri = await call('GET', 'model-versions/get-download-uri', { name, version: '1' })
  expect(uri.body).toEqual({ artifact_uri: source })
  const found = await call('GET', 'model-versions/search', {
    filter: `name = '${name}' and run_id = '${rig.run.runId}'`,
  })
  expect(found.body.model_versions).toHaveLength(1)

  expect(await call('DELETE', 'model-versions/delete', { name, version: '1' })).toEqual({ status: 200, body: {} })
  expect(await call('DELETE', 'registered-models/delete', { name })).toEqual({ status: 200, body: {} })
  expect((await call('GET', 'registered-models/get', { name })).status).toBe(404)
})

test.each<[Method, string, Record<string, unknown>, number, string, RegExp]>([
  ['POST', 'registered-models/create', {}, 400, 'INVALID_PARAMETER_VALUE', /cannot be empty/],
  [
    'POST',
    'registered-models/create',
    { name: 5 },
    400,
    'INVALID_PARAMETER_VALUE',
    /Invalid value 5 for parameter 'name'/,
  ],
  ['POST', 'registered-models/create', { name: 'there' }, 400, 'RESOURCE_ALREADY_EXISTS', /already exists/],
  ['GET', 'registered-models/get', {}, 400, 'INVALID_PARAMETER_VALUE', /Missing value for required parameter 'name'/],
  ['GET', 'registered-models/get', { name: 'nn' }, 404, 'RESOURCE_DOES_NOT_EXIST', /not found/],
  ['GET', 'registered-models/search', { max_results: 5000 }, 400, 'INVALID_PARAMETER_VALUE', /max_results/],
  [
    'GET',
    'registered-models/search',
    { filter: "name = 'a' OR name = 'b'" },
    400,
    'INVALID_PARAMETER_VALUE',
    /Invalid clause/,
  ],
  ['GET', 'registered-models/search', { page_token: 'x' }, 400, 'INVALID_PARAMETER_VALUE', /Invalid page token/],
  [
    'GET',
    'registered-models/alias',
    { name: 'there', alias: 'nn' },
    400,
    'INVALID_PARAMETER_VALUE',
    /alias nn not found/,
  ],
  ['DELETE', 'registered-models/alias', { name: 'there', alias: 'nn' }, 200, '', /^$/],
  ['GET', 'model-versions/get', { name: 'there', version: 'x' }, 400, 'INVALID_PARAMETER_VALUE', /integer/],
  ['GET', 'model-versions/get', { name: 'there', version: '9' }, 404, 'RESOURCE_DOES_NOT_EXIST', /not found/],
  ['POST', 'model-versions/create', { name: 'there' }, 400, 'INVALID_PARAMETER_VALUE', /'source'/],
  [
    'POST',
    'model-versions/create',
    { name: 'there', source: 'file:///etc' },
    400,
    'INVALID_PARAMETER_VALUE',
    /Invalid model version source/,
  ],
  [
    'POST',
    'model-versions/transition-stage',
    { name: 'there', version: '1', stage: 'Gone' },
    400,
    'INVALID_PARAMETER_VALUE',
    /Invalid Model Version stage/,
  ],
  [
    'POST',
    'model-versions/transition-stage',
    { name: 'there', version: '1', stage: 'None', archive_existing_versions: true },
    400,
    'INVALID_PARAMETER_VALUE',
    /not an Active stage/,
  ],
  [
    'POST',
    'model-versions/set-tag',
    { name: 'there', version: '1', key: 'k' },
    400,
    'INVALID_PARAMETER_VALUE',
    /'value'/,
  ],
])('%s %s %j answers %i %s', async (method, path, fields, status, code, message) => {
  await rig.registry.ensureModel('there')
  if (!(await rig.registry.findVersionByRun('there', rig.run.runId))) {
    await rig.registry.createVersion({ name: 'there', source: rig.source, runId: rig.run.runId })
  }
  const answer = await call(method, path, fields)
  expect(answer.status).toBe(status)
  expect(String(answer.body.error_code ?? '')).toBe(code)
  expect(String(answer.body.message ?? '')).toMatch(message)
})
