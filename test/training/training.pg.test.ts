import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Project } from '../../src/config/project.ts'
import { decodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { FEBRUARY, JANUARY, loadStreamflow } from '../features/real-data.ts'
import { madeUpSql, openTrainingRig, type TrainingRig, train } from './rig.ts'

describe('a training on made-up customers', () => {
  let project: Project
  let rig: TrainingRig
  let first: Awaited<ReturnType<typeof train>>

  beforeAll(async () => {
    project = await loadStreamflow()
    const [model] = project.models
    Object.assign(model!.learner, { trees: 40 })
    rig = await openTrainingRig(project)
    for (const source of project.sources) await rig.deliver(source, JANUARY, madeUpSql(source, 800, 'january'))
    first = await train(rig.training, { model: 'streamflow_churn', asOf: JANUARY, threads: 2 })
  })
  afterAll(() => rig.close())

  it('drops no row, and measures on a quarter of them', () => {
    expect(first.fit).toMatchObject({ rows: 800, trainRows: 600, testRows: 200 })
    expect(first.fit.metrics.val_auc).toBeGreaterThan(0.6)
    expect(first.fit.encoder.inputs.map((input) => input.name)).toEqual(
      project.featureServices[0]!.features.map((f) => f.name),
    )
  })

  it('is finished as a run with params, metrics, tags and inputs by the names that users know', async () => {
    const run = await rig.tracking.runs.get(first.run.runId)
    const params = Object.fromEntries(run.params.map(({ key, value }) => [key, value]))
    expect(run).toMatchObject({ name: 'rf_baseline_2024-01-31', status: 'FINISHED' })
    expect(params).toMatchObject({
      n_estimators: '40',
      max_depth: 'None',
      class_weight: 'balanced',
      max_features: 'sqrt',
      random_state: '42',
      test_size: '0.25',
      rows: '800',
      features: '14',
    })
    const metrics = 'acc ap ap_high ap_low auc auc_high auc_low brier ece f1 logloss logloss_high logloss_low'
    expect(run.metrics.map((m) => m.key).sort()).toEqual([
      'train_time_sec',
      ...metrics.split(' ').map((name) => `val_${name}`),
    ])
    expect(run.inputs[0]?.dataset).toMatchObject({ name: 'streamflow_churn 2024-01-31', sourceType: 'weir' })
    expect(run.tags.find((tag) => tag.key === 'weir.training_set')?.value).toBe(first.dataset.digest)
  })

  it('leaves artifacts that tell features, confusion, ROC, importance and everything that was pinned', async () => {
    const { files } = await rig.tracking.artifacts.listOfRun(first.run.runId)
    expect(files.map((file) => file.path)).toEqual([
      'calibration.json',
      'calibration.svg',
      'code.json',
      'confusion_matrix.json',
      'environment.json',
      'feature_importance.json',
      'feature_importance.svg',
      'feature_schema.json',
      'inputs.json',
      'intervals.json',
      'leaks.json',
      'lift.json',
      'lift.svg',
      'model',
      'model_card.md',
      'permutation_importance.json',
      'precision_recall.json',
      'precision_recall.svg',
      'roc.json',
      'roc.svg',
      'segments.json',
      'shap_dependence.json',
      'shap_summary.json',
    ])
    const schema = await artifact('feature_schema.json')
    expect(schema.features[5]).toEqual({
      name: 'net_service',
      type: 'String',
      nullable: false,
      categories: ['DSL', 'Fiber optic', 'No'],
    })
    const counts = await artifact('confusion_matrix.json')
    expect(counts.trueNegative + counts.falsePositive + counts.falseNegative + counts.truePositive).toBe(200)
    const inputs = await artifact('inputs.json')
    expect(inputs.pinned).toEqual(first.pinned)
    expect(inputs.trainingSet).toEqual(first.dataset)
  })

  it('pins all that decides it: time, definitions, snapshots, training set, code, lock file, versions', async () => {
    const { pinned, trainingSet, identity } = await artifact('inputs.json')
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(pinned).toMatchObject({
      asOf: '2024-01-31T00:00:00.000000Z',
      knownAt: expect.stringMatching(/Z$/),
      mode: 'restated',
      definitions: { model: { name: 'streamflow_churn' }, views: expect.any(Array), label: { name: 'churn' } },
      definitionsDigest: digest,
      code: digest,
      lockFile: { digest },
      versions: {
        weir: '0.0.0-test',
        duckdb: rig.duck.version,
        node: process.versions.node,
        platform: `${process.platform}-${process.arch}`,
      },
    })
    const snapshots = await rig.lake.list({ knownAt: pinned.knownAt })
    expect(trainingSet.digest).toEqual(digest)
    expect(trainingSet.inputs.map((input: { source: string; digest: string }) => [input.source, input.digest])).toEqual(
      ['labels', 'subscriptions', 'usage_agg_30d', 'payments_agg_90d', 'support_agg_90d'].map((source) => [
        source,
        snapshots.find((snapshot) => snapshot.source === source)?.digest,
      ]),
    )
    const { tags } = await rig.tracking.runs.get(first.run.runId)
    expect(Object.fromEntries(tags.map(({ key, value }) => [key, value]))).toMatchObject({
      'weir.model': 'streamflow_churn',
      'weir.training_set': trainingSet.digest,
      'weir.identity': identity,
      'weir.definitions_digest': pinned.definitionsDigest,
      'weir.code_digest': pinned.code,
      'weir.lock_file_digest': pinned.lockFile.digest,
      'weir.version': '0.0.0-test',
      'weir.platform': pinned.versions.platform,
    })
  })

  it('leaves a model folder with a signature, whose buffer predicts', async () => {
    const { files } = await rig.tracking.artifacts.listOfRun(first.run.runId, 'model')
    expect(files.map((file) => file.path.slice('model/'.length))).toEqual([
      'MLmodel',
      'conda.yaml',
      'input_example.json',
      'model.onnx',
      'model.weir',
      'python_env.yaml',
      'requirements.txt',
    ])
    const mlmodel = parse((await bytesOf('model/MLmodel')).toString())
    expect(mlmodel).toMatchObject({
      run_id: first.run.runId,
      flavors: { python_function: { loader_module: 'mlflow.onnx' } },
    })
    const columns: { name: string; type: string }[] = JSON.parse(mlmodel.signature.inputs)
    expect(columns.slice(0, 6).map((column) => `${column.name} ${column.type}`)).toEqual([
      'months_active long',
      'monthly_fee double',
      'paperless_billing boolean',
      'plan_stream_tv string',
      'plan_stream_movies string',
      'net_service string',
    ])
    const model = decodeModel(await bytesOf('model/model.weir'))
    const values = [1, 29.85, true, null, null, 'No', 24.4, 29.1, 3, 4, 1, 1, 0, 16]
    expect(predictOne(model, values)[0]).toBeGreaterThanOrEqual(0)
  })

  it('gives the same bytes again, with one thread, and after another month has come', async () => {
    for (const source of project.sources) await rig.deliver(source, FEBRUARY, madeUpSql(source, 800, 'february'))
    const again = await train(rig.training, { model: 'streamflow_churn', asOf: JANUARY, threads: 1 })
    expect(again.dataset.digest).toBe(first.dataset.digest)
    expect([again.fit.model, again.fit.onnx, again.fit.evaluation]).toEqual([
      first.fit.model,
      first.fit.onnx,
      first.fit.evaluation,
    ])
    expect(again.version).toEqual({ name: 'streamflow_churn', version: first.version.version + 1 })
  })

  it('may repeat each step: the run, its artifacts and its version are there once', async () => {
    const { pinned, dataset, fit } = first
    const again = await rig.training.fit(pinned, dataset)
    expect([again.model, again.onnx, again.evaluation]).toEqual([fit.model, fit.onnx, fit.evaluation])
    const run = await rig.training.logRun(pinned, dataset, fit)
    expect(run).toEqual(first.run)
    expect((await rig.tracking.metricHistory(run.runId, 'val_auc')).rows).toHaveLength(1)
    expect(await rig.training.register(pinned, run)).toEqual(first.version)
  })

  it('is found again by what it was trained from, and not after a correction', async () => {
    const pinned = await rig.training.pin({ model: 'streamflow_churn', asOf: JANUARY })
    const dataset = await rig.training.buildDataset(pinned)
    expect(await rig.training.findTrained(pinned, dataset)).toMatchObject({
      name: 'streamflow_churn',
      runId: expect.any(String),
    })

    const usage = project.sources.find((source) => source.name === 'usage_agg_30d')!
    await rig.deliver(usage, JANUARY, madeUpSql(usage, 800, 'corrected'))
    const corrected = await rig.training.pin({ model: 'streamflow_churn', asOf: JANUARY })
    expect(await rig.training.findTrained(corrected, await rig.training.buildDataset(corrected))).toBeUndefined()
    const before = await rig.training.pin({ model: 'streamflow_churn', asOf: JANUARY, knownAt: pinned.knownAt })
    expect((await rig.training.buildDataset(before)).digest).toBe(first.dataset.digest)
  })

  it('refuses a model that the project does not have, and a date that is none', async () => {
    await expect(rig.training.pin({ model: 'churn', asOf: JANUARY })).rejects.toThrow(
      'the project has streamflow_churn',
    )
    await expect(rig.training.pin({ model: 'streamflow_churn', asOf: 'soon' })).rejects.toThrow("as-of: 'soon'")
  })

  function bytesOf(path: string): Promise<Buffer> {
    return rig.tracking.artifacts.read(first.run.artifactUri, path)
  }

  async function artifact(path: string) {
    return JSON.parse((await bytesOf(path)).toString())
  }
})
