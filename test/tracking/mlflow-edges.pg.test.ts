/** What the pages and clients of MLflow ask for beside runs and models, and how they are answered what is not here. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MlflowRig, openMlflowRig } from './rig.ts'

let rig: MlflowRig

beforeAll(async () => {
  rig = await openMlflowRig()
})

afterAll(() => rig.close())

describe('a part of MLflow that is not here', () => {
  test.each([
    ['GET', '/api/2.0/mlflow/no/such'],
    ['POST', '/ajax-api/3.0/mlflow/scorers/register'],
    ['PUT', '/api/2.0/mlflow/runs/create'],
    ['DELETE', '/api/2.0/mlflow/runs/create'],
    ['PATCH', '/ajax-api/2.0/mlflow/runs/get'],
    ['POST', '/api/2.0/mlflow/gateway-proxy'],
  ] as const)('%s %s is ENDPOINT_NOT_FOUND', async (method, url) => {
    const json = { 'content-type': 'application/json' }
    // What a body is for nobody is not read: neither is one that is no JSON, or too long.
    const bodies = ['{"a":1}', '{"a":', 'x'.repeat(1_100_000)].map((payload) => ({ headers: json, payload }))
    for (const body of [{ headers: {} }, ...bodies]) {
      const answer = await rig.server.app.inject({
        method,
        url,
        ...body,
        headers: { host: 'localhost', ...body.headers },
      })
      expect(answer.statusCode).toBe(404)
      expect(answer.json()).toEqual({ error_code: 'ENDPOINT_NOT_FOUND', message: expect.stringContaining(url) })
    }
  })

  test('elsewhere it is our own form', async () => {
    const answer = await rig.server.app.inject({ url: '/no/such', headers: { host: 'localhost' } })
    expect(answer.json()).toMatchObject({ error: 'not_found' })
  })
})

describe('steps', () => {
  const [most, least] = ['9223372036854775807', '-9223372036854775808']

  test('are kept exactly over all of an int64, and given as text beyond 2^53', async () => {
    const run_id = await rig.newRun()
    const url = '/api/2.0/mlflow/runs/log-metric'
    for (const step of [most, least, '9007199254740993', '5']) {
      const payload = `{"run_id":"${run_id}","key":"m","value":1,"timestamp":1,"step":${step}}`
      const headers = { host: 'localhost', 'content-type': 'application/json' }
      expect((await rig.server.app.inject({ method: 'POST', url, headers, payload })).statusCode).toBe(200)
    }
    await rig.postOk('runs/log-metric', { run_id, key: 'as text', value: 1, timestamp: 1, step: most })
    const { metrics } = await rig.getOk('metrics/get-history', { run_id, metric_key: 'm' })
    expect(metrics.map((metric: { step: unknown }) => metric.step)).toEqual([least, 5, '9007199254740993', most])
    const { run } = await rig.getOk('runs/get', { run_id })
    expect(run.data.metrics).toMatchObject([
      { key: 'as text', step: most },
      { key: 'm', step: most },
    ])
    const found = await rig.postOk('runs/search', { experiment_ids: ['0'], filter: `attributes.run_id = '${run_id}'` })
    expect(found.runs[0].data.metrics).toMatchObject([{ step: most }, { step: most }])
  })

  test('of logged models and run outputs too', async () => {
    const run_id = await rig.newRun()
    const { model } = await rig.postOk('logged-models', { experiment_id: '0', name: 'm', source_run_id: run_id })
    const { model_id } = model.info
    await rig.postOk('runs/log-metric', { run_id, key: 'm', value: 1, timestamp: 1, step: most, model_id })
    await rig.postOk('runs/outputs', { run_id, models: [{ model_id, step: most }] })
    expect((await rig.getOk(`logged-models/${model_id}`)).model.data.metrics).toMatchObject([{ step: most }])
    expect((await rig.getOk('runs/get', { run_id })).run.outputs.model_outputs).toEqual([{ model_id, step: most }])
  })

  test.each(['9223372036854775808', '1.5', '"x"', '1e30', '12345678901234567890123'])('%s is refused', async (step) => {
    const payload = `{"run_id":"${await rig.newRun()}","key":"m","value":1,"timestamp":1,"step":${step}}`
    const headers = { host: 'localhost', 'content-type': 'application/json' }
    const answer = await rig.server.app.inject({
      method: 'POST',
      url: '/api/2.0/mlflow/runs/log-metric',
      headers,
      payload,
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.json().message).toContain("parameter 'step'")
  })
})

describe('the same dataset', () => {
  const dataset = { name: 'd', digest: '1', source_type: 's', source: 's' }
  const pair = (key: string, value: string) => ({ key, value })
  const as = (context: string | null, ...more: { key: string; value: string }[]) => ({
    dataset,
    tags: [...(context === null ? [] : [{ key: 'mlflow.data.context', value: context }]), ...more],
  })
  const contextsOf = async (run_id: string) => {
    const { run } = await rig.getOk('runs/get', { run_id })
    return run.inputs.dataset_inputs.map(({ tags = [] }: { tags?: { key: string; value: string }[] }) =>
      Object.fromEntries(tags.map(({ key, value }) => [key, value])),
    )
  }

  test('as training and then as eval keeps both, and is found by both', async () => {
    const experiment = await rig.newExperiment('contexts')
    const run_id = await rig.newRun(experiment)
    for (const [i, context] of ['training', 'eval', 'eval', 'training'].entries()) {
      const more = [pair(`in ${context}`, String(i)), pair(`use ${i}`, 'x')]
      await rig.postOk('runs/log-inputs', { run_id, datasets: [as(context, ...more)] })
    }
    // Of a tag the last counts; one that the second use does not have stays.
    expect(await contextsOf(run_id)).toEqual([
      { 'mlflow.data.context': 'training', 'in training': '3', 'use 0': 'x', 'use 3': 'x' },
      { 'mlflow.data.context': 'eval', 'in eval': '2', 'use 1': 'x', 'use 2': 'x' },
    ])
    for (const context of ['training', 'eval']) {
      const filter = `datasets.context = '${context}'`
      expect((await rig.postOk('runs/search', { experiment_ids: [experiment], filter })).runs).toHaveLength(1)
    }
    const { dataset_summaries } = await rig.postOk('experiments/search-datasets', { experiment_ids: [experiment] })
    const summary = { experiment_id: experiment, name: 'd', digest: '1' }
    expect(dataset_summaries).toEqual([
      { ...summary, context: 'eval' },
      { ...summary, context: 'training' },
    ])
  })

  test('twice in one request, with and without a context', async () => {
    const run_id = await rig.newRun(await rig.newExperiment('contexts at once'))
    const datasets = [as('training'), as('eval'), as(null), as('eval', { key: 'a', value: 'b' })]
    await rig.postOk('runs/log-inputs', { run_id, datasets })
    const found = await contextsOf(run_id)
    expect(found).toHaveLength(3)
    expect(found).toContainEqual({ 'mlflow.data.context': 'eval', a: 'b' })
    expect(found).toContainEqual({})
  })

  test('logged by two at the same time for two purposes keeps both', async () => {
    const run_id = await rig.newRun(await rig.newExperiment('contexts of two'))
    const contexts = ['a', 'b', 'c', 'd', 'e', 'f']
    await Promise.all(contexts.map((c) => rig.postOk('runs/log-inputs', { run_id, datasets: [as(c)] })))
    const found = await contextsOf(run_id)
    expect(found.map((tags: Record<string, string>) => tags['mlflow.data.context']).sort()).toEqual(contexts)
  })

  test('no datasets at all is refused; models alone are enough', async () => {
    const run_id = await rig.newRun()
    const refused = await rig.post('runs/log-inputs', { run_id })
    expect(refused).toMatchObject({ status: 400, json: { message: expect.stringContaining("parameter 'datasets'") } })
    const { model } = await rig.postOk('logged-models', { experiment_id: '0', name: 'used' })
    await rig.postOk('runs/log-inputs', { run_id, models: [{ model_id: model.info.model_id }] })
  })
})

describe('histories of several runs', () => {
  const bulk = 'metrics/get-history-bulk'

  async function runWith(steps: number): Promise<string> {
    const run_id = await rig.newRun()
    for (let from = 0; from < steps; from += 1000) {
      const length = Math.min(1000, steps - from)
      const metrics = Array.from({ length }, (_, i) => ({ key: 'm', value: 1, timestamp: 1, step: from + i }))
      await rig.postOk('runs/log-batch', { run_id, metrics })
    }
    return run_id
  }

  const ask = (path: string, query: [string, string][]) => rig.call('GET', `${path}?${new URLSearchParams(query)}`)

  test('come by run, each in its order, so many in all', async () => {
    const runs = [await runWith(3), await runWith(3)].sort()
    const backwards = runs.toReversed().map((run): [string, string] => ['run_id', run])
    const query: [string, string][] = [['metric_key', 'm'], ...backwards]
    const all = (await ask(bulk, query)).json.metrics
    expect(all.map((m: { run_id: string; step: number }) => [m.run_id, m.step])).toEqual(
      runs.flatMap((run) => [0, 1, 2].map((step) => [run, step])),
    )
    expect((await ask(bulk, [...query, ['max_results', '4']])).json.metrics).toEqual(all.slice(0, 4))
  })

  test('are thinned out evenly, with the first and last step of each run, also beyond a page of the history', async () => {
    const [long, short] = [await runWith(2_100), await runWith(11)]
    const query: [string, string][] = [
      ['metric_key', 'm'],
      ['run_ids', long],
      ['run_ids', short],
      ['max_results', '3'],
    ]
    const { metrics } = (await ask(`${bulk}-interval`, query)).json
    const stepsOf = (run: string) =>
      metrics.filter((m: { run_id: string }) => m.run_id === run).map((m: { step: number }) => m.step)
    expect(stepsOf(long)).toEqual([0, 10, 700, 1400, 2099])
    expect(stepsOf(short)).toEqual([0, 10])
    const range: [string, string][] = [...query, ['start_step', '4'], ['end_step', '6']]
    const inRange = (await ask(`${bulk}-interval`, range)).json.metrics
    expect(inRange.map((m: { step: number }) => m.step)).toEqual([4, 5, 6, 4, 5, 6])
  })

  test.each<[string, [string, string][], string]>([
    [bulk, [['metric_key', 'm']], 'must specify at least one run_id'],
    [bulk, [['run_id', 'a']], 'must specify a metric_key'],
    [bulk, Array.from({ length: 101 }, (_, i): [string, string] => ['run_id', `${i}`]), 'cannot specify more than 100'],
    [`${bulk}-interval`, [['metric_key', 'm']], "parameter 'run_ids'"],
    [
      `${bulk}-interval`,
      [
        ['run_ids', 'a'],
        ['metric_key', ''],
      ],
      "parameter 'metric_key'",
    ],
    [
      `${bulk}-interval`,
      [
        ['run_ids', 'a'],
        ['metric_key', 'm'],
        ['max_results', '0'],
      ],
      'between 1 and 2500',
    ],
    [
      `${bulk}-interval`,
      [
        ['run_ids', 'a'],
        ['metric_key', 'm'],
        ['start_step', '1'],
      ],
      'both must be specified',
    ],
    [
      `${bulk}-interval`,
      [
        ['run_ids', 'a'],
        ['metric_key', 'm'],
        ['start_step', '1'],
        ['end_step', '0'],
      ],
      'end_step must be greater',
    ],
  ])('a wrong question is refused: %s %s', async (path, query, says) => {
    expect(await ask(path, query)).toMatchObject({ status: 400, json: { message: expect.stringContaining(says) } })
  })
})

describe('texts that clients read', () => {
  test('what is missing in a batch is named by its place', async () => {
    const run_id = await rig.newRun()
    for (const [body, says] of [
      [
        {
          metrics: [
            { key: 'a', value: 1, timestamp: 1 },
            { key: 'a', value: 1 },
          ],
        },
        "'metrics[1].timestamp'",
      ],
      [{ params: [{ value: '1' }] }, "'params[0].key'"],
      [{ tags: [{ key: 'a' }, {}] }, "'tags[1].key'"],
    ] as const) {
      const { status, json } = await rig.post('runs/log-batch', { run_id, ...body })
      expect([status, json.message]).toEqual([
        400,
        expect.stringContaining(`Missing value for required parameter ${says}`),
      ])
    }
  })

  test('a name that is taken is said as MLflow says it, of a new experiment and of a new name', async () => {
    await rig.newExperiment('popular')
    const other = await rig.newExperiment('unknown')
    const message = expect.stringMatching(/^Experiment\(name=popular\) already exists/)
    const taken = { status: 400, json: { error_code: 'RESOURCE_ALREADY_EXISTS', message } }
    expect(await rig.post('experiments/create', { name: 'popular' })).toMatchObject(taken)
    expect(await rig.post('experiments/update', { experiment_id: other, new_name: 'popular' })).toMatchObject(taken)
  })

  test('a path that leads elsewhere is an "Invalid path" and no more', async () => {
    const query = { run_id: await rig.newRun(), path: '../path' }
    const told = { error_code: 'INVALID_PARAMETER_VALUE', message: 'Invalid path' }
    expect((await rig.get('artifacts/list', query)).json).toEqual(told)
    for (const path of ['/get-artifact', '/model-versions/get-artifact', '/ajax-api/2.0/mlflow/get-artifact']) {
      const url = `${path}?${new URLSearchParams({ ...query, name: 'm', version: '1' })}`
      expect((await rig.server.app.inject({ url, headers: { host: 'localhost' } })).json()).toEqual(told)
    }
  })
})

describe('single files of MLflow’s pages', () => {
  const url = '/ajax-api/2.0/mlflow/upload-artifact'

  test('are sent as they are and come back', async () => {
    const run_uuid = await rig.newRun()
    const query = new URLSearchParams({ run_uuid, path: 'a/MLproject' })
    const headers = { host: 'localhost', 'content-type': 'text/csv' }
    const sent = await rig.server.app.inject({ method: 'POST', url: `${url}?${query}`, headers, payload: 'hello' })
    expect(sent.statusCode).toBe(200)
    const got = await rig.server.app.inject({ url: `/get-artifact?${query}`, headers: { host: 'localhost' } })
    expect([got.body, got.headers['content-type']]).toEqual(['hello', 'text/plain'])
  })

  test.each([
    [{}, 'hello', 'Request must specify run_uuid.'],
    [{ run_uuid: 'r' }, 'hello', 'Request must specify path.'],
    [{ run_uuid: 'r', path: '../a' }, 'hello', 'Invalid path'],
    [{ run_uuid: 'r', path: 'a' }, undefined, 'Request must specify data.'],
  ])('are refused with %j', async (query, payload, says) => {
    const headers = { host: 'localhost' }
    const answer = await rig.server.app.inject({
      method: 'POST',
      url: `${url}?${new URLSearchParams(query)}`,
      headers,
      payload,
    })
    expect([answer.statusCode, answer.json().message]).toEqual([400, says])
  })

  test('too large a one is refused, and a page of another origin', async () => {
    const query = new URLSearchParams({ run_uuid: await rig.newRun(), path: 'a' })
    const headers = { host: 'localhost' }
    const large = { method: 'POST', url: `${url}?${query}`, headers, payload: Buffer.alloc(10 * 2 ** 20 + 1) } as const
    expect((await rig.server.app.inject(large)).statusCode).toBe(400)
    const foreign = { ...large, headers: { ...headers, origin: 'http://evil.example' }, payload: 'x' }
    expect((await rig.server.app.inject(foreign)).statusCode).toBe(403)
  })

  test('of a logged model are found by its id, and lead nowhere else', async () => {
    const { model_id } = (await rig.postOk('logged-models', { experiment_id: '0', name: 'pages' })).model.info
    await rig.tracking.artifacts.put(`0/models/${model_id}/artifacts/MLmodel`, Buffer.from('flavors: {}'))
    const get = (id: string, artifact_file_path?: string) =>
      rig.server.app.inject({
        url: `/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?${new URLSearchParams({ ...(artifact_file_path ? { artifact_file_path } : {}) })}`,
        headers: { host: 'localhost' },
      })
    expect((await get(model_id, 'MLmodel')).body).toBe('flavors: {}')
    const wrong = [
      get(model_id),
      get(model_id, '../MLmodel'),
      get(model_id, 'none'),
      get(`m-${'0'.repeat(32)}`, 'MLmodel'),
    ]
    expect((await Promise.all(wrong)).map((answer) => answer.statusCode)).toEqual([400, 400, 404, 404])
  })

  test('of a registered version are found by its name', async () => {
    const run_id = await rig.newRun()
    await rig.tracking.artifacts.putOfRun(run_id, 'model/MLmodel', Buffer.from('flavors: {}'))
    await rig.postOk('registered-models/create', { name: 'shown' })
    await rig.postOk('model-versions/create', { name: 'shown', source: `runs:/${run_id}/model`, run_id })
    const query = new URLSearchParams({ name: 'shown', version: '1', path: 'MLmodel' })
    const answer = await rig.server.app.inject({
      url: `/model-versions/get-artifact?${query}`,
      headers: { host: 'localhost' },
    })
    expect(answer.body).toBe('flavors: {}')
  })
})
