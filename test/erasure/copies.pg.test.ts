import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { bytesWith, counted, erase, openRig, PROJECT, projectOf, type Rig } from './rig.ts'

let rig: Rig

beforeEach(async () => {
  rig = await openRig()
})
afterEach(() => rig.close())

const KEY = 'PERSON-7f3a9c'
const JANUARY = '2024-01-31'
const rowsOf = (...ids: string[]) => ids.map((id, n) => ({ id, n: n + 987_650_001, note: `note of ${id}` }))

describe('every copy', () => {
  test('B5: of sources and views that the project no longer names, and of definitions before the present one', async () => {
    const old = projectOf({
      sources: { crm: { key: 'client', columns: { client: 'String', city: 'String' } } },
      views: { crm: { entity: 'user', source: 'crm', keys: { id: 'client' }, features: { city: 'String' } } },
    })
    const before = rig.roomsOf(old)
    await rig.deliver(before, 'state', JANUARY, rowsOf(KEY, 'b'))
    await rig.deliver(
      before,
      'crm',
      JANUARY,
      [KEY, 'b'].map((client) => ({ client, city: `city of ${client}` })),
    )
    await before.features.materialize()
    const { state: _, ...views } = Object.fromEntries(PROJECT.featureViews.map((view) => [view.name, view]))
    expect(Object.keys(views)).toEqual(['events', 'orders'])
    const now = rig.roomsOf(
      projectOf({ views: { state: { entity: 'user', source: 'state', features: { n: 'Float64', note: 'String' } } } }),
    )
    await now.features.materialize({ views: ['state'] })
    expect((await rig.db.query('select 1 from features.online_table')).length).toBe(3)
    // Two definitions of one view, the view of a source that is not named any more, and two snapshots.
    expect(counted(await now.erasure.find('user', KEY))).toEqual({ lake: 2, 'live values': 3 })
    await erase(now.erasure, 'user', KEY)
    expect(await bytesWith(rig, [KEY])).toEqual([])
    const tables = await rig.db.query<{ t: string }>(`select table_name as t from features.online_table`)
    for (const { t } of tables) expect((await rig.db.query(`select 1 from online."${t}"`)).length).toBe(1)
  })

  test('of rows under another entity: what is left of its values is brought again', async () => {
    const rooms = rig.roomsOf(PROJECT)
    const orders = [KEY, 'b', 'b'].map((id, i) => ({ order_id: i, id, amount: 987_650_000 + i }))
    await rig.deliver(rooms, 'orders', JANUARY, orders)
    await rooms.features.materialize()
    await rooms.features.entityDataset(rooms.features.service('of_orders'), {
      ...{
        file: [{ order_id: 0, event_timestamp: '2024-02-01T00:00:00Z' }],
        knownAt: await rig.lake.pinKnownAt(),
        mode: 'restated',
      },
    })
    const report = await erase(rooms.erasure, 'user', KEY)
    // The training set has no column for the person, and was built from the person's row.
    expect(counted(report.places)).toMatchObject({ 'training sets': 1, 'live values': 1 })
    expect((await rooms.features.readOnline('of_orders', [0, 1, 2])).map((r) => r.found)).toEqual([false, true, true])
    expect((await rig.objects.list('datasets/')).length).toBe(0)
    expect(await bytesWith(rig, [KEY, '987650000'])).toEqual([])
  })

  test('of withdrawn deliveries, and of deliveries that died before they were recorded', async () => {
    const rooms = rig.roomsOf(PROJECT)
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(KEY, 'b'))
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(KEY, 'b', 'c'))
    const [snapshot] = await rig.lake.history({ source: 'state' })
    await rig.lake.withdraw({
      ...{ source: 'state', validAt: parseInstant(JANUARY), version: snapshot?.version ?? 1 },
      ...{ actor: 'tester', reason: 'wrong file', request: 'r' },
    })
    const keep = async () => {
      throw new Error('killed')
    }
    const commit = rig.lake.commit
    rig.lake.commit = keep
    await expect(rig.deliver(rooms, 'state', '2024-02-29', rowsOf(KEY, 'd'))).rejects.toThrow('killed')
    rig.lake.commit = commit
    const report = await erase(rooms.erasure, 'user', KEY)
    expect(report.places.filter((p) => p.where.startsWith('snapshot')).map((p) => p.where)).toEqual([
      'snapshot state/2024-01-31/v1',
      'snapshot state/2024-01-31/v2',
    ])
    expect(await bytesWith(rig, [KEY])).toEqual([])
  })

  test('of files that a killed command handed over for a delivery; those of a run that has not ended go with it', async () => {
    const rooms = rig.roomsOf(PROJECT)
    await rig.deliver(rooms, 'state', '2024-01-31', [{ id: KEY, n: 1, note: 'a' }])
    const [left, waits] = [`handed-over/left/${'a'.repeat(64)}`, `handed-over/waits/${'b'.repeat(64)}`]
    for (const key of [left, waits]) await rig.objects.put(key, Buffer.from(`id,n\n${KEY},1\n`))
    await rig.db.query(
      `insert into flows.run (id, flow, key, state, input) values ('r', 'ingest_month', 'k', 'waiting', $1::json)`,
      [JSON.stringify({ handed: { id: 'waits' } })],
    )
    const report = await erase(rooms.erasure, 'user', KEY)
    expect(report.places.map(({ where }) => where)).toContain(`object ${left}`)
    expect((await rig.objects.list('handed-over')).map(({ key }) => key)).toEqual([waits])
  })

  test('B5: of findings in the records of runs, and of the rows that a run shows as its input example', async () => {
    const rooms = rig.roomsOf(PROJECT)
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(KEY, 'b'))
    await rig.deliver(
      rooms,
      'labels',
      JANUARY,
      [KEY, 'b'].map((id) => ({ id, y: true })),
    )
    const set = await rooms.features.trainingSet({
      ...{ model: 'churn', asOf: parseInstant('2024-03-01'), knownAt: await rig.lake.pinKnownAt(), mode: 'restated' },
    })
    const experimentId = (await rig.tracking.experiments.ensure('e')).experimentId
    const run = await rig.tracking.runs.create({
      ...{ experimentId, runName: 'r', userId: 'u', startTimeMs: 1, tags: { 'weir.training_set': set.digest } },
    })
    const example = {
      columns: ['n', 'note'],
      data: [
        [987_650_001, `note of ${KEY}`],
        [987_650_002, 'note of b'],
      ],
    }
    await rig.tracking.artifacts.putOfRun(run.runId, 'model/input_example.json', Buffer.from(JSON.stringify(example)))
    const bad = [
      { id: KEY, n: `value of ${KEY}` },
      { id: 'b', n: 'value of b' },
    ]
    const refusal = (await rooms.ingest
      .ingestRows({ source: 'state', asOf: '2024-03-31', rows: bad })
      .catch((e: unknown) => e)) as Error & { details: object; code: string }
    const { message, stack, details, code } = refusal
    const kept = JSON.stringify({ name: 'PlatformError', message, stack, details, code })
    await rig.db.query(
      `insert into flows.run (id, flow, key, state, error, finished_at) values ('run-1', 'ingest_month', 'k', 'failed', $1::json, now())`,
      [kept],
    )
    expect(counted(await rooms.erasure.find('user', KEY))).toMatchObject({ 'training sets': 2, deliveries: 1, runs: 1 })
    await erase(rooms.erasure, 'user', KEY)
    expect(await bytesWith(rig, [KEY, '987650001'])).toEqual([])
    const [row] = await rig.db.query<{ error: string }>(`select error::text as error from flows.run where id = 'run-1'`)
    const after = JSON.parse(row?.error ?? '')
    expect([after.code, after.message.split('\n')[0]]).toEqual([code, message.split('\n')[0]])
    expect(JSON.stringify(after)).toContain('value of b')
    const shown = JSON.parse(
      (await rig.tracking.artifacts.read(run.artifactUri, 'model/input_example.json')).toString(),
    )
    expect(shown).toEqual({ columns: ['n', 'note'], data: [] })
  })
})
