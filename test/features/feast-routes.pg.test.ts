import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { instantOfMs } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { openServerRig } from '../serving/rig.ts'

/** The protocol of Feast's feature server over real HTTP: shapes, numbers, errors, and what is written. */
const PROJECT = normalizeProject(
  {
    name: 'protocol',
    sources: {
      events: {
        kind: 'changes',
        key: 'id',
        eventTime: 'ts',
        columns: {
          id: 'String',
          ts: 'UnixTimestamp',
          fee: 'Float32',
          big: 'Int64',
          tv: 'Bool',
          day: 'Date',
          seen: 'UnixTimestamp',
        },
      },
      state: { key: ['a', 'b'], columns: { a: 'Int64', b: 'String', fee: 'Float64' } },
    },
    entities: { user: { joinKeys: { id: 'String' } }, pair: { joinKeys: { a: 'Int64', b: 'String' } } },
    featureViews: {
      events: {
        entity: 'user',
        source: 'events',
        ttl: '30d',
        features: { fee: 'Float32', big: 'Int64', tv: 'Bool', day: 'Date', seen: 'UnixTimestamp' },
      },
      state: { entity: 'pair', source: 'state', features: { fee: 'Float64' } },
    },
    onDemandViews: {
      dear: {
        inputs: ['events:fee'],
        request: { factor: 'Float64' },
        features: { cost: 'Float64' },
        compute: (row: Record<string, unknown>) => ({ cost: Number(row.fee) * Number(row.factor) }),
      },
    },
    featureServices: { all: ['events', 'dear'], named: { features: ['events:fee', 'events:tv'], fullNames: true } },
  },
  '/',
)

let rig: Awaited<ReturnType<typeof openServerRig>>
const day = (n: number) => instantOfMs(Date.now() - n * 86_400_000)

beforeAll(async () => {
  rig = await openServerRig({ change: (project) => ({ ...PROJECT, dir: project.dir }) })
  const df = {
    id: ['a', 'b', 'old'],
    ts: [day(1), day(2), day(60)],
    fee: [16, 29.85, 1],
    big: [5, 5, 1],
    tv: [true, null, false],
    day: ['2024-01-31', null, null],
    seen: ['2024-01-31T00:00:01Z', null, null],
  }
  expect((await ask('/push', { push_source_name: 'events', df })).status).toBe(200)
})
afterAll(() => rig.close())

/** As a client up to 0.60 sends it: no content type. */
async function ask(path: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(rig.url + path, {
    method: 'POST',
    body: typeof body === 'string' ? Buffer.from(body) : Buffer.from(JSON.stringify(body)),
    headers,
  })
  const text = await answer.text()
  rig.asDocumented('POST', path, answer.status, answer.headers.get('content-type') ?? '', text)
  return { status: answer.status, text }
}
const online = (body: object) => ask('/get-online-features', body)

describe('/get-online-features', () => {
  const features = ['events:fee', 'events:big', 'events:tv', 'events:day', 'events:seen']

  test('by column, join keys first, floats with a point, moments in seconds, all four statuses', async () => {
    const { status, text } = await online({ features, entities: { id: ['a', 'b', 'zz', 'old', 'a'] } })
    expect(status).toBe(200)
    expect(text).toContain('"values":[16.0,29.850000381469727,null,null,16.0]')
    const body = JSON.parse(text) as {
      metadata: { feature_names: string[] }
      results: { values: unknown[]; statuses: string[]; event_timestamps: string[] }[]
    }
    expect(body.metadata.feature_names).toEqual(['id', 'fee', 'big', 'tv', 'day', 'seen'])
    const [id, fee, big, tv, date, seen] = body.results
    expect(id).toEqual({
      values: ['a', 'b', 'zz', 'old', 'a'],
      statuses: Array(5).fill('PRESENT'),
      event_timestamps: Array(5).fill('1970-01-01T00:00:00Z'),
    })
    expect(fee?.statuses).toEqual(['PRESENT', 'PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE', 'PRESENT'])
    expect(fee?.event_timestamps[2]).toBe('1970-01-01T00:00:00Z')
    expect(fee?.event_timestamps[0]).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}|\.\d{6})?Z$/)
    expect(tv).toMatchObject({
      values: [true, null, null, null, true],
      statuses: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE', 'PRESENT'],
    })
    expect(big?.values).toEqual([5, 5, null, null, 5])
    expect(date?.values[0]).toBe('2024-01-31')
    expect(seen?.values[0]).toBe(1706659201)
  })

  test('services, full names, features on demand with their request data, composite keys, no rows', async () => {
    const all = await online({ feature_service: 'all', entities: { id: ['a'], factor: [2] } })
    expect(JSON.parse(all.text).results.at(-1)).toMatchObject({ values: [32], statuses: ['PRESENT'] })
    const named = await online({ feature_service: 'named', entities: { id: ['a'] } })
    expect(JSON.parse(named.text).metadata.feature_names).toEqual(['id', 'events__fee', 'events__tv'])
    const full = await online({
      features: ['events:fee', 'state:fee'],
      full_feature_names: true,
      entities: { id: ['a'], a: [1], b: ['x'] },
    })
    expect(JSON.parse(full.text).metadata.feature_names).toEqual(['id', 'a', 'b', 'events__fee', 'state__fee'])
    const dummy = await online({ features: ['events:fee'], entities: { __dummy_id: [''], id: ['a'] } })
    expect(JSON.parse(dummy.text).metadata.feature_names).toEqual(['__dummy_id', 'id', 'fee'])
    const none = await online({ features, entities: { id: [] } })
    expect(JSON.parse(none.text).results[1]).toEqual({ values: [], statuses: [], event_timestamps: [] })
  })

  test.each([
    ['an unknown view', { features: ['nope:x'], entities: { id: ['a'] } }, 404, 'FeatureViewNotFoundException'],
    [
      'an unknown service',
      { feature_service: 'nope', entities: { id: ['a'] } },
      404,
      'FeatureServiceNotFoundException',
    ],
    [
      'request data left out',
      { feature_service: 'all', entities: { id: ['a'] } },
      404,
      'RequestDataNotFoundInEntityRowsException',
    ],
    ['an unknown feature', { features: ['events:x'], entities: { id: ['a'] } }, 400, "has no feature 'x'"],
    ['no feature', { features: [], entities: { id: ['a'] } }, 400, 'name the features'],
    [
      'two features of one name',
      { features: ['events:fee', 'state:fee'], entities: { id: ['a'], a: [1], b: ['x'] } },
      400,
      "would hold 'fee' twice",
    ],
    ['the wrong entity', { features, entities: { user: ['a'] } }, 400, "entities has no 'id'"],
    [
      'a key of more than 64 bits',
      { features: ['state:fee'], entities: { a: [2 ** 63], b: ['x'] } },
      400,
      "'a' must be an integer",
    ],
    ['a null key', { features, entities: { id: ['a', null] } }, 400, "'id' must be a string"],
    [
      'columns of two lengths',
      { features: ['state:fee'], entities: { a: [1, 2], b: ['x'] } },
      400,
      'different lengths',
    ],
    ['no entities', { features }, 422, 'detail'],
    ['entities as a list', { features, entities: [{ id: 'a' }] }, 422, 'detail'],
  ])('%s is refused', async (_, body, status, says) => {
    const answer = await online(body)
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(says)])
    JSON.parse(answer.text)
    if (says.endsWith('Exception')) {
      const inner = JSON.parse(JSON.parse(answer.text) as string) as Record<string, string>
      expect(inner).toEqual({ module: 'feast.errors', class: says, message: expect.any(String) })
    }
  })

  test('H6: a body that is no JSON is a 422, with its type or none; what says it is something else is refused', async () => {
    const body = { features, entities: { id: ['a'] } }
    expect((await ask('/get-online-features', '{"features":', { 'content-type': 'application/json' })).status).toBe(422)
    expect((await ask('/get-online-features', body, { 'content-type': 'application/json' })).status).toBe(200)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect((await ask('/get-online-features', body, { 'content-type': type })).status).toBe(415)
    }
  })
})

describe('writing', () => {
  const fee = async (id: string) => {
    const { text } = await online({ features: ['events:fee'], entities: { id: [id] } })
    return JSON.parse(text).results[1].values[0] as number | null
  }
  const row = (id: string, value: number, ts: string) => ({
    id: [id],
    ts: [ts],
    fee: [value],
    big: [1],
    tv: [true],
    day: [null],
    seen: [null],
  })

  test('a push reaches the online store, the lake, or both; an older event changes nothing', async () => {
    const push = (to: string, df: object) => ask('/push', { push_source_name: 'events', df, to })
    expect(await push('offline', row('c', 1, day(3)))).toEqual({ status: 200, text: 'null' })
    expect(await fee('c')).toBeNull()
    expect((await ask('/materialize-incremental', { end_ts: day(-1) })).status).toBe(200)
    expect(await fee('c')).toBe(1)
    expect((await push('online_and_offline', row('c', 2, day(2)))).status).toBe(200)
    expect(await fee('c')).toBe(2)
    expect((await push('online', row('c', 3, day(9)))).status).toBe(200)
    expect(await fee('c')).toBe(2)
    const kept = (await rig.app.lake.list({ source: 'events' })).reduce((sum, s) => sum + s.rows, 0)
    expect(kept).toBe(2)
    const verified = await rig.app.features.verify('events', 100)
    expect(verified.differences.filter((d) => d.key[0] === 'c')).toEqual([])
  })

  test('what does not fit is refused and nothing is written', async () => {
    const push = (more: object) => ask('/push', { push_source_name: 'events', df: { ...row('d', 1, day(3)), ...more } })
    expect((await ask('/push', { push_source_name: 'nope', df: { id: ['a'] } })).status).toBe(422)
    expect((await ask('/push', { push_source_name: 'events', df: {}, to: 'nowhere' })).status).toBe(422)
    expect((await push({ fee: ['x'] })).text).toContain("'x' in column 'fee' is not of type Float32")
    expect((await push({ ts: [day(-30)] })).status).toBe(400)
    const state = { a: [1], b: ['x'], fee: [1], event_timestamp: [day(1)] }
    expect((await ask('/push', { push_source_name: 'state', df: state, to: 'offline' })).text).toContain(
      'takes whole states',
    )
    expect((await ask('/write-to-online-store', { feature_view_name: 'nope', df: state })).status).toBe(404)
    expect((await ask('/write-to-online-store', { feature_view_name: 'state', df: state })).status).toBe(200)
    expect(await fee('d')).toBeNull()
  })

  test('case 10: an Int64 beyond 2^53 is taken as a number and as text, and comes back exact', async () => {
    const push = (df: string) => ask('/push', `{"push_source_name":"events","df":${df}}`)
    const more = `"ts":["${day(3)}","${day(3)}"],"fee":[1,1],"tv":[true,true],"day":[null,null],"seen":[null,null]`
    expect(await push(`{"id":["n","t"],"big":[9007199254740993,"9223372036854775807"],${more}}`)).toEqual({
      status: 200,
      text: 'null',
    })
    const read = await online({ features: ['events:big'], entities: { id: ['n', 't'] } })
    expect(read.text).toContain('"values":[9007199254740993,9223372036854775807]')
    const refused = await push(`{"id":["n","t"],"big":[9223372036854775808,1],${more}}`)
    expect(refused.text).toContain("row 1: '9223372036854775808' in column 'big' is not of type Int64")
  })

  test('case 10: keys beyond 2^53 are apart, as numbers and as text', async () => {
    const write = (a: string, fee: number) =>
      ask(
        '/write-to-online-store',
        `{"feature_view_name":"state","df":{"a":[${a}],"b":["k"],"fee":[${fee}],"event_timestamp":["${day(1)}"]}}`,
      )
    expect((await write('9007199254740993', 3)).status).toBe(200)
    expect((await write('"9007199254740992"', 2)).status).toBe(200)
    const body = `{"features":["state:fee"],"entities":{"a":["9007199254740993",9007199254740992],"b":["k","k"]}}`
    const { text } = await ask('/get-online-features', body)
    expect(text).toContain('"values":[9007199254740993,9007199254740992]')
    expect(text).toContain('"values":[3.0,2.0]')
  })

  test.each([
    ['1795600000000', 'is not of type UnixTimestamp: a number is whole seconds since 1970'],
    ['253402300800', 'is not of type UnixTimestamp'],
    ['-62135596801', 'is not of type UnixTimestamp'],
    ['253402300799', 'is in the future'],
    ['"9999-12-31T23:59:59Z"', 'is in the future'],
    ['"+010000-01-01T00:00:00Z"', 'is not of type UnixTimestamp'],
  ])('case 07: a row of the moment %s is refused with a 400', async (moment, says) => {
    const df = `{"id":["z"],"ts":[${moment}],"fee":[1],"big":[1],"tv":[true],"day":[null],"seen":[null]}`
    const answer = await ask('/push', `{"push_source_name":"events","df":${df}}`)
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(says)])
    const feature = `{"id":["z"],"ts":["${day(1)}"],"fee":[1],"big":[1],"tv":[true],"day":[null],"seen":[${moment}]}`
    const seen = await ask('/push', `{"push_source_name":"events","df":${feature}}`)
    expect(seen.status).toBe(says === 'is in the future' ? 200 : 400)
  })

  test('case 08: the year 1 is the year 1, as a value and as the time of a row', async () => {
    const df = { id: ['y1'], event_timestamp: [day(1)], fee: [1], big: [1], tv: [true] }
    const values = { day: ['0001-01-01'], seen: ['0001-01-01T00:00:00Z'] }
    const write = (more: object) =>
      ask('/write-to-online-store', { feature_view_name: 'events', df: { ...df, ...more } })
    expect((await write(values)).status).toBe(200)
    const read = await online({ features: ['events:day', 'events:seen'], entities: { id: ['y1'] } })
    expect(JSON.parse(read.text).results.map((r: { values: unknown[] }) => r.values[0])).toEqual([
      'y1',
      '0001-01-01',
      -62135596800,
    ])
    expect((await write({ ...values, event_timestamp: ['0000-01-01T00:00:00Z'] })).status).toBe(400)
    expect((await write({ ...values, created: ['9999-12-31T00:00:00Z'] })).text).toContain('is in the future')
    expect((await write({ ...values, id: ['old1'], event_timestamp: ['0001-01-01T00:00:00Z'] })).status).toBe(200)
    const stored = await rig.app.features.readOnline('named', ['old1'])
    expect(stored[0]?.eventTimestamps[0]).toBe('0001-01-01T00:00:00.000000Z')
  })

  test('materialize: an unknown view, a wrong moment, nothing to bring, and in the background', async () => {
    expect((await ask('/materialize', { start_ts: day(9), end_ts: day(0), feature_views: ['nope'] })).status).toBe(404)
    expect((await ask('/materialize', { start_ts: 'x', end_ts: day(0) })).status).toBe(400)
    expect((await ask('/materialize', { start_ts: day(9), end_ts: day(0), feature_views: ['state'] })).status).toBe(404)
    const answer = await ask('/materialize?async=true', { start_ts: day(9), end_ts: day(0), feature_views: ['events'] })
    expect([answer.status, JSON.parse(answer.text)]).toEqual([202, { status: 'accepted', feature_views: ['events'] }])
  })

  test('while one runs, another is a 409', async () => {
    await rig.app.db.tx(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtextextended('features.online_table events', 0))`)
      expect((await ask('/materialize', { end_ts: day(0), feature_views: ['events'] })).status).toBe(409)
    })
  })
})

test('H3: a body of more values than 10,000 entities need is refused while it arrives, before it is parsed', async () => {
  const id = Array.from({ length: 100_000 }, (_, i) => `k${i}`)
  const answer = await ask('/get-online-features', { features: ['events:fee'], entities: { id } })
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('limit onlineBodyValues')])
  const more = await ask('/get-online-features', { features: ['events:fee'], entities: { id: id.slice(0, 10_001) } })
  expect([more.status, more.text]).toEqual([413, expect.stringContaining('limit onlineKeys')])
  const row = { id: 'a', ts: day(1), fee: 1, big: 1, tv: true, day: '2024-01-01', seen: day(1) }
  const df = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, Array(10_000).fill(value)]))
  expect((await ask('/push', { push_source_name: 'events', df, to: 'nowhere' })).text).not.toContain('BodyValues')
})

test('freshness and statistics of the views over HTTP', async () => {
  const views = (await rig.get('/feature-views')).body.feature_views as Record<string, unknown>[]
  expect(views.map((v) => v.name)).toEqual(['events', 'state'])
  expect(must(views[0])).toMatchObject({ materialized: true, ttl_seconds: 2_592_000 })
  expect((await rig.get('/feature-views/events/statistics')).body).toMatchObject({ view: 'events' })
  expect((await rig.get('/feature-views/nope/statistics')).status).toBe(404)
  expect((await rig.get('/feature-views/events/statistics?as_of=x')).status).toBe(400)
  const file = await fetch(`${rig.url}/feast/registry.db`)
  expect([file.status, file.headers.get('content-type')]).toEqual([200, 'application/octet-stream'])
})
