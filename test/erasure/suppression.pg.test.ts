import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { normalizeProject } from '../../src/config/normalize.ts'
import { ASKED, bytesWith, erase, openRig, PROJECT, type Rig } from './rig.ts'

let rig: Rig
let rooms: ReturnType<Rig['roomsOf']>

beforeEach(async () => {
  rig = await openRig()
  rooms = rig.roomsOf(PROJECT)
})
afterEach(() => rig.close())

const JANUARY = '2024-01-31'
/** Whatever SQL, LIKE, JSON or a pattern may make of it. */
const ODD = `O'Br"ien%_\\|{"x":1}, ünï`
const rowsOf = (ids: readonly string[], more = 0) => ids.map((id, n) => ({ id, n: n + more, note: `note of ${id}` }))
const messages = (report: { sources: { findings: { message: string }[] }[] }) =>
  report.sources.flatMap((s) => s.findings.map((f) => f.message))
const heldBack = ['state.csv: 1 row of an erased key left out']

describe('whoever was erased', () => {
  test('does not come in again, by a delivery, a correction, a push or a write, until that is lifted', async () => {
    const ids = [ODD, 'b', 'c']
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(ids))
    await rooms.features.materialize({ views: ['state'] })
    await erase(rooms.erasure, 'user', ODD)

    const same = await rig.deliver(rooms, 'state', JANUARY, rowsOf(ids))
    expect(same.sources[0]).toMatchObject({ outcome: 'unchanged', version: 1, rows: 2 })
    const corrected = await rig.deliver(rooms, 'state', JANUARY, rowsOf(ids, 1))
    expect(corrected.sources[0]).toMatchObject({ outcome: 'corrected', rows: 2 })
    expect(messages(corrected)).toEqual(heldBack)
    const next = await rig.deliver(rooms, 'state', '2024-02-29', rowsOf(ids))
    expect(messages(next)).toEqual(heldBack)
    // A refusal cannot show its values either.
    const bad = [
      { id: ODD, n: 'shown' },
      { id: 'b', n: 'shown too' },
    ]
    await expect(rooms.ingest.ingestRows({ source: 'state', asOf: '2024-03-31', rows: bad })).rejects.toThrow(
      /1 row (?:with|that|whose|is|has)?.*shown too/,
    )

    const at = ['2024-03-01', '2024-03-01']
    const pushed = { id: [ODD, 'new'], n: [1, 2], note: ['x', 'y'], event_timestamp: at }
    await rooms.features.writeFeatures('state', pushed)
    await rooms.features.push('events', { who: [ODD, 'new'], ts: at, v: [1, 2] })
    await rooms.features.materialize()
    const found = async () => (await rooms.features.readOnline('all', [ODD, 'new'])).map((r) => r.found)
    expect(await found()).toEqual([false, true])
    expect(await rooms.erasure.find('user', ODD)).toEqual([])
    expect(await bytesWith(rig, [ODD, JSON.stringify(ODD).slice(1, -1)])).toEqual([])

    await rooms.erasure.lift({ entity: 'user', key: ODD, actor: 'tester', reason: 'came back' })
    await expect(rooms.erasure.lift({ entity: 'user', key: ODD, ...ASKED })).rejects.toThrow(/are not suppressed/)
    const back = await rig.deliver(rooms, 'state', '2024-03-31', rowsOf(ids))
    expect([back.sources[0]?.rows, messages(back)]).toEqual([3, []])
    await rooms.features.writeFeatures('state', { ...pushed, event_timestamp: ['2024-04-01', '2024-04-01'] })
    expect(await found()).toEqual([true, true])
    const [record] = await rig.db.query('select lifted_by, lift_reason, reason from lake.suppression')
    expect(record).toEqual({ lifted_by: 'tester', lift_reason: 'came back', reason: 'asked to' })
  })

  test('is told from those whose key begins like its own, and from the same key of another entity', async () => {
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(['12', '123', '012', '12 ', 'x12']))
    await rig.deliver(
      rooms,
      'orders',
      JANUARY,
      [12, 123].map((order_id) => ({ order_id, id: '123', amount: 1 })),
    )
    await rooms.features.materialize()
    const bad = ['12', '123'].map((id) => ({ id, n: `value of ${id}` }))
    await expect(rooms.ingest.ingestRows({ source: 'state', asOf: '2024-03-31', rows: bad })).rejects.toThrow()
    await erase(rooms.erasure, 'user', '12')
    const online = await rooms.features.readOnline('all', ['12', '123', '012', '12 ', 'x12'])
    expect(online.map((r) => r.found)).toEqual([false, true, true, true, true])
    expect((await rig.lake.list()).map((s) => [s.source, s.rows])).toEqual([
      ['orders', 2],
      ['state', 4],
    ])
    const findings = JSON.stringify((await rooms.ingest.deliveries()).map((d) => d.findings))
    expect([findings.includes('value of 123'), findings.includes('value of 12"')]).toEqual([true, false])
    await erase(rooms.erasure, 'order', 12)
    expect((await rooms.features.readOnline('of_orders', [12, 123])).map((r) => r.found)).toEqual([false, true])
  })

  test('also where the key has several parts, or is a number that a source keeps as text, above a row group', async () => {
    const project = normalizeProject(
      {
        name: 'parts',
        sources: {
          seats: { key: ['hall', 'seat'], columns: { hall: 'String', seat: 'Int64', n: 'Int64' } },
          codes: { key: 'code', columns: { code: 'String', n: 'Int64' } },
        },
        entities: {
          seat: { joinKeys: { hall: 'String', seat: 'Int64' } },
          item: { joinKeys: { item_id: 'Int64' } },
        },
        featureViews: {
          seats: { entity: 'seat', source: 'seats', features: { n: 'Int64' } },
          codes: { entity: 'item', source: 'codes', keys: { item_id: 'code' }, features: { n: 'Int64' } },
        },
        featureServices: { seats: ['seats'], codes: ['codes'] },
      },
      '/',
    )
    const own = rig.roomsOf(project)
    const seats = Array.from({ length: 130_000 }, (_, i) => ({ hall: `h${i % 2}`, seat: i >> 1, n: i }))
    const codes = ['0012', '12a', '120', '13'].map((code, n) => ({ code, n }))
    await rig.deliver(own, 'seats', JANUARY, seats)
    await rig.deliver(
      own,
      'codes',
      JANUARY,
      codes.filter(({ code }) => code !== '12a'),
    )
    await own.features.materialize()
    await erase(own.erasure, 'seat', { hall: 'h1', seat: 64_000 })
    await erase(own.erasure, 'item', '12')
    const read = async (service: string, keys: never[]) =>
      (await own.features.readOnline(service, keys)).map((r) => r.found)
    const keys = [
      ['h1', 64_000],
      ['h0', 64_000],
      ['h1', 64_001],
    ].map(([hall, seat]) => ({ hall, seat }))
    expect(await read('seats', keys as never[])).toEqual([false, true, true])
    expect(await read('codes', [12, 120, 13] as never[])).toEqual([false, true, true])
    const again = await rig.deliver(own, 'seats', JANUARY, [...seats].reverse())
    expect(again.sources[0]).toMatchObject({ outcome: 'unchanged', rows: 129_999 })
    const later = await rig.deliver(
      own,
      'codes',
      '2024-02-29',
      codes.filter(({ code }) => code !== '12a'),
    )
    expect(later.sources[0]?.rows).toBe(2)
    expect(messages(later)).toContain('codes.csv: 1 row of an erased key left out')
  })

  test('the secret is needed: without it nothing is taken in, instead of taking in who was erased', async () => {
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(['a', 'b']))
    await erase(rooms.erasure, 'user', 'a')
    await rig.objects.delete('secrets/subjects')
    const other = (await import('../../src/lake/lake.ts')).createLake({ ...rig, sql: rig.db })
    await expect(other.suppressions.active()).rejects.toThrow(/put it back from a backup/)
    await rig.objects.put('secrets/subjects', Buffer.from('0'.repeat(64)))
    await expect(other.suppressions.active()).rejects.toThrow(/recorded with another secret/)
  })
})
