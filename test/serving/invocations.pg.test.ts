import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { MLFLOW_CLIENTS, runPython, testEachClient } from '../compat/clients.ts'
import { MODEL, openServerRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
let used: Record<string, unknown>

beforeAll(async () => {
  rig = await openServerRig()
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  await rig.train()
  expect((await rig.get('/ping')).status).toBe(503)
  await rig.promote(1)
  used = (await rig.until(({ status }) => status === 200)).body.features_used as Record<string, unknown>
})
afterAll(() => rig.close())

const ask = async (body: unknown) => {
  const { status, body: answer } = await rig.post('/invocations', body)
  expect(status).toBe(200)
  return (answer.predictions as { label: number; probability: number }[]).map(({ probability }) => probability)
}
const send = (body: string, type: string) => rig.send('POST', '/invocations', body, type)

test('the four layouts, one value for each column, and CSV say the same, at the root and under the model', async () => {
  const key = { user_id: '7590-VHVEG' }
  const { probability } = (await rig.predict(key)).body
  const names = Object.keys(used)
  const split = { index: [0], columns: names, data: [Object.values(used)] }
  const columns = Object.fromEntries(names.map((name) => [name, [used[name]]]))
  const asked = [
    { dataframe_split: split },
    { dataframe_records: [used] },
    { instances: [used] },
    { inputs: columns },
    { inputs: [used] },
    { inputs: used },
    { dataframe_records: [used], params: { temperature: 1 }, more: 'is ignored' },
  ]
  for (const body of asked) expect(await ask(body)).toEqual([probability])
  const csv = `${['', ...names].join(',')}\n0,${Object.values(used).join(',')}\n`
  expect((await send(csv, 'text/csv; charset=utf-8')).body.predictions).toMatchObject([{ probability }])
  const other = await rig.post(`/models/${MODEL}/invocations`, { instances: [used] })
  const { runId } = await rig.app.registry.getVersion(MODEL, 1)
  expect(other.body).toMatchObject({
    predictions: [{ probability }],
    model: { name: MODEL, version: '1', run_id: runId },
  })
})

test("Python's NaN is null, also in CSV as pandas writes it; a text that says so stays one; infinity is refused", async () => {
  const [known] = await ask({ instances: [{ ...used, watch_hours_30d: null, net_service: 'NaN' }] })
  const text = JSON.stringify({ instances: [{ ...used, net_service: 'NaN', watch_hours_30d: 0 }] })
  const nan = text.replace('"watch_hours_30d":0', '"watch_hours_30d":NaN')
  expect((await send(nan, 'application/json')).body.predictions).toMatchObject([{ probability: known }])
  const infinite = await send(nan.replace(':NaN', ':-Infinity'), 'application/json')
  expect(infinite.body).toMatchObject({
    status: 400,
    detail: expect.stringContaining("row 0: 'watch_hours_30d' must be"),
  })
  const row = { ...used, watch_hours_30d: '' }
  const csv = `${Object.keys(row).join(',')}\n${Object.values(row).join(',')}\n`
  const [none] = await ask({ instances: [{ ...used, watch_hours_30d: null }] })
  expect((await send(csv, 'text/csv')).body.predictions).toMatchObject([{ probability: none }])
})

test.each([
  ['nothing', '{}', 'application/json', 400],
  ['two layouts', '{"instances":[],"inputs":[]}', 'application/json', 400],
  ['a list', '[1]', 'application/json', 400],
  ['no JSON', '{"instances":[NaNs]}', 'application/json', 400],
  ['a name that is a trap', '{"instances":[{"__proto__":{}}]}', 'application/json', 400],
  ['lists of one length and another', '{"inputs":{"a":[1],"b":[1,2]}}', 'application/json', 400],
  ['a list and a value', '{"inputs":{"a":[1],"b":1}}', 'application/json', 400],
  ['rows that lack a column', '{"instances":[{}]}', 'application/json', 400],
  ['params that are a list', '{"instances":[],"params":[1]}', 'application/json', 400],
  ['CSV with a row too long', 'a,b\n1,2,3\n', 'text/csv', 400],
  ['CSV with a name twice', 'a,a\n1,2\n', 'text/csv', 400],
  ['another charset', '{"instances":[]}', 'application/json; charset=latin-1', 415],
  ['a layout in the content type', '{"instances":[]}', 'application/json; format=pandas-split', 415],
  ['Parquet', 'PAR1', 'application/vnd.apache.parquet', 415],
])('%s is refused in words that both protocols know', async (_name, body, type, status) => {
  const { body: told, status: given } = await send(body, type)
  expect([given, typeof told.detail]).toEqual([status, 'string'])
  expect(told).toMatchObject({ message: told.detail, error_code: expect.stringMatching(/^[A-Z_]+$/) })
})

test('more rows than are scored in one go have an answer each, in order', async () => {
  const rows = Array.from({ length: 2_100 }, (_, i) => [i % 70, ...Object.values(used).slice(1)])
  const columns = Object.keys(used)
  const [first] = columns
  expect(first).toBe('months_active')
  const all = await ask({ dataframe_split: { columns, data: rows } })
  expect(all).toHaveLength(2_100)
  expect(all[2_099]).toBe((await ask({ dataframe_split: { columns, data: [rows[2_099]] } }))[0])
})

testEachClient(MLFLOW_CLIENTS, "MLflow's own client $version of a scoring server is answered", async (client) => {
  const options = { args: [rig.url, JSON.stringify(used)], uri: rig.url, cwd: rig.months }
  const told = await runPython(client, '../compat/scoring_client.py', options)
  const { probability, prediction } = (await rig.predict({ user_id: '7590-VHVEG' })).body
  expect(told).toEqual({
    version: expect.stringMatching(/^\d+\.\d+/),
    frame: [[prediction, probability]],
    columns: ['label', 'probability'],
    missing: 1,
    refused: expect.stringContaining("lacks 'months_active'"),
  })
})
