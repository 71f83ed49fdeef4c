import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { collectGarbage } from '../../src/pipelines/collect-garbage.ts'
import { TRACE_TABLES } from '../../src/tracking/tracking.ts'
import { limitOf } from '../../src/wire/limits.ts'
import { type MlflowRig, openMlflowRig } from './rig.ts'

let rig: MlflowRig

beforeAll(async () => {
  rig = await openMlflowRig()
})

afterAll(() => rig.close())

const pair = (key: string, value: string) => ({ key, value })

/** Any call of any version, with its body. */
async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) {
  const headers = { host: 'localhost', ...(body ? { 'content-type': 'application/json' } : {}) }
  const payload = body ? JSON.stringify(body) : undefined
  const answer = await rig.server.app.inject({ method, url: `/api/${path}`, headers, payload })
  return { status: answer.statusCode, json: answer.json() }
}

function trace3(id: string, experimentId: string, more: object = {}) {
  const trace_location = { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: experimentId } }
  const info = { trace_id: id, trace_location, request_time: '2026-01-31T12:00:00.123456Z', state: 'OK' }
  return { trace: { trace_info: { ...info, execution_duration: '0.250s', tags: {}, trace_metadata: {}, ...more } } }
}

async function putSpans(id: string, experimentId: string, spans: unknown) {
  const bytes = Buffer.from(JSON.stringify({ spans }))
  await rig.tracking.artifacts.put(`${experimentId}/traces/${id}/artifacts/traces.json`, bytes)
}

const isThere = async (id: string) => (await call('GET', `3.0/mlflow/traces/${id}`)).status === 200

describe('of the client 2', () => {
  test('begins, ends, and is found with what was said at both', async () => {
    const experiment_id = await rig.newExperiment('traces of 2')
    const start = { experiment_id, timestamp_ms: 1000, request_metadata: [pair('a', '1')], tags: [pair('t', '1')] }
    const { json } = await call('POST', '2.0/mlflow/traces', start)
    const { request_id } = json.trace_info
    expect(json.trace_info).toMatchObject({ experiment_id, timestamp_ms: 1000, status: 'IN_PROGRESS' })
    const end = { timestamp_ms: 3000, status: 'OK', request_metadata: [pair('b', '2')], tags: [pair('t', '2')] }
    await call('PATCH', `2.0/mlflow/traces/${request_id}`, end)
    const found = await call('GET', `2.0/mlflow/traces/${request_id}/info`)
    const location = `mlflow-artifacts:/${experiment_id}/traces/${request_id}/artifacts`
    expect(found.json.trace_info).toEqual({
      request_id,
      experiment_id,
      timestamp_ms: 1000,
      execution_time_ms: 2000,
      status: 'OK',
      request_metadata: [pair('a', '1'), pair('b', '2')],
      tags: [pair('mlflow.artifactLocation', location), pair('t', '2')],
    })
  })

  test('a moment that has no date is refused: it would fail every search of client 3', async () => {
    const experiment_id = await rig.newExperiment('traces without a date')
    const start = (timestamp_ms: number) => call('POST', '2.0/mlflow/traces', { experiment_id, timestamp_ms })
    for (const ms of [2 ** 53 - 1, -(2 ** 53) + 1, 253402300800000, -62135596800001]) {
      expect([ms, (await start(ms)).status]).toEqual([ms, 400])
    }
    const ids: string[] = []
    for (const ms of [253402300799999, -62135596800000]) ids.push((await start(ms)).json.trace_info.request_id)
    const end = (ms: number) => call('PATCH', `2.0/mlflow/traces/${ids[0]}`, { timestamp_ms: ms, status: 'OK' })
    expect((await end(-(2 ** 53) + 1)).status).toBe(400)
    expect((await end(-62135596800000)).status).toBe(200)
    const locations = [{ mlflow_experiment: { experiment_id } }]
    const { json } = await call('POST', '3.0/mlflow/traces/search', { locations, order_by: ['timestamp ASC'] })
    const timesOf = (found: { request_time: string }[]) => found.map((trace) => trace.request_time)
    const both = ['0001-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z']
    expect(timesOf(json.traces)).toEqual(both)
    // Those that a server of before took are found all the same.
    const write =
      'update tracking.trace set timestamp_ms = $2::bigint, execution_ms = -2 * $2::bigint where trace_id = $1'
    for (const [i, ms] of [2 ** 53 - 1, -(2 ** 53) + 1].entries()) await rig.db.query(write, [ids[i], ms])
    const all = await call('POST', '3.0/mlflow/traces/search', { locations, order_by: ['timestamp ASC'] })
    expect(timesOf(all.json.traces)).toEqual(both)
  })

  test('where its spans lie is nobody’s to change', async () => {
    const { json } = await call('POST', '2.0/mlflow/traces', { experiment_id: '0', timestamp_ms: 1 })
    const { request_id, tags } = json.trace_info
    const elsewhere = pair('mlflow.artifactLocation', 'mlflow-artifacts:/0/somebody-else')
    await call('PATCH', `2.0/mlflow/traces/${request_id}`, { timestamp_ms: 2, status: 'OK', tags: [elsewhere] })
    expect((await call('PATCH', `2.0/mlflow/traces/${request_id}/tags`, elsewhere)).status).toBe(400)
    expect((await call('DELETE', `2.0/mlflow/traces/${request_id}/tags`, { key: elsewhere.key })).status).toBe(400)
    expect((await call('GET', `2.0/mlflow/traces/${request_id}/info`)).json.trace_info.tags).toEqual(tags)
  })
})

describe('of the client 3', () => {
  test('is told at its end, once more does nothing, and of another experiment is refused', async () => {
    const experiment = await rig.newExperiment('traces of 3')
    const sent = trace3('tr-3', experiment, {
      tags: { 'mlflow.traceName': 'predict', 'mlflow.artifactLocation': 'mlflow-artifacts:/0/somebody-else' },
      trace_metadata: { 'mlflow.sourceRun': 'r' },
    })
    for (let i = 0; i < 2; i++) expect((await call('POST', '3.0/mlflow/traces', sent)).status).toBe(200)
    const { trace_info } = (await call('GET', '3.0/mlflow/traces/tr-3')).json.trace
    expect(trace_info).toMatchObject({
      // Where its spans lie is said by the server, whatever the client thinks.
      tags: { 'mlflow.artifactLocation': `mlflow-artifacts:/${experiment}/traces/tr-3/artifacts` },
      request_time: '2026-01-31T12:00:00.123Z',
      execution_duration: '0.25s',
      state: 'OK',
    })
    const locations = [{ mlflow_experiment: { experiment_id: experiment } }]
    for (const filter of [
      "name = 'predict'",
      "attribute.run_id = 'r'",
      "status = 'OK'",
      'execution_time >= 250',
      "metadata.mlflow.sourceRun = 'r'",
    ]) {
      const { json } = await call('POST', '3.0/mlflow/traces/search', {
        locations,
        filter,
        order_by: ['timestamp ASC'],
      })
      expect(json.traces).toHaveLength(1)
    }
    const other = await rig.newExperiment('traces of others')
    expect((await call('POST', '3.0/mlflow/traces', trace3('tr-3', other))).status).toBe(400)
  })

  test.each([
    ['no trace', {}],
    ['a wrong time', trace3('tr-w', '0', { request_time: 'yesterday' })],
    ['a wrong length', trace3('tr-w', '0', { execution_duration: '1 s' })],
    ['an unknown state', trace3('tr-w', '0', { state: 'LOST' })],
    ['an id that is a path', trace3('../x', '0')],
    ['tags that are numbers', trace3('tr-w', '0', { tags: { a: 1 } })],
    ['no such experiment', trace3('tr-w', '999999')],
    ['a long preview', trace3('tr-w', '0', { request_preview: 'x'.repeat(10_001) })],
  ])('a wrong one is refused: %s', async (_what, body) => {
    const { status, json } = await call('POST', '3.0/mlflow/traces', body)
    expect([400, 404]).toContain(status)
    expect(json.error_code).toMatch(/INVALID_PARAMETER_VALUE|RESOURCE_DOES_NOT_EXIST/)
  })

  test('assessments that are told with a trace are kept once, however often the client tells it, and all or none', async () => {
    const assessments = [{ assessment_name: 'same' }, { assessment_name: 'same' }, { assessment_name: 'other' }]
    const sent = trace3('tr-told', '0', { assessments })
    for (let i = 0; i < 3; i++) await call('POST', '3.0/mlflow/traces', sent)
    const { trace_info } = (await call('GET', '3.0/mlflow/traces/tr-told')).json.trace
    const names = trace_info.assessments.map((a: { assessment_name: string }) => a.assessment_name)
    expect(names).toEqual(['same', 'same', 'other'])
    // What somebody changed since is not set back by a client that tells it once more.
    const changed = `3.0/mlflow/traces/tr-told/assessments/${trace_info.assessments[0].assessment_id}`
    await call('PATCH', changed, { assessment: { rationale: 'seen' }, update_mask: 'rationale' })
    await call('POST', '3.0/mlflow/traces', sent)
    expect((await call('GET', changed)).json.assessment.rationale).toBe('seen')
    // No trace has more of them than a list may have.
    const most = limitOf('listItems')
    await rig.db.query(
      `insert into tracking.trace_assessment (assessment_id, trace_id, document)
       select 'a-many-' || i, 'tr-told', '{}' from generate_series(4, $1) i`,
      [most],
    )
    const one = await call('POST', '3.0/mlflow/traces/tr-told/assessments', { assessment: { assessment_name: 'more' } })
    expect([one.status, one.json.message]).toEqual([400, expect.stringContaining(`has ${most} assessments`)])
    await rig.tracking.traces.remove({ experimentId: '0', ids: ['tr-told'] })
    const long = { assessment_name: 'long', rationale: 'x'.repeat(limitOf('assessmentChars')) }
    const refused = trace3('tr-half', '0', { assessments: [{ assessment_name: 'short' }, long] })
    expect((await call('POST', '3.0/mlflow/traces', refused)).status).toBe(400)
    expect(await isThere('tr-half')).toBe(false)
  })

  test('assessments are kept as they were given, changed by what the mask names, and deleted', async () => {
    await call('POST', '3.0/mlflow/traces', trace3('tr-assessed', '0'))
    const source = { source_type: 'HUMAN', source_id: 'ann' }
    const assessment = {
      assessment_name: 'good',
      source,
      feedback: { value: 9007199254740993n.toString() },
      rationale: 'why',
    }
    const made = (await call('POST', '3.0/mlflow/traces/tr-assessed/assessments', { assessment })).json.assessment
    expect(made).toMatchObject({ ...assessment, trace_id: 'tr-assessed', valid: true })
    const one = `3.0/mlflow/traces/tr-assessed/assessments/${made.assessment_id}`
    const change = { assessment: { feedback: { value: 2 }, rationale: 'not this' }, update_mask: 'feedback' }
    await call('PATCH', one, change)
    expect((await call('GET', one)).json.assessment).toMatchObject({ feedback: { value: 2 }, rationale: 'why' })
    const { trace_info } = (await call('GET', '3.0/mlflow/traces/tr-assessed')).json.trace
    expect(trace_info.assessments).toHaveLength(1)
    await call('DELETE', one)
    expect((await call('GET', one)).status).toBe(404)
  })
})

test('an assessment that overrides another makes it invalid, for as long as it is there', async () => {
  await call('POST', '3.0/mlflow/traces', trace3('tr-overridden', '0'))
  const path = '3.0/mlflow/traces/tr-overridden/assessments'
  const add = async (more: object) =>
    (await call('POST', path, { assessment: { assessment_name: 'good', ...more } })).json.assessment
  const isValid = async (id: string) => (await call('GET', `${path}/${id}`)).json.assessment.valid
  const first = (await add({})).assessment_id
  const second = (await add({ overrides: first })).assessment_id
  expect([await isValid(first), await isValid(second)]).toEqual([false, true])
  await call('DELETE', `${path}/${second}`)
  expect(await isValid(first)).toBe(true)
  const unknown = await call('POST', path, { assessment: { assessment_name: 'good', overrides: second } })
  expect([unknown.status, unknown.json.message]).toEqual([404, expect.stringContaining(`'${second}' not found`)])
  // Told with a trace too; what it overrides may have gone meanwhile.
  const told = [
    { assessment_name: 'told', overrides: first },
    { assessment_name: 'told', overrides: second },
  ]
  expect((await call('POST', '3.0/mlflow/traces', trace3('tr-overridden', '0', { assessments: told }))).status).toBe(
    200,
  )
  expect(await isValid(first)).toBe(false)
})

test.each(['tag', 'metadata'])('no trace has more of each %s than a list may have', async (kind) => {
  const id = `tr-full-${kind}`
  const [name, most] = [kind === 'tag' ? 'tags' : 'trace_metadata', limitOf('listItems')]
  await call('POST', '3.0/mlflow/traces', trace3(id, '0'))
  await rig.db.query(
    `insert into tracking.trace_${kind} (trace_id, key, value) select $1, 'k' || i, '' from generate_series(2, $2) i`,
    [id, most],
  )
  // Where the spans lie is a tag too.
  const add = (key: string) => call('POST', '3.0/mlflow/traces', trace3(id, '0', { [name]: { [key]: 'x' } }))
  if (kind === 'metadata') expect((await add('k1')).status).toBe(200)
  const { status, json } = await add('one-more')
  expect([status, json.message]).toEqual([400, expect.stringContaining(`would have ${most + 1} tags or metadata`)])
  expect((await add('k2')).status).toBe(200)
  await rig.tracking.traces.remove({ experimentId: '0', ids: [id] })
})

test('a search gives its pages in order', async () => {
  const experiment_id = await rig.newExperiment('pages of traces')
  for (let i = 0; i < 5; i++) await call('POST', '2.0/mlflow/traces', { experiment_id, timestamp_ms: i })
  const times: number[] = []
  for (let token = ''; ; ) {
    const query = new URLSearchParams({
      experiment_ids: experiment_id,
      max_results: '2',
      ...(token ? { page_token: token } : {}),
    })
    const { json } = await call('GET', `2.0/mlflow/traces?${query}`)
    times.push(...json.traces.map((trace: { timestamp_ms: number }) => trace.timestamp_ms))
    if (!json.next_page_token) break
    token = json.next_page_token
  }
  expect(times).toEqual([4, 3, 2, 1, 0])
})

test('are deleted by their age or by name, with their spans, and never those of another experiment', async () => {
  const experiment_id = await rig.newExperiment('deleted traces')
  const ids: string[] = []
  for (let i = 0; i < 3; i++) {
    const { json } = await call('POST', '2.0/mlflow/traces', { experiment_id, timestamp_ms: i })
    ids.push(json.trace_info.request_id)
    await putSpans(ids[i]!, experiment_id, [])
  }
  const remove = async (body: object) =>
    (await call('POST', '2.0/mlflow/traces/delete-traces', body)).json.traces_deleted
  expect(await remove({ experiment_id: '0', request_ids: ids })).toBe(0)
  expect(await remove({ experiment_id, max_timestamp_millis: 2, max_traces: 1 })).toBe(1)
  expect(await Promise.all(ids.map(isThere))).toEqual([false, true, true])
  expect(await remove({ experiment_id, request_ids: [ids[2]] })).toBe(1)
  expect(await rig.tracking.artifacts.list(`${experiment_id}/traces`)).toMatchObject([{ path: ids[1] }])
  const both = await call('POST', '2.0/mlflow/traces/delete-traces', {
    experiment_id,
    max_timestamp_millis: 1,
    request_ids: ids,
  })
  expect(both.status).toBe(400)
})

test('a removed experiment takes its traces and their spans with it', async () => {
  const experiment_id = await rig.newExperiment('collected traces')
  await call('POST', '3.0/mlflow/traces', trace3('tr-collected', experiment_id))
  await putSpans('tr-collected', experiment_id, [])
  await rig.postOk('experiments/delete', { experiment_id })
  await collectGarbage({ ...rig, clock: rig.clock }, { olderThanMs: 0, experiments: ['collected traces'] })
  expect(await isThere('tr-collected')).toBe(false)
  expect(await rig.tracking.artifacts.list(`${experiment_id}/traces`)).toEqual([])
})

describe('an erasure', () => {
  const spans = (value: unknown) => [
    { name: 's', attributes: { 'mlflow.spanInputs': JSON.stringify({ customer: value }) } },
  ]

  test.each<[string, string, { more?: object; spans?: unknown }]>([
    ['in a tag', 'C-100017', { more: { tags: { customer: 'C-100017' } } }],
    ['in a preview', 'C-100017', { more: { request_preview: 'asked for C-100017 today' } }],
    ['in the preview of the answer', 'C-100017', { more: { response_preview: '{"customer": "C-100017"}' } }],
    ['in the metadata', 'C-100017', { more: { trace_metadata: { 'mlflow.user': 'C-100017' } } }],
    ['as the id of the request', 'C-100017', { more: { client_request_id: 'C-100017' } }],
    ['in an assessment', 'C-100017', { more: { assessments: [{ rationale: 'C-100017 would not say so' }] } }],
    ['in its spans, in JSON inside JSON', 'C-100017', { spans: spans('C-100017') }],
    ['as a short number in its spans', '17', { spans: spans(17) }],
    ['as a name', 'C-100017', { spans: [{ attributes: { 'C-100017': 1 } }] }],
    ['as a short name in its spans', '17', { spans: [{ attributes: { 17: 1 } }] }],
  ])('takes a trace that names the subject, whole: %s', async (_where, key, { more = {}, spans: written = [] }) => {
    const experiment = await rig.newExperiment(`erased ${_where}`)
    await call('POST', '3.0/mlflow/traces', trace3('tr-erased', experiment, more))
    await putSpans('tr-erased', experiment, written)
    await call(
      'POST',
      '3.0/mlflow/traces',
      // A short part is a word of many texts: it counts only where it is all that stands there.
      trace3('tr-kept', experiment, { tags: { customer: 'C-1000178', at: '1723', took: '17 ms' } }),
    )
    // The place in a list is not a name.
    const list = { attributes: { list: Array.from({ length: 20 }, () => 'x') } }
    await putSpans('tr-kept', experiment, [...spans('C-1000178'), list])
    const { erasure } = rig.tracking.traces
    expect(await erasure.find([key])).toEqual(['tr-erased'])
    expect(await erasure.erase([key])).toEqual(['tr-erased'])
    expect(await erasure.find([key])).toEqual([])
    expect(await isThere('tr-kept')).toBe(true)
    expect(await rig.tracking.artifacts.list(`${experiment}/traces`)).toMatchObject([{ path: 'tr-kept' }])
    await rig.tracking.traces.remove({ experimentId: experiment, ids: ['tr-kept'] })
  })

  test('has the pages of every table of traces written anew', async () => {
    const text =
      "select 'tracking.' || table_name as name from information_schema.tables where table_schema = 'tracking'"
    const tables = await rig.db.query<{ name: string }>(`${text} and table_name like 'trace%' order by 1`)
    expect([...TRACE_TABLES].sort()).toEqual(tables.map(({ name }) => name))
  })

  test('of two parts of a key, one alone is nobody', async () => {
    await call('POST', '3.0/mlflow/traces', trace3('tr-half', '0', { tags: { customer: 'C-2000' } }))
    expect(await rig.tracking.traces.erasure.find(['C-2000', 'DE'])).toEqual([])
    await rig.tracking.traces.setTag('tr-half', 'country', 'DE')
    expect(await rig.tracking.traces.erasure.find(['C-2000', 'DE'])).toEqual(['tr-half'])
  })

  test('looks at more traces than it reads at a time', async () => {
    const experiment_id = await rig.newExperiment('many traces')
    await rig.db.query(
      `insert into tracking.trace (trace_id, experiment_id, timestamp_ms, status)
       select 'many-' || i, $1::bigint, i, 'OK' from generate_series(1, 250) i`,
      [experiment_id],
    )
    await rig.db.query("insert into tracking.trace_tag select 'many-250', 'who', 'C-999999'")
    await rig.db.query(
      `insert into tracking.trace_tag select trace_id, 'mlflow.artifactLocation', 'mlflow-artifacts:/none/' || trace_id
       from tracking.trace where experiment_id = $1::bigint`,
      [experiment_id],
    )
    expect(await rig.tracking.traces.erasure.find(['C-999999'])).toEqual(['many-250'])
    const remove = (most?: number) =>
      rig.tracking.traces.remove({ experimentId: experiment_id, untilMs: 1_000, ids: [], ...(most ? { most } : {}) })
    expect(await remove(120)).toBe(120)
    const left = `select min(timestamp_ms)::int as oldest from tracking.trace where experiment_id = $1::bigint`
    expect(await rig.db.query(left, [experiment_id])).toEqual([{ oldest: 121 }])
    expect(await remove()).toBe(130)
  })
})

test('the spans are given to MLflow’s pages as they were written', async () => {
  await call('POST', '3.0/mlflow/traces', trace3('tr-shown', '0'))
  await putSpans('tr-shown', '0', [{ name: 'a' }])
  const url = '/ajax-api/2.0/mlflow/get-trace-artifact?request_id=tr-shown'
  const answer = await rig.server.app.inject({ url, headers: { host: 'localhost' } })
  expect(answer.json()).toEqual({ spans: [{ name: 'a' }] })
  expect(answer.headers['content-disposition']).toBe('attachment; filename=traces.json')
})

test('what a client 3 asks first is answered so that it takes another way', async () => {
  const answer = await call('GET', '3.0/mlflow/traces/get?trace_id=tr-shown')
  expect(answer).toMatchObject({
    status: 404,
    json: { message: expect.stringContaining("Trace with ID 'get' not found") },
  })
  // From 3.4 on clients would send spans of OpenTelemetry, and wait for more of the server.
  const version = await rig.server.app.inject({ url: '/version', headers: { host: 'localhost' } })
  expect(version.body).toMatch(/^3\.[0-3]\.\d+$/)
})
