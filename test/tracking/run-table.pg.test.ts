import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTracking } from '../../src/tracking/tracking.ts'
import { type Json, type MlflowRig, openMlflowRig, START_MS } from './rig.ts'

let rig: MlflowRig
let experiment: string
/** By name: a to e; d and e are children of a, f is deleted. */
const ids: Record<string, string> = {}

beforeAll(async () => {
  rig = await openMlflowRig()
  experiment = await rig.newExperiment('table')
  const loss: Record<string, (number | string)[]> = {
    a: [3, 1, 2],
    b: [0.5, 9, 0.75],
    c: [5, 'NaN', 4],
    d: ['NaN', 'NaN'],
    e: [],
    f: [0],
  }
  let minute = 0
  for (const [name, values] of Object.entries(loss)) {
    const start_time = START_MS + 60_000 * minute++
    const tags = 'de'.includes(name) ? [{ key: 'mlflow.parentRunId', value: ids.a }] : []
    ids[name] = await rig.newRun(experiment, { run_name: name, start_time, tags, user_id: 'ann' })
    const metrics = values.map((value, step) => ({ key: 'val/loss', value, step, timestamp: step + 1 }))
    const params = [
      { key: 'kind', value: 'ab'.includes(name) ? 'forest' : 'linear' },
      { key: 'same', value: 'x' },
      ...(name === 'a' ? [{ key: 'only.a', value: 'It\'s "here"' }] : []),
    ]
    await rig.postOk('runs/log-batch', { run_id: ids[name], metrics, params })
  }
  await rig.postOk('runs/update', { run_id: ids.b, status: 'FINISHED', end_time: START_MS + 60_000 + 1_500 })
  await rig.postOk('runs/delete', { run_id: ids.f })
}, 60_000)
afterAll(() => rig.close())

async function search(body: object): Promise<Json> {
  const { status, json } = await rig.callRoot('POST', '/runs/search', {
    experiment_ids: [experiment],
    columns: [],
    ...body,
  })
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`)
  return json
}
const names = async (body: object) =>
  (await search({ columns: ['attributes.run_name'], ...body })).columns[0].values.join('')

describe('the table of runs', () => {
  it('gives columns as arrays, in the order asked for, and nothing that was not', async () => {
    const columns = ['params.kind', 'metrics.val/loss', 'min.val/loss', 'max.val/loss', 'params.only.a', 'params.no']
    const answer = await search({ columns, order_by: [{ column: 'attributes.start_time' }] })
    expect(answer).toEqual({
      run_ids: ['a', 'b', 'c', 'd', 'e'].map((name) => ids[name]),
      columns: [
        { column: 'params.kind', values: ['forest', 'forest', 'linear', 'linear', 'linear'] },
        { column: 'metrics.val/loss', values: [2, 0.75, 4, 'NaN', null] },
        { column: 'min.val/loss', values: [1, 0.5, 4, 'NaN', null] },
        { column: 'max.val/loss', values: [3, 9, 5, 'NaN', null] },
        { column: 'params.only.a', values: ['It\'s "here"', null, null, null, null] },
        { column: 'params.no', values: [null, null, null, null, null] },
      ],
      total: 5,
      next_page_token: null,
    })
  })

  it('gives what is known of a run itself', async () => {
    const attributes = [
      'run_name',
      'status',
      'start_time',
      'end_time',
      'duration',
      'user_id',
      'experiment_id',
      'children',
      'parent',
    ]
    const columns = attributes.map((name) => `attributes.${name}`)
    const answer = await search({ columns, order_by: [{ column: 'attributes.run_name' }] })
    const of = (name: string) => answer.columns.map((c: Json) => c.values['abcde'.indexOf(name)])
    const [a, b, d] = [of('a'), of('b'), of('d')]
    expect(a).toEqual(['a', 'RUNNING', '2024-01-01T00:00:00.000000Z', null, null, 'ann', experiment, 2, null])
    expect(b.slice(1, 5)).toEqual(['FINISHED', '2024-01-01T00:01:00.000000Z', '2024-01-01T00:01:01.500000Z', 1500])
    expect(d.slice(7)).toEqual([0, ids.a])
  })

  it('sorts by the last, the least and the greatest value of a metric over its steps, those without a number last', async () => {
    const by = (column: string, descending = false) => names({ order_by: [{ column, descending }] })
    expect(await by('metrics.val/loss')).toBe('bacde')
    expect(await by('metrics.val/loss', true)).toBe('cabde')
    expect(await by('min.val/loss')).toBe('bacde')
    expect(await by('min.val/loss', true)).toBe('cabde')
    expect(await by('max.val/loss')).toBe('acbde')
    expect(await by('max.val/loss', true)).toBe('bcade')
    expect((await by('attributes.duration'))[0]).toBe('b')
    expect((await by('params.only.a'))[0]).toBe('a')
  })

  it("filters by MLflow's grammar, and by the least and greatest value", async () => {
    expect(await names({ filter: "metrics.`val/loss` < 3 and params.kind = 'forest'" })).toBe('ba')
    expect(await names({ filter: 'max."val/loss" > 4' })).toBe('cb')
    expect(await names({ filter: 'min.`val/loss` <= 1 AND attributes.duration > 1000' })).toBe('b')
    expect(await names({ stage: 'deleted' })).toBe('f')
    expect(await names({ stage: 'all' })).toBe('fedcba')
  })

  it('puts runs below their parent when both are found, and gives all children of a run', async () => {
    expect(await names({ nested: true })).toBe('cba')
    // Where the parent is not found its children stand for themselves.
    expect(await names({ nested: true, filter: "params.kind = 'linear'" })).toBe('edc')
    expect(await names({ parent: ids.a, filter: "params.kind = 'no'" })).toBe('ed')
  })

  it('comes page by page, by token or by a number to skip, and is counted once', async () => {
    const order_by = [{ column: 'max.val/loss', descending: true }]
    const first = await search({ limit: 2, order_by })
    const second = await search({ limit: 2, order_by, page_token: first.next_page_token })
    const third = await search({ limit: 2, order_by, skip: 4 })
    expect([...first.run_ids, ...second.run_ids, ...third.run_ids]).toEqual([...'bcade'].map((name) => ids[name]))
    expect([first.total, second.total, third.total]).toEqual([5, null, 5])
    expect(third.next_page_token).toBe(null)
  })

  it('reads some runs alone, and cuts texts where it is asked to', async () => {
    const answer = await search({ run_ids: [ids.a], columns: ['params.only.a'], text_chars: 4 })
    expect(answer.columns).toEqual([{ column: 'params.only.a', values: ["It's…"] }])
  })

  it('groups runs, with the extent of their metrics', async () => {
    const body = {
      experiment_ids: [experiment],
      group_by: 'params.kind',
      columns: ['metrics.val/loss', 'min.val/loss'],
    }
    const { json } = await rig.callRoot('POST', '/runs/groups', body)
    expect(json).toEqual({
      groups: [
        { value: 'linear', runs: 3 },
        { value: 'forest', runs: 2 },
      ],
      more: false,
      columns: [
        { column: 'metrics.val/loss', least: [4, 0.75], mean: [4, 1.375], greatest: [4, 2] },
        { column: 'min.val/loss', least: [4, 0.5], mean: [4, 0.75], greatest: [4, 1] },
      ],
    })
    const byNone = await rig.callRoot('POST', '/runs/groups', { ...body, group_by: 'params.only.a' })
    expect(byNone.json.groups).toEqual([
      { value: null, runs: 4 },
      { value: 'It\'s "here"', runs: 1 },
    ])
  })

  it('says which columns are the same in all runs', async () => {
    const columns = [
      'params.same',
      'params.kind',
      'params.only.a',
      'params.no',
      'attributes.user_id',
      'attributes.status',
    ]
    const { json } = await rig.callRoot('POST', '/runs/differences', { experiment_ids: [experiment], columns })
    expect(json).toEqual({ same: ['params.same', 'params.no', 'attributes.user_id'] })
  })

  it('names what there is, by kind, with how many runs have it, page by page', async () => {
    const at = `/experiments/${experiment}/columns`
    const { json } = await rig.callRoot('GET', at)
    expect(json.totals).toEqual({ metrics: 1, params: 3, tags: 2 })
    expect(json.columns).toEqual([
      { column: 'metrics.val/loss', runs: 5 },
      { column: 'params.kind', runs: 6 },
      { column: 'params.only.a', runs: 1 },
      { column: 'params.same', runs: 6 },
      { column: 'tags.mlflow.parentRunId', runs: 2 },
      { column: 'tags.mlflow.runName', runs: 6 },
    ])
    const page = await rig.callRoot('GET', `${at}?limit=2`)
    const next = await rig.callRoot('GET', `${at}?limit=2&page_token=${encodeURIComponent(page.json.next_page_token)}`)
    expect([...page.json.columns, ...next.json.columns]).toEqual(json.columns.slice(0, 4))
    expect((await rig.callRoot('GET', `${at}?kind=params&prefix=on`)).json.columns).toEqual([json.columns[2]])
    expect((await rig.callRoot('GET', `${at}?contains=LOSS`)).json.columns).toEqual([json.columns[0]])
    const recent = await rig.callRoot('GET', `${at}?recent=true&limit=2`)
    expect(recent.json.columns).toEqual([
      { column: 'params.kind', runs: 5 },
      { column: 'params.same', runs: 5 },
    ])
    const values = await rig.callRoot('GET', `/experiments/${experiment}/values?column=params.kind&prefix=l`)
    expect(values.json).toEqual({ values: [{ value: 'linear', runs: 4 }] })
  })

  it('deletes and restores many at once, all or none, and the trail names each', async () => {
    const run_ids = [ids.b, ids.c, ids.f]
    const missing = await rig.callRoot('POST', '/runs/delete', { run_ids: [...run_ids, '0'.repeat(32)] })
    expect([missing.status, missing.json.detail]).toEqual([404, expect.stringContaining('no run was changed')])
    expect(await names({})).toBe('edcba')
    const gone = await rig.callRoot('POST', '/runs/delete', { run_ids })
    expect(gone.json.changed).toEqual([ids.b, ids.c].sort())
    expect(await names({})).toBe('eda')
    await rig.callRoot('POST', '/runs/restore', { run_ids: [ids.b, ids.c] })
    expect(await names({})).toBe('edcba')
    const trail = await rig.db.query(
      "select action from identity.audit where on_kind = 'run' and on_name = $1 and action like 'run.%' order by seq",
      [ids.b],
    )
    expect(trail.map((row) => row.action)).toEqual(['run.deleted', 'run.restored'])
  })

  it('counts the runs of experiments', async () => {
    const { json } = await rig.callRoot('GET', '/experiments?contains=TAB')
    expect(json.experiments).toEqual([
      {
        id: experiment,
        name: 'table',
        stage: 'active',
        created_at: '2024-01-01T00:00:00.000000Z',
        runs: 5,
        running: 4,
        failed: 0,
        last_run_at: '2024-01-01T00:04:00.000000Z',
      },
    ])
    expect((await rig.callRoot('GET', `/experiments/${experiment}`)).json).toEqual(json.experiments[0])
  })

  it.each([
    [400, { columns: ['loss'] }, 'column \\"loss\\": it begins with one of'],
    [400, { columns: ['attributes.no'] }, 'the attributes are'],
    [400, { filter: 'metrics.a >' }, 'it ends too early'],
    [400, { order_by: [{ column: 'attributes.parent' }] }, 'Invalid attribute key'],
    [400, { skip: 1, page_token: 'x' }, 'send it or page_token'],
    [400, { page_token: 'x' }, 'Invalid page token'],
    [400, { experiment_ids: ['x'] }, 'is not the id of an experiment'],
    [400, { columns: Array(201).fill('params.a') }, '200'],
    [400, { color: 'red' }, 'color'],
  ])('answers %i to %j', async (status, body, message) => {
    const answer = await rig.callRoot('POST', '/runs/search', { experiment_ids: [experiment], columns: [], ...body })
    expect([answer.status, JSON.stringify(answer.json)]).toEqual([status, expect.stringContaining(message)])
  })
})

it('each change of a run is told once it is done', async () => {
  const told: string[] = []
  const tracking = createTracking({
    sql: rig.db,
    objects: rig.objects,
    clock: rig.clock,
    onChange: ({ runId, made }) => told.push(`${runId}${made ? ` in ${made}` : ''}`),
  })
  const { runId } = await tracking.runs.create({ experimentId: '0' })
  expect(told).toEqual([`${runId} in 0`])
  await tracking.logBatch(runId, { metrics: [{ key: 'm', value: 1, timestampMs: 1, step: 1 }] })
  await tracking.logBatch(runId, { params: [{ key: 'p', value: '1' }], tags: [{ key: 't', value: '1' }] })
  await tracking.runs.update(runId, { status: 'FINISHED' })
  await tracking.runs.deleteTag(runId, 't')
  await tracking.runs.remove(runId)
  await tracking.table.setStage([runId], 'active')
  await expect(tracking.logBatch('0'.repeat(32), { metrics: [] })).rejects.toThrow('not found')
  expect(told.slice(1)).toEqual(Array(6).fill(runId))
})

describe('a saved view', () => {
  const path = () => `/experiments/${experiment}/views`
  const state = { filter: 'metrics.a > 1', columns: [{ column: 'metrics.a', width: 120 }], nested: true }

  it('is saved by name, changed, listed and deleted, and says who saved it', async () => {
    const made = await rig.callRoot('POST', path(), { name: 'best', state })
    expect(made.status).toBe(201)
    expect(made.json).toMatchObject({ name: 'best', state, saved_at: '2024-01-01T00:00:00.000000Z' })
    expect(made.json.saved_by).not.toBe('')
    expect((await rig.callRoot('POST', path(), { name: 'best', state })).status).toBe(409)
    await rig.callRoot('POST', path(), { name: 'other', state: {} })
    const at = `${path()}/${made.json.id}`
    expect((await rig.callRoot('PUT', at, { name: 'other', state })).status).toBe(409)
    await rig.callRoot('PUT', at, { name: 'the best', state: { transposed: true } })
    const { json } = await rig.callRoot('GET', path())
    expect(json.views.map((view: Json) => [view.name, view.state])).toEqual([
      ['other', {}],
      ['the best', { transposed: true }],
    ])
    expect((await rig.callRoot('DELETE', at)).status).toBe(204)
    expect((await rig.callRoot('DELETE', at)).status).toBe(404)
    const trail = await rig.db.query(
      "select action from identity.audit where on_kind = 'view' and on_name = $1 order by seq",
      [String(made.json.id)],
    )
    expect(trail.map((row) => row.action)).toEqual(['view.saved', 'view.saved', 'view.deleted'])
  })

  it('is refused when no search would take it', async () => {
    const bad = { name: 'bad', state: { columns: [{ column: 'loss' }] } }
    expect((await rig.callRoot('POST', path(), bad)).status).toBe(400)
    expect((await rig.callRoot('GET', '/experiments/4711/views')).status).toBe(404)
  })
})
