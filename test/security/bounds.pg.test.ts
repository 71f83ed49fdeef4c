import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'

let rig: MlflowRig
beforeAll(async () => {
  rig = await openMlflowRig()
})
afterAll(() => rig.close())

const comparisons = (count: number, entity = 'tags') =>
  Array.from({ length: count }, (_, i) => `${entity}.k${i} = 'v'`).join(' AND ')
const fields = (count: number) => Array.from({ length: count }, (_, i) => `tags.k${i} DESC`)
const ofModels = (count: number) => Array.from({ length: count }, (_, i) => ({ field_name: `tags.k${i}` }))

describe('H1: every search', () => {
  const searches: [
    string,
    (filter: string, order: number) => Promise<{ status: number; json: { message?: string } }>,
  ][] = [
    ['runs', (filter, order) => rig.post('runs/search', { experiment_ids: ['0'], filter, order_by: fields(order) })],
    ['experiments', (filter, order) => rig.post('experiments/search', { filter, order_by: fields(order) })],
    [
      'logged models',
      (filter, order) => rig.post('logged-models/search', { experiment_ids: ['0'], filter, order_by: ofModels(order) }),
    ],
    ['registered models', (filter, order) => query('registered-models/search', filter, fields(order))],
    ['versions', (filter, order) => query('model-versions/search', filter, fields(order))],
  ]
  const query = (path: string, filter: string, order: string[]) => {
    const text = new URLSearchParams({ filter })
    for (const field of order) text.append('order_by', field)
    return rig.call('GET', `${path}?${text}`)
  }

  it.each(searches)('of %s takes 20 comparisons and 20 fields of an order, and no more', async (_what, search) => {
    expect((await search(comparisons(20), 20)).status).toBe(200)
    const filter = await search(comparisons(21), 0)
    expect([filter.status, filter.json.message]).toEqual([400, expect.stringContaining('limit filterComparisons')])
    const order = await search('', 21)
    expect([order.status, order.json.message]).toEqual([400, expect.stringContaining('limit orderBy')])
  })

  it('of runs takes no list of 1,001 values, and no filter of 10,001 characters', async () => {
    const list = Array.from({ length: 1_001 }, () => "'a'").join()
    const said = async (filter: string) =>
      (await rig.post('runs/search', { experiment_ids: ['0'], filter })).json.message
    expect(await said(`attributes.run_id IN (${list})`)).toContain('limit filterList')
    expect(await said(`tags.a = '${'x'.repeat(10_000)}'`)).toContain('limit filterText')
  })
})

describe('a page token', () => {
  const token = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')
  it.each(['0b1', '0x10', '1e400', '1e-400', ' 1', '1_0', '١', '', '1e99999', `0.${'0'.repeat(390)}1`])(
    'with the number %j, which PostgreSQL does not read, is a 400',
    async (number) => {
      const page_token = token({ offset: 1, after: [number, 'r'] })
      const body = { experiment_ids: ['0'], order_by: ['metrics.m DESC'], page_token }
      // The order by a metric has two keys: its value and the id.
      const answer = await rig.post('runs/search', body)
      expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining('page token')])
    },
  )

  it.each([
    { offset: 1, after: ['\ud800'] },
    { offset: 1, after: ['a\0'] },
    { offset: 1.5 },
    { offset: 2 ** 60 },
    { offset: '1' },
    { offset: 0, after: [1] },
  ])('of the content %j is a 400', async (value) => {
    const body = { experiment_ids: ['0'], page_token: token(value) }
    expect((await rig.post('runs/search', body)).status).toBe(400)
  })
})

describe('a caller’s mistake that was a 500', () => {
  it('fields nested 4,150 deep', async () => {
    const deep = `{"run_id":"a","key":${'{"a":'.repeat(4_150)}1${'}'.repeat(4_150)}}`
    const headers = { host: 'localhost', 'content-type': 'application/json' }
    const url = '/api/2.0/mlflow/runs/set-tag'
    const answer = await rig.server.app.inject({ method: 'POST', url, headers, payload: deep })
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringContaining('limit bodyDepth')])
  })

  it('model_json 200,000 deep', async () => {
    const model_json = `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`
    const answer = await rig.post('runs/log-model', { run_id: await rig.newRun(), model_json })
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining('limit bodyDepth')])
  })

  it('half of a character in the path of an upload', async () => {
    const url = '/api/2.0/mlflow-artifacts/mpu/create/a'
    const headers = { host: 'localhost', 'content-type': 'application/json' }
    const answer = await rig.server.app.inject({ method: 'POST', url, headers, payload: '{"path":"\\ud800"}' })
    expect(answer.statusCode).toBe(400)
  })

  it('is told in short', async () => {
    const run_id = await rig.newRun()
    const params = Array.from({ length: 100 }, (_, i) => ({ key: `p${i}`, value: 'x'.repeat(6_000) }))
    await rig.postOk('runs/log-batch', { run_id, params })
    const changed = params.map(({ key }) => ({ key, value: 'y'.repeat(6_000) }))
    const answer = await rig.post('runs/log-batch', { run_id, params: changed })
    expect(answer.status).toBe(400)
    expect(answer.json.message.length).toBeLessThan(4_100)
  })
})

describe('writes', () => {
  it('H6: take nothing from the address', async () => {
    const run = await rig.newRun()
    const answer = await rig.call('POST', `runs/delete?run_id=${run}`)
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining("'run_id'")])
    expect((await rig.getOk('runs/get', { run_id: run })).run.info.lifecycle_stage).toBe('active')
  })

  it('of texts longer than MLflow keeps are refused: descriptions, sources, links, comments', async () => {
    await rig.postOk('registered-models/create', { name: 'long' })
    const version = { name: 'long', source: `mlflow-artifacts:/0/${'a'.repeat(32)}/artifacts/m` }
    const said = async (path: string, body: object) => (await rig.post(path, body)).json.message
    expect(await said('registered-models/create', { name: 'b', description: 'x'.repeat(5_001) })).toMatch(
      /limit description/,
    )
    expect(await said('model-versions/create', { ...version, description: 'x'.repeat(5_001) })).toMatch(
      /limit description/,
    )
    expect(await said('model-versions/create', { ...version, source: 'x'.repeat(1_001) })).toMatch(/limit source/)
    expect(await said('model-versions/create', { ...version, run_link: 'x'.repeat(501) })).toMatch(/limit runLink/)
    await rig.postOk('model-versions/create', { ...version, description: 'x'.repeat(5_000) })
  })
})

describe('the history of a deleted model', () => {
  it('stays readable, and a model made again under its name has none of it', async () => {
    const version = { name: 'again', source: `mlflow-artifacts:/0/${'b'.repeat(32)}/artifacts/m` }
    const history = (more: Record<string, string> = {}) => rig.get('model-versions/history', { name: 'again', ...more })
    await rig.postOk('registered-models/create', { name: 'again' })
    await rig.postOk('model-versions/create', version)
    const to = { name: 'again', version: '1', archive_existing_versions: false }
    await rig.postOk('model-versions/transition-stage', { ...to, stage: 'Production' })
    expect((await rig.call('DELETE', 'registered-models/delete', { name: 'again' })).status).toBe(200)

    expect((await history()).status).toBe(404)
    const kept = (await history({ deleted: 'true' })).json.transitions
    expect(kept).toMatchObject([
      { to: 'Production' },
      { from: 'Production', comment: 'model deleted', actor: 'mlflow-api' },
    ])

    await rig.postOk('registered-models/create', { name: 'again' })
    await rig.postOk('model-versions/create', version)
    expect((await history()).json).toEqual({})
    expect((await history({ deleted: 'true' })).json.transitions).toEqual(kept)
    // A model that takes the name by being renamed keeps its own.
    await rig.postOk('registered-models/rename', { name: 'again', new_name: 'other' })
    expect((await rig.get('model-versions/history', { name: 'other', deleted: 'true' })).json).toEqual({})
  })
})
