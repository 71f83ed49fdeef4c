import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { firstUsers } from '../helpers/real-data.ts'
import { MODEL, openServerRig } from './rig.ts'

const KEY = { user_id: '7590-VHVEG' }
const FOLDER = 'logged-by-a-client'

let rig: Awaited<ReturnType<typeof openServerRig>>
let ours: { probability: number; features_used: Record<string, unknown> }

/** What a client of MLflow has logged: an MLmodel that names the flavor onnx, and the file; nothing of ours. */
async function logged(folder: string, mlmodel: string, onnx: Uint8Array | null): Promise<number> {
  const base = `${rig.url}/api/2.0/mlflow-artifacts/artifacts/${FOLDER}/${folder}`
  const put = (path: string, body: Uint8Array | string) =>
    fetch(`${base}/${path}`, { method: 'PUT', body: Buffer.from(body) })
  expect((await put('MLmodel', mlmodel)).status).toBe(200)
  if (onnx) expect((await put('model.onnx', onnx)).status).toBe(200)
  const created = await rig.post('/api/2.0/mlflow/model-versions/create', {
    name: MODEL,
    source: `mlflow-artifacts:/${FOLDER}/${folder}`,
  })
  return Number((created.body.model_version as { version: string }).version)
}

const MLMODEL = 'flavors:\n  onnx:\n    data: model.onnx\n'
let file: Uint8Array

beforeAll(async () => {
  rig = await openServerRig()
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  await rig.train()
  await rig.promote(1)
  ours = (await rig.until(({ status }) => status === 200)).body as typeof ours
  const { location } = await rig.app.registry.getVersion(MODEL, 1)
  file = await rig.app.tracking.artifacts.read(must(location), 'model.onnx')
})
afterAll(() => rig.close())

const answers = (version: number) =>
  rig.until(({ body }) => (body.model as { version?: string })?.version === String(version), KEY)

test("a client's ONNX model answers like any version, by key, in a batch, by columns and as tensors, and is swapped as one", async () => {
  const version = await logged('good', MLMODEL, file)
  await rig.promote(version)
  const { body } = await answers(version)
  expect(body.features_used).toEqual(ours.features_used)
  expect(Math.abs((body.probability as number) - ours.probability)).toBeLessThan(1e-6)
  const batch = await rig.post('/predict/batch', { user_ids: [KEY.user_id, 'nobody', firstUsers(rig.months, 2)[1]] })
  expect([batch.status, (batch.body.predictions as unknown[]).length]).toEqual([207, 2])
  const own = await rig.post('/invocations', { instances: [ours.features_used, ours.features_used] })
  expect((own.body.predictions as { probability: number }[]).map(({ probability }) => probability)).toEqual([
    body.probability,
    body.probability,
  ])
  const tensors = await rig.post(`/v2/models/${MODEL}/infer`, {
    inputs: [{ name: 'user_id', datatype: 'BYTES', shape: [1], data: [KEY.user_id] }],
  })
  expect(tensors.body).toMatchObject({ model_version: String(version) })
  const explained = await rig.post('/predict?explain=true', KEY)
  expect([explained.status, explained.body.error]).toEqual([400, 'unsupported'])
  await rig.promote(1)
  expect((await answers(1)).body.probability).toBe(ours.probability)
})

test.each([
  ['another flavor', 'flavors:\n  sklearn:\n    pickled_model: model.pkl\n', /nor the flavor onnx.*it has sklearn/],
  ['a file outside', 'flavors:\n  onnx:\n    data: ../model.onnx\n', /outside of its folder/],
  [
    'another signature',
    `${MLMODEL}signature:\n  inputs: '[{"name": "age", "type": "double"}]'\n`,
    /signature is not the features.*'age'/,
  ],
  ['what is no ONNX', MLMODEL, /ONNX Runtime says/],
])('%s is not served: the one before goes on, and /ready says why', async (name, mlmodel, why) => {
  const version = await logged(
    name.replaceAll(' ', '-'),
    mlmodel,
    name === 'what is no ONNX' ? Buffer.from('no model') : file,
  )
  await rig.promote(version)
  for (;;) {
    const { body } = await rig.get('/ready')
    const [{ problem, version: live }] = body.models as [{ problem: string | null; version: string }]
    if (problem === null || !problem.startsWith(`version ${version} `) || /has been loading/.test(problem)) continue
    expect([live, problem]).toEqual(['1', expect.stringMatching(why)])
    break
  }
  expect((await rig.predict(KEY)).body.probability).toBe(ours.probability)
  await rig.promote(1)
})
