import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { ASKED, bytesWith, counted, erase, openRig, PROJECT, type Rig } from './rig.ts'

/** A person whose key and values stand nowhere else. */
const KEY = 'PERSON-7f3a9c'
const VALUES = ['marker-note-77123', '987654321012']
const MONTHS = ['2024-01-31', '2024-02-29', '2024-03-31']

let rig: Rig
let rooms: ReturnType<Rig['roomsOf']>

beforeEach(async () => {
  rig = await openRig()
  rooms = rig.roomsOf(PROJECT)
})
afterEach(() => rig.close())

/** Three months of four sources for the person and others; the person's orders too. */
async function fill(others = 3): Promise<void> {
  const ids = [KEY, ...Array.from({ length: others }, (_, i) => `other-${i}`)]
  for (const [m, month] of MONTHS.entries()) {
    const of = (i: number) =>
      i === 0 ? { n: 987654321012, note: 'marker-note-77123' } : { n: i + m, note: `note ${i}` }
    await rig.deliver(
      rooms,
      'state',
      month,
      ids.map((id, i) => ({ id, ...of(i) })),
    )
    await rig.deliver(
      rooms,
      'labels',
      month,
      ids.map((id, i) => ({ id, y: i % 2 === 0 })),
    )
    await rig.deliver(
      rooms,
      'events',
      month,
      ids.map((who, i) => ({ who, ts: month, v: i + m, gone: m === 2 && i === 1 })),
    )
    await rig.deliver(
      rooms,
      'orders',
      month,
      ids.map((id, i) => ({ order_id: 1000 + i, id, amount: of(i).n })),
    )
  }
}

const trainingSet = async () =>
  rooms.features.trainingSet({
    model: 'churn',
    asOf: parseInstant('2024-04-05'),
    knownAt: await rig.lake.pinKnownAt(),
    mode: 'restated',
  })

const found = async (service: string, keys: (string | number)[]) =>
  (await rooms.features.readOnline(service, keys)).map((row) => row.found)

describe('an erasure', () => {
  test('B5: leaves the person in no file, table or page, and takes nobody else', async () => {
    await fill()
    await rooms.features.materialize()
    const set = await trainingSet()
    await rooms.features.statistics('state')
    const bad = [
      { id: KEY, n: 'marker-note-77123' },
      { id: 'other-1', n: 'other' },
    ]
    await expect(rooms.ingest.ingestRows({ source: 'state', asOf: '2024-03-31', rows: bad })).rejects.toThrow(/refused/)
    expect(counted(await rooms.erasure.find('user', KEY))).toMatchObject({ lake: 12, 'live values': 3, deliveries: 1 })
    const before = await rig.lake.list()

    const report = await erase(rooms.erasure, 'user', KEY)

    expect(counted(report.places)).toMatchObject({ 'training sets': 1, 'live values': 3, statistics: 1, deliveries: 1 })
    expect(await rooms.erasure.find('user', KEY)).toEqual([])
    expect(await bytesWith(rig, [KEY, ...VALUES])).toEqual([])
    expect(await found('all', [KEY, 'other-0', 'other-1', 'other-2'])).toEqual([false, true, true, true])
    expect(await found('of_orders', [1000, 1001])).toEqual([false, true])
    for (const now of await rig.lake.list()) {
      const old = must(before.find((s) => s.id === now.id))
      expect([now.rows, now.recordedDigest]).toEqual([old.rows - 1, old.digest])
    }
    await expect(rooms.features.readTrainingSet(set)).rejects.toThrow(/held somebody who was erased on 2024-05-05/)
    expect((await trainingSet()).rows).toBe(set.rows - 1)
    await rooms.features.materialize({ full: true })
    expect(await found('all', [KEY])).toEqual([false])
    expect((await rooms.features.verify('state', 10)).differences).toEqual([])
    const kept = JSON.stringify(await rooms.ingest.deliveries())
    expect(kept).toContain('other-1')
  })

  test('says who asked, when and why, and of whom only what nobody can try out without the secret', async () => {
    await fill(1)
    await erase(rooms.erasure, 'user', KEY)
    const [record] = await rig.db.query<Record<string, string>>(
      'select entity, subject, secret, actor, reason, recorded_at from lake.suppression',
    )
    expect(record).toMatchObject({ entity: 'user', ...ASKED })
    const { createHash } = await import('node:crypto')
    const unsalted = createHash('sha256')
      .update(JSON.stringify(['user', [KEY]]))
      .digest('hex')
    expect(record?.subject).not.toBe(unsalted)
    const [request] = await rig.db.query('select key, finished_at, report from erasure.request')
    expect(request).toMatchObject({ key: null, finished_at: expect.any(String) })
    expect(await rig.db.query('select * from erasure.affected')).toEqual([])
    const secret = (await rig.objects.get('secrets/subjects')).toString()
    expect(secret).toMatch(/^[0-9a-f]{64}$/)
  })
})

test('a saved view that names a person goes, and no name of a view stays in the trail', async () => {
  await fill(1)
  const { experiments, table } = rig.tracking
  const { experimentId } = await experiments.create({ name: 'looked at' })
  const filter = `params.who = '${KEY}'`
  const named = await table.views.create(experimentId, { name: `runs of ${KEY}`, state: {} })
  await table.views.replace(experimentId, String(named.id), { name: `all of ${KEY}`, state: {} })
  const filtered = await table.views.create(experimentId, { name: 'one', state: { filter } })
  await table.views.create(experimentId, { name: 'others', state: { filter: `params.who = '${KEY}2'` } })
  const { places } = await erase(rooms.erasure, 'user', KEY)
  const gone = places.filter(({ room }) => room === 'saved views').map(({ where }) => where)
  expect(gone).toEqual([`saved view ${named.id}`, `saved view ${filtered.id}`])
  expect((await table.views.list(experimentId)).map(({ name }) => name)).toEqual(['others'])
  const rows = await rig.db.query<{ row: string }>('select a::text as row from identity.audit a')
  expect(rows.filter(({ row }) => row.includes(KEY))).toEqual([])
  expect(rows.filter(({ row }) => row.includes('view.deleted'))).toHaveLength(2)
})
