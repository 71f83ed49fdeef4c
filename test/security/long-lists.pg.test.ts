import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withTurns } from '../helpers/turns.ts'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'

let rig: MlflowRig
beforeAll(async () => {
  rig = await openMlflowRig()
})
afterAll(() => rig.close())

const dataset = (i: number, more: object = {}) => ({
  dataset: { name: `d${i}`, digest: 'x', source_type: 'local', source: '/x', ...more },
  tags: [{ key: 'mlflow.data.context', value: 'train' }],
})
const count = (length: number) => Array.from({ length }, (_, i) => i)

describe('H2: mpu/create', () => {
  const create = (body: object, headers: Record<string, string> = {}) =>
    rig.server.app.inject({
      method: 'POST',
      url: '/api/2.0/mlflow-artifacts/mpu/create/folder',
      headers: { host: 'localhost', ...headers },
      payload: body,
    })

  it('gives 10,000 parts with a usual header, and refuses those that would repeat a long one', async () => {
    const usual = await create({ path: 'f', num_parts: 10_000 }, { authorization: `Bearer ${'t'.repeat(100)}` })
    expect(usual.json().credentials).toHaveLength(10_000)
    expect(usual.json().credentials[9_999]).toMatchObject({
      part_number: 10_000,
      url: expect.stringContaining('part_number=10000'),
    })
    const long = await create({ path: 'f', num_parts: 10_000 }, { authorization: `Bearer ${'t'.repeat(15_000)}` })
    expect([long.statusCode, long.json().message]).toEqual([400, expect.stringContaining('limit uploadAnswerBytes')])
    const path = await create({ path: 'é'.repeat(400), num_parts: 10_000 })
    expect(path.statusCode).toBe(400)
    const few = await create({ path: 'f', num_parts: 10 }, { authorization: `Bearer ${'t'.repeat(15_000)}` })
    expect(few.statusCode).toBe(200)
  })
})

describe('H4: lists are one statement', () => {
  it('1,000 datasets and 1,000 tags are taken, 1,001 refused', async () => {
    const run_id = await rig.newRun()
    await rig.postOk('runs/log-inputs', { run_id, datasets: count(1_000).map((i) => dataset(i)) })
    const { run } = await rig.getOk('runs/get', { run_id })
    expect(run.inputs.dataset_inputs).toHaveLength(1_000)
    expect(run.inputs.dataset_inputs[999]).toMatchObject(dataset(999))
    const tags = (n: number) => count(n).map((i) => ({ key: `k${i}`, value: 'v' }))
    await rig.postOk('experiments/create', { name: 'tags', tags: tags(1_000) })
    await rig.postOk('registered-models/create', { name: 'tags', tags: tags(1_000) })
    for (const [path, body] of [
      ['runs/log-inputs', { run_id, datasets: count(1_001).map((i) => dataset(i)) }],
      ['runs/create', { experiment_id: '0', tags: tags(1_001) }],
      ['experiments/create', { name: 'more', tags: tags(1_001) }],
      ['registered-models/create', { name: 'more', tags: tags(1_001) }],
      ['logged-models', { experiment_id: '0', tags: tags(1_001) }],
    ] as const) {
      const answer = await rig.post(path, body)
      expect([path, answer.status, answer.json.message]).toEqual([
        path,
        400,
        expect.stringContaining('limit listItems'),
      ])
    }
  })

  it('a body of more values is refused while it arrives, before it is parsed', async () => {
    const tags = count(30_000).map((i) => ({ key: `k${i}`, value: 'v' }))
    for (const path of ['runs/create', 'runs/log-batch', 'registered-models/create']) {
      const answer = await rig.post(path, { name: 'many', experiment_id: '0', tags })
      expect([path, answer.status, answer.json.message]).toEqual([
        path,
        400,
        expect.stringContaining('limit bodyValues'),
      ])
    }
  })

  it('a dataset that is given twice is taken once for each purpose', async () => {
    const run_id = await rig.newRun()
    const other = { ...dataset(1, { source: '/other' }), tags: [{ key: 'mlflow.data.context', value: 'eval' }] }
    await rig.postOk('runs/log-inputs', { run_id, datasets: [dataset(1), other, dataset(1), dataset(2), other] })
    const { run } = await rig.getOk('runs/get', { run_id })
    expect(run.inputs.dataset_inputs.map((input: { tags: object[] }) => input.tags)).toEqual([
      [{ key: 'mlflow.data.context', value: 'train' }],
      [{ key: 'mlflow.data.context', value: 'train' }],
      [{ key: 'mlflow.data.context', value: 'eval' }],
    ])
  })

  it('a run has at most 10,000 datasets, of 32 MB together', async () => {
    const run_id = await rig.newRun()
    await rig.db.query(
      `with made as (
         insert into tracking.dataset (experiment_id, name, digest, source_type, source)
         select 0, 'many' || i, 'x', 's', 's' from generate_series(1, 9999) i returning dataset_id)
       insert into tracking.input (run_id, dataset_id) select $1, dataset_id from made`,
      [run_id],
    )
    await rig.postOk('runs/log-inputs', { run_id, datasets: [dataset(5)] })
    const answer = await rig.post('runs/log-inputs', { run_id, datasets: [dataset(6)] })
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining('limit runInputs')])
    expect((await rig.getOk('runs/get', { run_id })).run.inputs.dataset_inputs).toHaveLength(10_000)
    const large = await rig.newRun()
    await rig.postOk('runs/log-inputs', {
      run_id: large,
      datasets: [dataset(20_007, { profile: 'p'.repeat(16_000_000) })],
    })
    const more = await rig.post('runs/log-inputs', {
      run_id: large,
      datasets: [dataset(20_008, { profile: 'p'.repeat(16_777_000) })],
    })
    expect([more.status, more.json.message]).toEqual([400, expect.stringContaining('limit runInputBytes')])
  }, 120_000)
})

describe('H3: long lists are whole, and others have their turn', () => {
  it('a history of 30,000 points that is asked for at once', async () => {
    const run_id = await rig.newRun()
    await rig.db.query(
      `with series as (insert into tracking.series (run_id, key) values ($1, 'm') returning series_id)
       insert into tracking.point (series_id, timestamp_ms, step, value)
       select series_id, 1000 + i / 7, i, case when i % 1000 = 0 then 'NaN'::float8 else i end
       from series, generate_series(1, 30000) i`,
      [run_id],
    )
    const { answer, turns } = await withTurns(() => rig.getOk('metrics/get-history', { run_id, metric_key: 'm' }))
    expect(answer.metrics.map((point: { step: number }) => point.step)).toEqual(count(30_000).map((i) => i + 1))
    expect(answer.metrics[999].value).toBe('NaN')
    expect(turns).toBeGreaterThan(30)
    let token = ''
    const steps: number[] = []
    do {
      const page = await rig.getOk('metrics/get-history', {
        run_id,
        metric_key: 'm',
        max_results: '25000',
        page_token: token,
      })
      for (const point of page.metrics) steps.push(point.step)
      token = page.next_page_token ?? ''
    } while (token !== '')
    expect(steps).toHaveLength(30_000)
  })

  it('a run of 5,000 metrics and tags, in runs/get and in a search', async () => {
    const experiment_id = await rig.newExperiment('large')
    const run_id = await rig.newRun(experiment_id)
    await rig.newRun(experiment_id)
    await rig.db.query(
      `insert into tracking.latest_metric (run_id, experiment_id, key, timestamp_ms, step, value)
       select $1, $2, 'm' || i, 1, 1, i from generate_series(1, 5000) i`,
      [run_id, experiment_id],
    )
    await rig.db.query(
      `insert into tracking.tag select $1, 't' || i, repeat('v', 100) from generate_series(1, 5000) i`,
      [run_id],
    )
    const { answer } = await withTurns(() => rig.getOk('runs/get', { run_id }))
    expect([answer.run.data.metrics.length, answer.run.data.tags.length, answer.run.data.params]).toEqual([
      5_000,
      5_001,
      undefined,
    ])
    const { runs } = await rig.postOk('runs/search', { experiment_ids: [experiment_id] })
    expect(runs).toHaveLength(2)
    expect(runs.find((run: { info: { run_id: string } }) => run.info.run_id === run_id)).toEqual(answer.run)
  })

  it('a folder of 2,500 files', async () => {
    const run_id = await rig.newRun()
    const folder = join(rig.dir, 'artifacts', '0', run_id, 'artifacts', 'many')
    await mkdir(folder, { recursive: true })
    await Promise.all(
      count(2_500).map((i) => writeFile(join(folder, `f${String(i).padStart(4, '0')}`), 'x'.repeat(i % 3))),
    )
    await mkdir(join(folder, 'empty'))
    await mkdir(join(folder, 'sub', 'deep'), { recursive: true })
    await writeFile(join(folder, 'sub', 'deep', 'file'), '')
    const { answer, turns } = await withTurns(() => rig.getOk('artifacts/list', { run_id, path: 'many' }))
    expect(answer.files).toHaveLength(2_501)
    expect(answer.files[2_499]).toEqual({ path: 'many/f2499', is_dir: false, file_size: 0 })
    expect(answer.files[2_500]).toEqual({ path: 'many/sub', is_dir: true })
    expect(turns).toBeGreaterThan(10)
    expect((await rig.tracking.artifacts.list(`0/${run_id}/artifacts/many`)).length).toBe(2_501)
  })

  it('versions whose descriptions are a megabyte, from before there was a limit', async () => {
    await rig.postOk('registered-models/create', { name: 'texts' })
    await rig.db.query(
      `insert into registry.version (name, version, source, description, creation_ms, last_update_ms)
       select 'texts', i, 'mlflow-artifacts:/0/x', repeat('d', 1000000), i, i from generate_series(1, 30) i`,
    )
    const { answer, turns } = await withTurns(() => rig.getOk('model-versions/search', { filter: "name = 'texts'" }))
    expect(answer.model_versions.map((v: { version: string }) => v.version)).toEqual(
      count(30).map((i) => String(30 - i)),
    )
    expect(turns).toBeGreaterThan(30)
  })

  it('experiments and logged models come in the order that was asked for', async () => {
    await Promise.all(
      count(250).map((i) => rig.tracking.experiments.create({ name: `order-${String(i).padStart(3, '0')}` })),
    )
    const found = await rig.postOk('experiments/search', { filter: "name LIKE 'order-%'", order_by: ['name DESC'] })
    expect(found.experiments.map((e: { name: string }) => e.name)).toEqual(
      count(250).map((i) => `order-${String(249 - i).padStart(3, '0')}`),
    )
  })
})
