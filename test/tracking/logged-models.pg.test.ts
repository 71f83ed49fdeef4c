import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Json, type MlflowRig, openMlflowRig, START_MS } from './rig.ts'

let rig: MlflowRig
let experiment: string
beforeAll(async () => {
  rig = await openMlflowRig()
  experiment = await rig.newExperiment('models')
})
afterAll(() => rig.close())

const newModel = async (more: object = {}): Promise<Json> =>
  (await rig.postOk('logged-models', { experiment_id: experiment, name: 'model', ...more })).model

const read = async (id: string): Promise<Json> => (await rig.getOk(`logged-models/${id}`)).model

describe('a logged model', () => {
  it('is created, finished, and read as MLflow 3 writes it', async () => {
    const run = await rig.newRun(experiment)
    const params = [{ key: 'depth', value: '3' }]
    const tags = [{ key: 'mlflow.user', value: 'ann' }]
    const made = await newModel({ model_type: 'classifier', source_run_id: run, params, tags })
    const id = made.info.model_id
    expect(id).toMatch(/^m-[0-9a-f]{32}$/)
    const info = {
      model_id: id,
      experiment_id: experiment,
      name: 'model',
      creation_timestamp_ms: START_MS,
      last_updated_timestamp_ms: START_MS,
      artifact_uri: `mlflow-artifacts:/${experiment}/models/${id}/artifacts`,
      status: 'LOGGED_MODEL_PENDING',
      model_type: 'classifier',
      source_run_id: run,
      tags,
    }
    expect(made).toEqual({ info, data: { params } })
    const { status, json } = await rig.call('PATCH', `logged-models/${id}`, { model_id: id, status: 2 })
    expect([status, json.model.info.status]).toEqual([200, 'LOGGED_MODEL_READY'])
    expect(await read(id)).toEqual({ info: { ...info, status: 'LOGGED_MODEL_READY' }, data: { params } })
  })

  it('gets a name when it is created without, and refuses one that is a path', async () => {
    expect((await newModel({ name: undefined })).info.name).toMatch(/^[a-z]+-[a-z]+-\d+$/)
    for (const name of ['', 'a/b', 'a:b', 'a.b', '50%', "it's", '"']) {
      expect((await rig.post('logged-models', { experiment_id: experiment, name })).status, name).toBe(400)
    }
  })

  it('has tags that change and params that do not', async () => {
    const id = (await newModel({ params: [{ key: 'a', value: '1' }] })).info.model_id
    const tag = (value: string) => rig.call('PATCH', `logged-models/${id}/tags`, { tags: [{ key: 'k', value }] })
    expect((await tag('1')).status).toBe(200)
    expect((await tag('2')).json.model.info.tags).toEqual([{ key: 'k', value: '2' }])
    expect((await rig.call('DELETE', `logged-models/${id}/tags/k`)).status).toBe(200)
    expect((await rig.call('DELETE', `logged-models/${id}/tags/k`)).status).toBe(404)
    const param = (value: string) =>
      rig.post(`logged-models/${id}/params`, {
        params: [
          { key: 'a', value },
          { key: 'b', value },
        ],
      })
    expect((await param('2')).status).toBe(400)
    expect((await read(id)).data.params).toEqual([{ key: 'a', value: '1' }])
    expect((await param('1')).status).toBe(200)
  })

  it('is gone when it is deleted, but for those who ask for deleted ones', async () => {
    const id = (await newModel()).info.model_id
    expect((await rig.call('DELETE', `logged-models/${id}`)).status).toBe(200)
    expect(await rig.get(`logged-models/${id}`)).toMatchObject({
      status: 404,
      json: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    })
    expect((await rig.get(`logged-models/${id}`, { allow_deleted: 'true' })).status).toBe(200)
    expect((await rig.call('PATCH', `logged-models/${id}`, { status: 'LOGGED_MODEL_READY' })).status).toBe(404)
  })

  it('lists its files', async () => {
    const { info } = await newModel()
    const path = info.artifact_uri.replace('mlflow-artifacts:/', '')
    await rig.tracking.artifacts.put(`${path}/MLmodel`, Buffer.from('x'))
    await rig.tracking.artifacts.put(`${path}/data/model.onnx`, Buffer.from('xy'))
    const list = (query: Record<string, string> = {}) =>
      rig.get(`logged-models/${info.model_id}/artifacts/directories`, query)
    expect((await list()).json).toEqual({
      root_uri: info.artifact_uri,
      files: [
        { path: 'MLmodel', is_dir: false, file_size: 1 },
        { path: 'data', is_dir: true },
      ],
    })
    expect((await list({ artifact_directory_path: 'data' })).json.files).toEqual([
      { path: 'data/model.onnx', is_dir: false, file_size: 2 },
    ])
    expect((await list({ artifact_directory_path: '../..' })).status).toBe(400)
  })
})

describe('a run and its models', () => {
  it('know each other: outputs, inputs, metrics on datasets', async () => {
    const run = await rig.newRun(experiment)
    const id = (await newModel({ source_run_id: run })).info.model_id
    await rig.postOk('runs/outputs', { run_id: run, models: [{ model_id: id, step: 3 }] })
    await rig.postOk('runs/log-inputs', { run_id: run, models: [{ model_id: id }] })
    const point = { run_id: run, key: 'acc', timestamp: 1, model_id: id, dataset_name: 'test', dataset_digest: 'd' }
    await rig.postOk('runs/log-metric', { ...point, value: 0.5, step: 1 })
    await rig.postOk('runs/log-batch', {
      run_id: run,
      metrics: [
        { ...point, value: 0.7, step: 2 },
        { ...point, value: 0.7, step: 2 },
      ],
    })
    const got = (await rig.getOk('runs/get', { run_id: run })).run
    expect(got.outputs).toEqual({ model_outputs: [{ model_id: id, step: 3 }] })
    expect(got.inputs).toEqual({ model_inputs: [{ model_id: id }] })
    expect(got.data.metrics).toEqual([{ key: 'acc', value: 0.7, timestamp: 1, step: 2 }])
    expect((await read(id)).data.metrics).toEqual([
      {
        key: 'acc',
        value: 0.7,
        timestamp: 1,
        step: 2,
        model_id: id,
        run_id: run,
        dataset_name: 'test',
        dataset_digest: 'd',
      },
    ])
  })

  it('are not told of a model that is not there, and then nothing is written', async () => {
    const run = await rig.newRun(experiment)
    const model_id = `m-${'f'.repeat(32)}`
    const metric = { run_id: run, key: 'm', value: 1, timestamp: 1, model_id }
    expect((await rig.post('runs/log-metric', metric)).status).toBe(404)
    expect((await rig.post('runs/outputs', { run_id: run, models: [{ model_id }] })).status).toBe(404)
    expect((await rig.getOk('runs/get', { run_id: run })).run.data.metrics).toBeUndefined()
  })
})

describe('logged models are searched', () => {
  let own: string
  const ids: Record<string, string> = {}
  beforeAll(async () => {
    own = await rig.newExperiment('searched models')
    const run = await rig.newRun(own)
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      rig.clock.advance(1)
      const tags = i === 1 ? [{ key: 'kind', value: 'best' }] : []
      const params = [{ key: 'depth', value: String(i) }]
      const { model } = await rig.postOk('logged-models', {
        experiment_id: own,
        name,
        source_run_id: run,
        params,
        tags,
      })
      ids[name] = model.info.model_id
      const metric = { run_id: run, key: 'acc', value: i === 2 ? 'NaN' : i, timestamp: 1, model_id: ids[name] }
      await rig.postOk('runs/log-metric', i === 0 ? { ...metric, dataset_name: 'test', dataset_digest: 'd' } : metric)
    }
    await rig.call('PATCH', `logged-models/${ids.c}`, { status: 'LOGGED_MODEL_UPLOAD_FAILED' })
  })

  const found = async (body: object) => {
    const { models = [] } = await rig.postOk('logged-models/search', { experiment_ids: [own], ...body })
    return models.map((m: Json) => m.info.name).join('')
  }

  it.each([
    ['', 'cba'],
    ["name = 'a'", 'a'],
    ["name LIKE '%' AND params.depth = '2'", 'c'],
    ["tags.kind = 'best'", 'b'],
    ['metrics.acc >= 0', 'ba'],
    ['metrics.acc > 0 AND metrics.acc < 2', 'b'],
    ["status = 'FAILED'", 'c'],
    ["source_run_id = 'nobody'", ''],
    ['creation_time > 0', 'cba'],
  ])('by %s', async (filter, expected) => {
    expect(await found({ filter })).toBe(expected)
  })

  it('in an order, on a dataset, in pages', async () => {
    expect(await found({ order_by: [{ field_name: 'metrics.acc', ascending: false }] })).toBe('bac')
    expect(await found({ order_by: [{ field_name: 'name' }] })).toBe('abc')
    expect(await found({ datasets: [{ dataset_name: 'test' }] })).toBe('a')
    expect(await found({ datasets: [{ dataset_name: 'test', dataset_digest: 'other' }] })).toBe('')
    const first = await rig.postOk('logged-models/search', { experiment_ids: [own], max_results: 2 })
    expect(first.models).toHaveLength(2)
    expect(await found({ max_results: 2, page_token: first.next_page_token })).toBe('a')
    expect(await rig.postOk('logged-models/search', {})).toEqual({})
  })
})

it('a client of MLflow 3 is told that large files go the plain way', async () => {
  const answer = await rig.server.app.inject({ url: '/api/3.0/mlflow/server-info', headers: { host: 'localhost' } })
  expect(answer.json()).toMatchObject({ workspaces_enabled: false, multipart_uploads_enabled: false })
})
