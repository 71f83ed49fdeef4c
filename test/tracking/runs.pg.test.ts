import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MlflowRig, openMlflowRig, START_MS } from './rig.ts'

let rig: MlflowRig
beforeAll(async () => {
  rig = await openMlflowRig()
})
afterAll(() => rig.close())

describe('a run', () => {
  it('is created, updated and read as MLflow writes it', async () => {
    const { run } = await rig.postOk('runs/create', {
      experiment_id: '0',
      run_name: 'first',
      user_id: 'ann',
      start_time: '1700000000000',
      tags: [{ key: 'team', value: 'a' }],
      some_field_of_the_future: 1,
    })
    const id = run.info.run_id
    expect(run).toEqual({
      info: {
        run_id: id,
        run_uuid: id,
        run_name: 'first',
        experiment_id: '0',
        user_id: 'ann',
        status: 'RUNNING',
        start_time: 1_700_000_000_000,
        artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`,
        lifecycle_stage: 'active',
      },
      data: {
        tags: [
          { key: 'mlflow.runName', value: 'first' },
          { key: 'team', value: 'a' },
        ],
      },
      inputs: {},
    })
    const { run_info } = await rig.postOk('runs/update', {
      run_uuid: id,
      status: 'FINISHED',
      end_time: 1_700_000_001_000,
    })
    expect(run_info).toMatchObject({ status: 'FINISHED', end_time: 1_700_000_001_000 })
    expect((await rig.getOk('runs/get', { run_id: id })).run.info).toEqual(run_info)
  })

  it('gets a name and a time when it is created without', async () => {
    const { run } = await rig.postOk('runs/create', { experiment_id: '0' })
    expect(run.info.run_name).toMatch(/^[a-z]+-[a-z]+-\d+$/)
    expect(run.info.start_time).toBe(START_MS)
    expect(run.data.tags).toEqual([{ key: 'mlflow.runName', value: run.info.run_name }])
  })

  it('has one name: its own and that of its tag follow each other', async () => {
    const id = await rig.newRun('0', { tags: [{ key: 'mlflow.runName', value: 'by tag' }] })
    const name = async () => {
      const { run } = await rig.getOk('runs/get', { run_id: id })
      expect(run.data.tags).toEqual([{ key: 'mlflow.runName', value: run.info.run_name }])
      return run.info.run_name
    }
    expect(await name()).toBe('by tag')
    await rig.postOk('runs/update', { run_id: id, run_name: 'by update' })
    expect(await name()).toBe('by update')
    await rig.postOk('runs/set-tag', { run_id: id, key: 'mlflow.runName', value: 'by set-tag' })
    expect(await name()).toBe('by set-tag')
    const both = { experiment_id: '0', run_name: 'a', tags: [{ key: 'mlflow.runName', value: 'b' }] }
    expect((await rig.post('runs/create', both)).status).toBe(400)
  })

  it.each([
    [400, 'runs/create', {}, "Missing value for required parameter 'experiment_id'"],
    [400, 'runs/create', { experiment_id: 5 }, "Invalid value 5 for parameter 'experiment_id' supplied"],
    [404, 'runs/create', { experiment_id: '4711' }, 'No Experiment with id=4711 exists'],
    [404, 'runs/update', { run_id: 'f'.repeat(32) }, `Run with id=${'f'.repeat(32)} not found`],
    [404, 'runs/delete', { run_id: 'nonsense' }, 'Run with id=nonsense not found'],
    [400, 'runs/delete', {}, "Missing value for required parameter 'run_id'"],
  ])('answers %i to %s %j', async (status, path, body, message) => {
    const answer = await rig.post(path, body)
    expect(answer).toMatchObject({ status, json: { message: expect.stringContaining(message) } })
    const code = status === 404 ? 'RESOURCE_DOES_NOT_EXIST' : 'INVALID_PARAMETER_VALUE'
    expect(answer.json.error_code).toBe(code)
  })

  it('refuses a status that does not exist', async () => {
    const id = await rig.newRun()
    expect((await rig.post('runs/update', { run_id: id, status: 'DONE' })).status).toBe(400)
    expect((await rig.getOk('runs/get', { run_id: id })).run.info.status).toBe('RUNNING')
  })

  it('takes nothing more once it is deleted, until it is restored', async () => {
    const id = await rig.newRun()
    for (const _ of [1, 2]) expect((await rig.post('runs/delete', { run_id: id })).status).toBe(200)
    expect((await rig.getOk('runs/get', { run_id: id })).run.info.lifecycle_stage).toBe('deleted')
    const calls: [string, object][] = [
      ['runs/log-parameter', { key: 'a', value: '1' }],
      ['runs/log-metric', { key: 'a', value: 1, timestamp: 1 }],
      ['runs/set-tag', { key: 'a', value: '1' }],
      ['runs/log-batch', { tags: [{ key: 'a', value: '1' }] }],
      ['runs/update', { status: 'FINISHED' }],
      ['runs/log-model', { model_json: '{}' }],
    ]
    for (const [path, body] of calls) {
      const answer = await rig.post(path, { run_id: id, ...body })
      expect(answer, path).toMatchObject({
        status: 400,
        json: { message: expect.stringContaining("must be in the 'active' state") },
      })
    }
    await rig.postOk('runs/restore', { run_id: id })
    // What was refused was not kept all the same.
    expect((await rig.getOk('runs/get', { run_id: id })).run.data.metrics).toBeUndefined()
    expect(await rig.getOk('metrics/get-history', { run_id: id, metric_key: 'a' })).toEqual({})
    await rig.postOk('runs/log-parameter', { run_id: id, key: 'a', value: '1' })
  })

  it('keeps the models that it logged, however long their descriptions', async () => {
    const id = await rig.newRun()
    const long = 'x'.repeat(20_000)
    for (const path of ['m1', 'm2']) {
      await rig.postOk('runs/log-model', { run_id: id, model_json: JSON.stringify({ artifact_path: path, long }) })
    }
    const { run } = await rig.getOk('runs/get', { run_id: id })
    const tag = run.data.tags.find((t: { key: string }) => t.key === 'mlflow.log-model.history')
    expect(JSON.parse(tag.value)).toEqual([
      { artifact_path: 'm1', long },
      { artifact_path: 'm2', long },
    ])
    expect((await rig.post('runs/log-model', { run_id: id, model_json: 'no json' })).status).toBe(400)
  })

  it('keeps its datasets with their tags, and knows the same one again', async () => {
    const dataset = { name: 'd', digest: 'abc', source_type: 'local', source: '{}', schema: '{"s":1}' }
    const ids = [await rig.newRun(), await rig.newRun()]
    for (const id of ids) {
      const tags = [{ key: 'mlflow.data.context', value: 'training' }]
      await rig.postOk('runs/log-inputs', { run_id: id, datasets: [{ tags, dataset }] })
      const { run } = await rig.getOk('runs/get', { run_id: id })
      expect(run.inputs).toEqual({ dataset_inputs: [{ tags, dataset }] })
    }
    const long = { ...dataset, digest: 'x'.repeat(37) }
    expect((await rig.post('runs/log-inputs', { run_id: ids[0], datasets: [{ dataset: long }] })).status).toBe(400)
    const profile = 'p'.repeat(2_000_000)
    await rig.postOk('runs/log-inputs', { run_id: ids[0], datasets: [{ dataset: { ...dataset, name: 'e', profile } }] })
  })
})

describe('params', () => {
  const value = async (id: string, key: string) =>
    (await rig.getOk('runs/get', { run_id: id })).run.data.params?.find((p: { key: string }) => p.key === key)?.value

  it('never change: the same again is fine, another value is refused with both', async () => {
    const id = await rig.newRun()
    const log = (text: string) => rig.post('runs/log-parameter', { run_id: id, key: 'a', value: text })
    expect((await log('1')).status).toBe(200)
    expect((await log('1')).status).toBe(200)
    const message = `Changing param values is not allowed. Param with key='a' was already logged with value='1' for run ID='${id}'. Attempted logging new value '2'.`
    expect(await log('2')).toEqual({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE', message } })
    expect(await value(id, 'a')).toBe('1')
  })

  it('are decided once when two write at the same time', async () => {
    const id = await rig.newRun()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => rig.post('runs/log-parameter', { run_id: id, key: 'a', value: `${i % 3}` })),
    )
    const winner = await value(id, 'a')
    answers.forEach(({ status }, i) => {
      expect(status).toBe(`${i % 3}` === winner ? 200 : 400)
    })
  })

  it('may be empty and are cut off at 6000 characters, never within one', async () => {
    const id = await rig.newRun()
    await rig.postOk('runs/log-parameter', { run_id: id, key: 'empty', value: '' })
    await rig.postOk('runs/log-parameter', { run_id: id, key: 'long', value: `${'a'.repeat(5999)}😀` })
    expect(await value(id, 'empty')).toBe('')
    expect(await value(id, 'long')).toBe('a'.repeat(5999))
  })

  it.each(['../a', '/a', 'a//b', 'a/', '.', './a', 'a/../b', 'a"b', 'a\nb', 'x'.repeat(251)])(
    'may not be named %j',
    async (key) => {
      const id = await rig.newRun()
      expect((await rig.post('runs/log-parameter', { run_id: id, key, value: '1' })).status).toBe(400)
    },
  )

  it.each(['a/b', 'größe', 'a b', 'a:b', '__proto__', 'x'.repeat(250)])('may be named %j', async (key) => {
    const id = await rig.newRun()
    await rig.postOk('runs/log-parameter', { run_id: id, key, value: 'v' })
    expect(await value(id, key)).toBe('v')
  })
})

describe('tags', () => {
  it('are overwritten and deleted', async () => {
    const id = await rig.newRun()
    const tag = async () =>
      (await rig.getOk('runs/get', { run_id: id })).run.data.tags.find((t: { key: string }) => t.key === 'k')?.value
    await rig.postOk('runs/set-tag', { run_id: id, key: 'k', value: '1' })
    await rig.postOk('runs/set-tag', { run_id: id, key: 'k', value: '<b>2</b>' })
    expect(await tag()).toBe('<b>2</b>')
    await rig.postOk('runs/delete-tag', { run_id: id, key: 'k' })
    expect(await tag()).toBeUndefined()
    expect((await rig.post('runs/delete-tag', { run_id: id, key: 'k' })).status).toBe(404)
  })
})

describe('a batch', () => {
  it('is written whole or not at all', async () => {
    const id = await rig.newRun()
    await rig.postOk('runs/log-parameter', { run_id: id, key: 'p', value: 'old' })
    const answer = await rig.post('runs/log-batch', {
      run_id: id,
      metrics: [{ key: 'm', value: 1, timestamp: 1, step: 0 }],
      params: [
        { key: 'fresh', value: '1' },
        { key: 'p', value: 'new' },
      ],
      tags: [{ key: 't', value: '1' }],
    })
    expect(answer.status).toBe(400)
    const { run } = await rig.getOk('runs/get', { run_id: id })
    expect(run.data.metrics).toBeUndefined()
    expect(run.data.params).toEqual([{ key: 'p', value: 'old' }])
    expect(run.data.tags.map((t: { key: string }) => t.key)).toEqual(['mlflow.runName'])
  })

  it('takes 1000 metrics and no more, and refuses a key twice', async () => {
    const id = await rig.newRun()
    const metrics = (n: number) => Array.from({ length: n }, (_, i) => ({ key: `m${i}`, value: i, timestamp: 1 }))
    await rig.postOk('runs/log-batch', { run_id: id, metrics: metrics(1000) })
    expect((await rig.getOk('runs/get', { run_id: id })).run.data.metrics).toHaveLength(1000)
    expect(await rig.post('runs/log-batch', { run_id: id, metrics: metrics(1001) })).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('A batch logging request can contain at most 1000 metrics') },
    })
    const params = Array.from({ length: 2 }, () => ({ key: 'a', value: '1' }))
    expect((await rig.post('runs/log-batch', { run_id: id, params })).status).toBe(400)
    expect(
      (await rig.post('runs/log-batch', { run_id: id, tags: [{ key: 'a', value: 'x'.repeat(1_000_001) }] })).status,
    ).toBe(400)
  })
})

describe('metrics', () => {
  it('have the greatest (step, timestamp, value) as the latest, and their whole history in order', async () => {
    const id = await rig.newRun()
    const points = [
      [3, 10, 1],
      [5, 9, 2],
      [1, 12, 2],
      [2, 12, 2],
      [9, 99, -1],
    ].map(([value, timestamp, step]) => ({ key: 'm', value, timestamp, step }))
    await rig.postOk('runs/log-batch', { run_id: id, metrics: points.slice(0, 3) })
    await rig.postOk('runs/log-batch', { run_id: id, metrics: points })
    const { run } = await rig.getOk('runs/get', { run_id: id })
    expect(run.data.metrics).toEqual([{ key: 'm', value: 2, timestamp: 12, step: 2 }])
    const { metrics } = await rig.getOk('metrics/get-history', { run_id: id, metric_key: 'm' })
    expect(metrics.map((m: { timestamp: number; value: number }) => [m.timestamp, m.value])).toEqual([
      [9, 5],
      [10, 3],
      [12, 1],
      [12, 2],
      [99, 9],
    ])
  })

  it('take NaN and the infinities, also as text, and give them as MLflow does', async () => {
    const id = await rig.newRun()
    const values = { nan: 'NaN', up: 'Infinity', down: '-Infinity', text: '0.5', tiny: 5e-324, minus: -0.1 }
    for (const [key, value] of Object.entries(values)) {
      await rig.postOk('runs/log-metric', { run_id: id, key, value, timestamp: '1' })
    }
    const { run } = await rig.getOk('runs/get', { run_id: id })
    const given = Object.fromEntries(run.data.metrics.map((m: { key: string; value: unknown }) => [m.key, m.value]))
    expect(given).toEqual({
      nan: 'NaN',
      up: 1.7976931348623157e308,
      down: -1.7976931348623157e308,
      text: 0.5,
      tiny: 5e-324,
      minus: -0.1,
    })
    const raw = await rig.server.app.inject({
      method: 'POST',
      url: '/api/2.0/mlflow/runs/log-metric',
      headers: { host: 'localhost', 'content-type': 'application/json' },
      payload: `{"run_id":"${id}","key":"raw","value":NaN,"timestamp":1}`,
    })
    expect(raw.statusCode).toBe(400)
  })

  it('come in pages', async () => {
    const id = await rig.newRun()
    const metrics = Array.from({ length: 7 }, (_, step) => ({ key: 'm', value: step, timestamp: step, step }))
    await rig.postOk('runs/log-batch', { run_id: id, metrics })
    const seen: number[] = []
    let token: string | undefined
    do {
      const page = await rig.getOk('metrics/get-history', {
        run_id: id,
        metric_key: 'm',
        max_results: '3',
        ...(token ? { page_token: token } : {}),
      })
      seen.push(...page.metrics.map((m: { step: number }) => m.step))
      token = page.next_page_token
    } while (token)
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('without history are an empty answer, also of a run that does not exist', async () => {
    expect(await rig.getOk('metrics/get-history', { run_id: 'f'.repeat(32), metric_key: 'm' })).toEqual({})
  })

  it.each([
    [{ key: 'm', timestamp: 1 }, "Missing value for required parameter 'value'"],
    [{ key: 'm', value: 1 }, "Missing value for required parameter 'timestamp'"],
    [{ value: 1, timestamp: 1 }, "Missing value for required parameter 'key'"],
    [{ key: 'm', value: 'much', timestamp: 1 }, 'Invalid value "much" for parameter \'value\' supplied'],
    [{ key: 'm', value: 1, timestamp: -1 }, "Invalid value -1 for parameter 'timestamp' supplied"],
    [{ key: 'm', value: 1, timestamp: 1, step: 1.5 }, "Invalid value 1.5 for parameter 'step' supplied"],
  ])('refuse %j', async (body, message) => {
    const answer = await rig.post('runs/log-metric', { run_id: await rig.newRun(), ...body })
    expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining(message) } })
  })
})
