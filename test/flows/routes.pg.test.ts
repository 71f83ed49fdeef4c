import { afterAll, beforeAll, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { silentLog } from '../../src/base/log.ts'
import { createFlows, type Flows } from '../../src/flows/flows.ts'
import { flowRoutes } from '../../src/flows/routes.ts'
import { createServer, type Server } from '../../src/http/server.ts'
import type { FlowAnswer, FlowsAnswer, LogsAnswer } from '../../src/wire/flows.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'

let database: TestDatabase
let flows: Flows
let server: Server
const NOW_MS = Date.parse('2024-03-10T12:00:00Z')

beforeAll(async () => {
  database = await testDatabase()
  flows = createFlows({ db: database.db, log: silentLog, retention: { keepMs: 1e15, keepRuns: 1e9 } })
  flows.define('fails', async (run, input) =>
    run.step('only', async () => {
      throw new PlatformError('conflict', `/secret/path holds ${JSON.stringify(input).length} characters`, {
        toCallers: 'it is taken; wait, then try again',
      })
    }),
  )
  flows.define('waits', async (run) => run.step('only', async () => 1))
  server = await createServer({
    routes: [flowRoutes({ flows, nowMs: () => NOW_MS })],
    host: '127.0.0.1',
    port: 0,
    token: null,
    log: silentLog,
    version: '0',
  })
  // A hundred thousand past runs of five flows, ten of them at the same moment each.
  await database.db.query(
    `insert into flows.run (id, flow, key, state, input, error, submitted_at, started_at, finished_at)
     select 'old-' || i, 'flow_' || i % 5, 'k' || i, case when i % 100 = 0 then 'failed' else 'succeeded' end,
       json_build_object('model', 'm' || i % 7, 'long', repeat('x', 500), 'nested', json_build_object('a', 1)),
       case when i % 100 = 0 then '{"message":"no"}'::json end, at, at, at + interval '2 seconds'
     from (select i, '2024-03-10T10:00:00Z'::timestamptz - (i / 10) * interval '1 minute' as at
       from generate_series(1, 100000) i) past`,
  )
  await database.db.query('analyze flows.run')
}, 60_000)
afterAll(async () => {
  await server.close()
  await flows.stop()
  await database.drop()
})

const get = async <T>(url: string) => (await server.app.inject({ url })).json() as T
const post = (url: string, payload?: object) =>
  server.app.inject({ method: 'POST', url, ...(payload ? { payload } : {}) })

test.each(['', 'flow=flow_3&', 'state=failed&', 'flow=flow_0&state=failed&'])(
  'a list of a hundred thousand runs (%s) is read in pages by an index: each run once, the newest first',
  async (filter) => {
    const seen: string[] = []
    const times: string[] = []
    for (let token = ''; seen.length < 2_500; ) {
      const page = await get<FlowsAnswer>(`/flows?${filter}limit=997${token}`)
      seen.push(...page.flows.map((run) => run.id))
      times.push(...page.flows.map((run) => run.submitted_at))
      if (page.next_page_token === null) break
      token = `&page_token=${page.next_page_token}`
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(times).toEqual([...times].sort().reverse())
    if (filter.includes('flow_0')) expect(seen).toHaveLength(1_000)
    // Not by reading all of them.
    const [state, flow] = [/state=(\w+)/.exec(filter)?.[1], /flow=(\w+)/.exec(filter)?.[1]]
    const where = [...(flow ? [`flow = '${flow}'`] : []), ...(state ? [`state = '${state}'`] : [])]
    const rows = await database.db.query<Record<string, string>>(
      `explain select * from flows.run where ${[...where, `(submitted_at, id) < ('2024-02-01', 'x')`].join(' and ')}
       order by submitted_at desc, id desc limit 100`,
    )
    const plan = rows.map((row) => Object.values(row)[0]).join('\n')
    expect(plan).toContain('Index')
    expect(plan).not.toContain('Seq Scan')
  },
)

test('a run of a list tells what it was given as far as that is short', async () => {
  const { flows: page } = await get<FlowsAnswer>('/flows?flow=flow_1&limit=1')
  expect(page[0]).toMatchObject({
    flow: 'flow_1',
    state: 'succeeded',
    error: null,
    step: null,
    about: { model: expect.stringMatching(/^m\d$/) },
  })
})

test('runs are counted by day, flow and state, from a midnight on', async () => {
  const { from, days } = await get<{ from: string; days: { day: string; runs: number; ms: number }[] }>(
    '/flows/by-day?days=2',
  )
  expect(from).toBe('2024-03-09T00:00:00.000000Z')
  expect(new Set(days.map(({ day }) => day))).toEqual(new Set(['2024-03-09', '2024-03-10']))
  const [day] = days
  expect(days.filter((row) => row.day === '2024-03-09').reduce((sum, row) => sum + row.runs, 0)).toBe(14_400)
  expect(day!.ms).toBe(day!.runs * 2_000)
})

test('a run is told with its steps and attempts; long inputs are cut, and callers hear of no path', async () => {
  const runId = await flows.submit('fails', { text: 'x'.repeat(1_000), list: Array.from({ length: 100 }, (_, i) => i) })
  await flows.wait(runId).catch(() => {})
  const answer = await get<FlowAnswer>(`/flows/${runId}`)
  expect(answer).toMatchObject({
    state: 'failed',
    error: { code: 'conflict', message: 'it is taken; wait, then try again' },
    input: { cut: true },
    by: 'unknown',
    steps: [{ number: 1, name: 'only', state: 'failed', attempts: [{ error: { code: 'conflict' } }] }],
    may: { retry: null },
  })
  const { text, list } = answer.input.value as { text: string; list: unknown[] }
  expect([text.length, list.length, list.at(-1)]).toEqual([300, 31, '70 more'])
  expect(JSON.stringify(answer)).not.toContain('/secret')
  const logs = await get<LogsAnswer>(`/flows/${runId}/logs?after=1`)
  expect(logs.lines[0]).toMatchObject({ number: 2, step: 1, text: 'only: begins' })
  expect(logs.over).toBe(true)
  expect(JSON.stringify(logs)).not.toContain('/secret')
})

test('cancel, retry and resume over HTTP', async () => {
  const runId = await flows.submit('waits', null)
  expect((await post(`/flows/${runId}/resume`, {})).json()).toEqual({ run: runId, state: 'waiting', worker: false })
  const cancelled = await post(`/flows/${runId}/cancel`, { why: 'not now' })
  expect([cancelled.statusCode, cancelled.json()]).toEqual([202, { run: runId, state: 'cancelled', by: 'unknown' }])
  expect((await get<FlowAnswer>(`/flows/${runId}`)).cancel).toMatchObject({ by: 'unknown', why: 'not now' })
  const retried = await post(`/flows/${runId}/retry`, {})
  expect(retried.json()).toMatchObject({ from: { number: 1, name: null }, taken: 0, worker: false })
  expect(await flows.wait(retried.json<{ run: string }>().run)).toBe(1)
})

test.each([
  ['GET', '/flows?state=done', undefined, 400],
  ['GET', '/flows?limit=0', undefined, 400],
  ['GET', '/flows?page_token=abc', undefined, 400],
  ['GET', `/flows?page_token=${Buffer.from('["2024-01-01","x"]').toString('base64url')}`, undefined, 400],
  ['GET', '/flows?page_token=', undefined, 400],
  ['GET', '/flows?flow=no-such-flow', undefined, 200],
  ['GET', '/flows/by-day?days=91', undefined, 400],
  ['GET', '/flows/none', undefined, 404],
  ['GET', '/flows/%00', undefined, 400],
  ['GET', '/flows/none/logs', undefined, 404],
  ['GET', '/flows/old-1/logs?after=-1', undefined, 400],
  ['GET', '/flows/old-1/logs?after=99999999999', undefined, 400],
  ['GET', '/flows/old-1/logs?after=1&last=2', undefined, 400],
  ['GET', '/flows/old-1/logs', undefined, 200],
  ['POST', '/flows/old-1/cancel', undefined, 400],
  ['POST', '/flows/old-1/cancel', { why: '' }, 400],
  ['POST', '/flows/old-1/cancel', { why: 'x', more: 1 }, 400],
  ['POST', '/flows/old-1/cancel', { why: 'x' }, 409],
  ['POST', '/flows/none/cancel', { why: 'x' }, 404],
  ['POST', '/flows/old-1/retry', { from: 0 }, 400],
  ['POST', '/flows/old-1/retry', { from: 'nothing' }, 400],
  ['POST', '/flows/old-1/retry', { from: true }, 400],
  ['POST', '/flows/old-1/resume', {}, 409],
] as const)('%s %s %j is answered with %i', async (method, url, payload, status) => {
  const answer = await server.app.inject({ method, url, ...(payload ? { payload } : {}) })
  expect([answer.statusCode, answer.body.slice(0, 300)]).toEqual([status, expect.any(String)])
})
