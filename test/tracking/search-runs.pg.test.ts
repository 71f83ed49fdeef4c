import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Json, type MlflowRig, openMlflowRig } from './rig.ts'

let rig: MlflowRig
let experiment: string
const ids = new Map<string, string>()

type Logged = {
  metrics?: Record<string, number | string>
  params?: Record<string, string>
  tags?: Record<string, string>
}

const RUNS: Record<string, Logged> = {
  a: { metrics: { acc: 0.1, x: 1 }, params: { lr: '0.1', name: 'Alpha' }, tags: { team: 'red', 'with space': '1' } },
  b: { metrics: { acc: 0.2, x: 'NaN' }, params: { lr: '0.01', name: 'beta_1' }, tags: { team: 'blue' } },
  c: { metrics: { acc: 0.3 }, params: { lr: '0.001', name: 'betaX1' }, tags: {} },
  d: { metrics: { acc: 'Infinity', x: 2 }, params: { name: '100%' }, tags: { team: 'Red' } },
}

beforeAll(async () => {
  rig = await openMlflowRig()
  experiment = await rig.newExperiment('search')
  for (const [i, [name, logged]] of Object.entries(RUNS).entries()) {
    const id = await rig.newRun(experiment, { run_name: name, start_time: 1000 + i, user_id: `u${i}` })
    ids.set(name, id)
    const pairs = (of: Record<string, string> = {}) => Object.entries(of).map(([key, value]) => ({ key, value }))
    await rig.postOk('runs/log-batch', {
      run_id: id,
      metrics: Object.entries(logged.metrics ?? {}).map(([key, value]) => ({ key, value, timestamp: 1 })),
      params: pairs(logged.params),
      tags: pairs(logged.tags),
    })
  }
  await rig.postOk('runs/update', { run_id: ids.get('a'), status: 'FINISHED', end_time: 5000 })
  const dataset = { name: 'train', digest: 'd1', source_type: 'local', source: '{}' }
  const tags = [{ key: 'mlflow.data.context', value: 'training' }]
  await rig.postOk('runs/log-inputs', { run_id: ids.get('b'), datasets: [{ dataset, tags }] })
})
afterAll(() => rig.close())

async function found(filter: string, more: object = {}): Promise<string> {
  const { runs = [] } = await rig.postOk('runs/search', { experiment_ids: [experiment], filter, ...more })
  return runs.map((run: { info: { run_name: string } }) => run.info.run_name).join('')
}

describe('runs are found by', () => {
  it.each([
    ['', 'dcba'],
    ['metrics.acc > 0.1', 'dcb'],
    ['metric.acc >= 0.1 AND metrics.acc < 0.3', 'ba'],
    ['metrics.acc != 0.2', 'dca'],
    ['metrics.x = 1', 'a'],
    ["params.lr = '0.1'", 'a'],
    ["param.lr != '0.1'", 'cb'],
    ["parameters.name LIKE 'beta%'", 'cb'],
    ["params.name LIKE 'beta__'", 'cb'],
    ["params.name LIKE 'alpha'", ''],
    ["params.name ILIKE 'alpha'", 'a'],
    ["params.name LIKE '100%'", 'd'],
    ["tags.team ILIKE 'red'", 'da'],
    ['tag.team IS NULL', 'c'],
    ['tags.team IS NOT NULL', 'dba'],
    ["tags.`with space` = '1'", 'a'],
    ["tags.mlflow.runName = 'c'", 'c'],
    ["attributes.status = 'FINISHED'", 'a'],
    ["status != 'FINISHED'", 'dcb'],
    ["run_name = 'b'", 'b'],
    ["attributes.`Run name` = 'b'", 'b'],
    ["attr.user_id LIKE 'u%' AND start_time > 1001", 'dc'],
    ['attributes.Created <= 1000', 'a'],
    ['end_time > 0', 'a'],
    ["dataset.name = 'train'", 'b'],
    ["datasets.digest LIKE 'd%' AND datasets.context = 'training'", 'b'],
    ["datasets.context = 'evaluation'", ''],
    ["params.name = '\\'", ''],
    ["params.name LIKE '\\'", ''],
  ])('%s', async (filter, expected) => {
    expect(await found(filter)).toBe(expected)
  })

  it('their ids', async () => {
    expect(await found(`run_id IN ('${ids.get('a')}', '${ids.get('c')}')`)).toBe('ca')
    expect(await found(`attributes.run_id NOT IN ('${ids.get('a')}')`)).toBe('dcb')
  })

  it.each(["params.a = 'x' OR params.b = 'y'", "metrics.acc > 'a'", "foo = 'x'", "params.a = 'x"])(
    'not by %s: 400, without a word of SQL',
    async (filter) => {
      const { status, json } = await rig.post('runs/search', { experiment_ids: [experiment], filter })
      expect(status).toBe(400)
      expect(json.error_code).toBe('INVALID_PARAMETER_VALUE')
      expect(json.message).not.toMatch(/select|tracking\./i)
    },
  )
})

describe('the order is', () => {
  it.each([
    [['metrics.acc'], 'abcd'],
    [['metrics.acc DESC'], 'dcba'],
    [['metrics.x'], 'adbc'],
    [['metrics.x DESC'], 'dabc'],
    [['params.lr', 'start_time DESC'], 'cbad'],
    [['params.lr DESC'], 'abcd'],
    [['attributes.start_time ASC'], 'abcd'],
    [['tags.`with space`', 'run_name DESC'], 'adcb'],
    [[], 'dcba'],
  ])('%j: values, then NaN, then missing', async (orderBy, expected) => {
    expect(await found('', { order_by: orderBy })).toBe(expected)
  })

  it('total, so that pages fit together', async () => {
    const many = await rig.newExperiment('many')
    const made = await Promise.all(Array.from({ length: 25 }, () => rig.newRun(many, { start_time: 1 })))
    const seen: string[] = []
    let token: string | undefined
    let pages = 0
    do {
      const body = { experiment_ids: [many], max_results: 10, ...(token ? { page_token: token } : {}) }
      const page = await rig.postOk('runs/search', body)
      seen.push(...page.runs.map((run: { info: { run_id: string } }) => run.info.run_id))
      token = page.next_page_token
      pages++
    } while (token)
    expect(pages).toBe(3)
    expect(seen).toEqual([...made].sort())
  })
})

describe('a search', () => {
  it('of no experiment finds nothing', async () => {
    expect(await rig.postOk('runs/search', {})).toEqual({})
    expect(await rig.postOk('runs/search', { experiment_ids: ['99999'] })).toEqual({})
  })

  it.each([0, -1, 50_001, 'x', 1.5])('of %j results is refused', async (max_results) => {
    expect((await rig.post('runs/search', { experiment_ids: [experiment], max_results })).status).toBe(400)
  })

  it('refuses a token that it did not give, and an unknown view', async () => {
    const at = (more: object) => rig.post('runs/search', { experiment_ids: [experiment], ...more })
    expect(await at({ page_token: 'garbage' })).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('Invalid page token') },
    })
    expect((await at({ run_view_type: 'SOME' })).status).toBe(400)
  })

  it('shows deleted runs when they are asked for, by name or number', async () => {
    const own = await rig.newExperiment('views')
    const [kept, gone] = [await rig.newRun(own), await rig.newRun(own)]
    await rig.postOk('runs/delete', { run_id: gone })
    const view = async (type?: string | number) => {
      const { runs } = await rig.postOk('runs/search', {
        experiment_ids: [own],
        ...(type ? { run_view_type: type } : {}),
      })
      return runs.map((run: { info: { run_id: string } }) => run.info.run_id).sort()
    }
    expect(await view()).toEqual([kept])
    expect(await view('ACTIVE_ONLY')).toEqual([kept])
    expect(await view(2)).toEqual([gone])
    expect(await view('ALL')).toEqual([kept, gone].sort())
  })

  it('gives params, tags, metrics and inputs of each run', async () => {
    const { runs } = await rig.postOk('runs/search', { experiment_ids: [experiment], filter: "run_name = 'b'" })
    expect(runs[0]).toEqual((await rig.getOk('runs/get', { run_id: ids.get('b')! })).run)
    expect(runs[0].inputs.dataset_inputs).toHaveLength(1)
  })
})

describe('pages go on behind the last one', () => {
  const ORDERS: string[][] = [
    [],
    ['start_time'],
    ['metrics.m DESC'],
    ['metrics.m'],
    ['run_name DESC', 'start_time'],
    ['metrics.m', 'run_name'],
  ]
  it.each(ORDERS.map((order) => [order]))(
    'whatever is added and removed between them, ordered by %j',
    async (order_by) => {
      const at = await rig.newExperiment(`pages ${order_by}`)
      const add = async (name: string, value: number | string, start_time: number) => {
        const id = await rig.newRun(at, { run_name: name, start_time })
        await rig.postOk('runs/log-metric', { run_id: id, key: 'm', value, timestamp: 1 })
        return id
      }
      for (let i = 0; i < 24; i++) await add(`n${i % 5}`, i % 3 === 0 ? 'Infinity' : (i * 7) % 11, i % 4)
      const all = { experiment_ids: [at], order_by }
      const before: Json[] = (await rig.postOk('runs/search', all)).runs
      const seen: string[] = []
      let page_token: string | undefined
      do {
        const answer: Json = await rig.postOk('runs/search', { ...all, max_results: 5, page_token })
        seen.push(...answer.runs.map((run: Json) => run.info.run_id))
        page_token = answer.next_page_token
        // One that stands before every page, and the first of all goes.
        const first = before[0].info
        if (page_token) await add(first.run_name, 'Infinity', first.start_time)
        if (page_token && seen.length === 5) await rig.postOk('runs/delete', { run_id: first.run_id })
      } while (page_token)
      const known = new Set(before.map((run) => run.info.run_id))
      expect(seen.filter((id) => known.has(id))).toEqual(before.map((run) => run.info.run_id))
      expect(new Set(seen).size).toBe(seen.length)
    },
  )

  it('refuses a token of another order, and one that somebody made up', async () => {
    const { next_page_token } = await rig.postOk('runs/search', { experiment_ids: [experiment], max_results: 1 })
    const start = JSON.parse(Buffer.from(next_page_token, 'base64').toString())
    expect(start).toEqual({
      offset: 1,
      after: [expect.stringMatching(/^\d+$/), expect.stringMatching(/^[0-9a-f]{32}$/)],
    })
    for (const after of [['x', 'y'], ["1' or 1=1", 'a'], ['1e5', 'a'], [1, 2], 'x']) {
      const page_token = Buffer.from(JSON.stringify({ offset: 1, after })).toString('base64')
      const answer = await rig.post('runs/search', { experiment_ids: [experiment], page_token })
      expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining('Invalid page token') } })
    }
    const older = Buffer.from(JSON.stringify({ offset: 1 })).toString('base64')
    expect((await rig.postOk('runs/search', { experiment_ids: [experiment], page_token: older })).runs).toHaveLength(3)
  })
})
