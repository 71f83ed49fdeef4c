import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { impactOf } from '../../src/pipelines/impact.ts'
import { createRemoteMlflow } from '../../src/remote-mlflow/remote-mlflow.ts'
import { MODEL, openServerRig } from '../serving/rig.ts'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'

/** Another server of ours stands for the foreign one; the real one is in test/compat/remote-server.test.ts. */

describe('training and serving by another MLflow server', () => {
  let foreign: MlflowRig
  let rig: Awaited<ReturnType<typeof openServerRig>>
  beforeAll(async () => {
    foreign = await openMlflowRig()
    rig = await openServerRig({ tracking: await foreign.server.listen() })
    await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: parseInstant('2024-01-31', 'as-of') })
    await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  }, 120_000)
  afterAll(async () => {
    await rig?.close()
    await foreign?.close()
  })

  test('a run is logged, registered, promoted and loaded there, and nothing of it is kept here', async () => {
    const report = await rig.train()
    const run = await foreign.tracking.runs.get(report.runId)
    expect(run).toMatchObject({ status: 'FINISHED', name: 'rf_baseline_2024-01-31' })
    expect(run.metrics.map((m) => m.key)).toContain('val_auc')
    expect(run.params).toContainEqual({ key: 'n_estimators', value: '30' })
    expect(run.inputs).toHaveLength(1)
    const { files } = await foreign.tracking.artifacts.listOfRun(report.runId)
    expect(files.map((file) => file.path)).toEqual(
      expect.arrayContaining(['confusion_matrix.json', 'feature_schema.json', 'inputs.json', 'model']),
    )
    expect(await foreign.registry.getVersion(MODEL, report.version)).toMatchObject({ runId: report.runId })
    expect(await rig.app.registry.listModels()).toEqual([])
    expect((await rig.app.tracking.runs.search({ experimentIds: ['0', '1'], maxResults: 10 })).rows).toEqual([])

    await rig.promote(report.version)
    const answer = await rig.until(({ status }) => status === 200)
    expect(answer.body).toMatchObject({ model: { name: MODEL, version: String(report.version), run_id: report.runId } })
  }, 60_000)

  test('a training that was done before is found by its identity', async () => {
    const request = { model: MODEL, asOf: parseInstant('2024-01-31', 'as-of'), reuse: true }
    const first = await rig.app.trainBaseline(request)
    expect(first.reused).toBe(true)
    expect((await rig.app.mlflow.registry.versionsOf(MODEL)).length).toBe(first.version)
  })

  test('impact: runs and versions of the other server are found by the training set, with what is in Production', async () => {
    const found = await impactOf(rig.app, { source: 'labels', validAt: parseInstant('2024-01-31') })
    expect(found.unanswered).toBeNull()
    expect(found.versions).toMatchObject([{ name: MODEL, version: 1, stage: 'Production' }])
    expect(found.runs?.map((run) => run.runId)).toEqual([found.versions?.[0]?.runId])
    const live = await impactOf(rig.app, { source: 'usage_agg_30d', validAt: parseInstant('2024-01-31') })
    expect(live.liveViews.map((view) => view.view)).toEqual(['usage_agg_30d_fv'])
  })

  test('what is live goes on answering while the other server is away', async () => {
    await foreign.server.close()
    expect((await rig.predict({ user_id: '7590-VHVEG' })).status).toBe(200)
    const refused = rig.app.mlflow.registry.listModels()
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('cannot be reached'),
    })
    expect((await rig.predict({ user_id: '7590-VHVEG' })).status).toBe(200)
  }, 60_000)
})

describe('the calls to another MLflow server', () => {
  let foreign: MlflowRig
  let mlflow: ReturnType<typeof createRemoteMlflow>
  beforeAll(async () => {
    foreign = await openMlflowRig()
    mlflow = createRemoteMlflow({ url: `${await foreign.server.listen()}/` })
  })
  afterAll(() => foreign.close())

  const request = { runName: 'one', runId: 'a'.repeat(32), userId: 'weir', startTimeMs: 5, tags: { t: 'x' } }

  test('may be repeated: one experiment, one run, one version, one description of a model', async () => {
    const { tracking, registry } = mlflow
    const made = await Promise.all([tracking.experiments.ensure('again'), tracking.experiments.ensure('again')])
    expect(made[0]).toEqual(made[1])
    const { experimentId } = made[0]
    const first = await tracking.runs.create({ ...request, experimentId })
    const second = await tracking.runs.create({ ...request, experimentId })
    expect(second.runId).toBe(first.runId)
    const history = JSON.stringify([{ model_uuid: 'm1', artifact_path: 'model', flavors: {} }])
    const batch = {
      params: [{ key: 'p', value: 'ü' }],
      metrics: [{ key: 'm', value: Number.NaN, timestampMs: 1, step: 0 }],
      tags: [{ key: 'mlflow.log-model.history', value: history }],
    }
    for (let i = 0; i < 2; i++) await tracking.logBatch(first.runId, batch)
    const run = await tracking.runs.get(first.runId)
    expect(run.metrics).toEqual([{ key: 'm', value: Number.NaN, timestampMs: 1, step: 0 }])
    expect(run.params).toEqual([{ key: 'p', value: 'ü' }])
    expect(JSON.parse(run.tags.find((tag) => tag.key === 'mlflow.log-model.history')?.value ?? '')).toHaveLength(1)

    for (let i = 0; i < 2; i++) await registry.ensureModel('again')
    const source = `${first.artifactUri}/model`
    const version = await registry.createVersion({ name: 'again', source, runId: first.runId, tags: { a: "it's" } })
    expect(await registry.findVersionByRun('again', first.runId)).toEqual(version)
    expect(version).toMatchObject({ version: 1, stage: 'None', tags: { a: "it's" }, source })
    await registry.setAlias({ name: 'again', version: 1, alias: 'best', actor: 'x' })
    await registry.transition({ name: 'again', version: 1, stage: 'Staging', archiveExisting: true, actor: 'x' })
    expect(await registry.inStage('again', 'Staging')).toMatchObject({ version: 1, source })
    expect(await registry.inStage('again', 'Production')).toBeUndefined()
    expect(await registry.inStage('never', 'Production')).toBeUndefined()
    const [model] = await registry.listModels()
    expect(model).toMatchObject({ name: 'again', aliases: [{ alias: 'best', version: 1 }] })
  })

  test('carry artifacts of any name there and back', async () => {
    const { experimentId } = await mlflow.tracking.experiments.ensure('files')
    const run = await mlflow.tracking.runs.create({ ...request, runId: 'b'.repeat(32), experimentId })
    const body = Buffer.from([0, 1, 2, 255])
    await mlflow.tracking.artifacts.putOfRun(run.runId, 'a b/größe.bin', body)
    expect(await mlflow.tracking.artifacts.read(run.artifactUri, 'a b/größe.bin')).toEqual(body)
    await expect(mlflow.tracking.artifacts.read(run.artifactUri, 'none')).rejects.toMatchObject({ code: 'not_found' })
    await expect(mlflow.tracking.artifacts.read('file:///etc', 'passwd')).rejects.toMatchObject({
      code: 'invalid_argument',
    })
  })
})

describe('a server that is not as it should be', () => {
  let answer: (path: string) => { status: number; body: string; headers?: Record<string, string> }
  let asked: { path: string; authorization?: string }[]
  const server = createServer((request, response) => {
    asked.push({ path: request.url ?? '', authorization: request.headers.authorization })
    const { status, body, headers } = answer(request.url ?? '')
    response.writeHead(status, { ...headers, connection: 'close' }).end(body)
  })
  let url: string
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise<void>((done) => server.close(() => done())))
  beforeEach(() => {
    asked = []
  })

  const models = (more: object = {}) => createRemoteMlflow({ url, ...more }, { waitMs: 1 }).registry.listModels()

  test('is asked again while it is overloaded, and only then', async () => {
    answer = () => (asked.length < 3 ? { status: 503, body: 'busy' } : { status: 200, body: '{}' })
    expect(await models()).toEqual([])
    expect(asked.length).toBe(3)
    asked = []
    answer = () => ({ status: 500, body: '{"message":"broken"}' })
    await expect(models()).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('broken') })
    expect(asked.length).toBe(1)
  })

  test('is never asked twice for what it may have done', async () => {
    answer = () => ({ status: 503, body: 'busy' })
    const { registry } = createRemoteMlflow({ url }, { waitMs: 1 })
    await expect(registry.createVersion({ name: 'm', source: 's' })).rejects.toMatchObject({ code: 'unavailable' })
    expect(asked.length).toBe(1)
  })

  test('gets the credentials that are set, and its refusal says which to set', async () => {
    answer = () => ({ status: 401, body: 'no' })
    await expect(models({ token: 'secret' })).rejects.toMatchObject({
      message: expect.stringContaining('MLFLOW_TRACKING_TOKEN'),
    })
    await expect(models({ username: 'me', password: 'ü' })).rejects.toThrow('401')
    const basic = `Basic ${Buffer.from('me:ü').toString('base64')}`
    expect(asked.map(({ authorization }) => authorization)).toEqual(['Bearer secret', basic])
  })

  test('leads nowhere else: no redirect is followed', async () => {
    answer = () => ({ status: 302, body: '', headers: { location: 'http://169.254.169.254/' } })
    await expect(models()).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('is named when it is no MLflow server', async () => {
    answer = () => ({ status: 200, body: '<html>' })
    await expect(models()).rejects.toThrow(/is it an MLflow server/)
  })

  test('is refused when its artifacts lie where only itself can reach', async () => {
    const info = { run_id: 'x', experiment_id: '1', artifact_uri: '/mlruns/1/x/artifacts', status: 'RUNNING' }
    answer = (path) => ({ status: 200, body: JSON.stringify(path.includes('create') ? { run: { info } } : {}) })
    const { tracking } = createRemoteMlflow({ url }, { waitMs: 1 })
    await expect(tracking.runs.create({ experimentId: '1' })).rejects.toThrow(/--serve-artifacts/)
  })
})
