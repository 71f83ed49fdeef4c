import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/base/log.ts'
import { createPostgresStore } from '../../src/features/online/postgres-store.ts'
import { createIngest } from '../../src/ingest/ingest.ts'
import type { Lake } from '../../src/lake/lake.ts'
import { gate } from '../helpers/gate.ts'
import { ASKED, bytesWith, erase, openRig, PROJECT, type Rig } from './rig.ts'

let rig: Rig
let rooms: ReturnType<Rig['roomsOf']>

beforeEach(async () => {
  rig = await openRig()
  rooms = rig.roomsOf(PROJECT)
})
afterEach(() => rig.close())

const [ANNA, BERT] = ['ANNA-4711-x', 'BERT-4712-x']
const JANUARY = '2024-01-31'
const rowsOf = (...ids: string[]) => ids.map((id, n) => ({ id, n, note: `note of ${id}` }))

/** A point at which work stops until it is let go on; `reached` when it is there. */
function stop() {
  const end = gate()
  const arrival = gate()
  const pass = async () => {
    arrival.open()
    await end.opened
  }
  return { open: end.open, reached: arrival.opened, pass }
}

/** Waits until somebody waits for the work of others: the erasure is at that point, and not a moment later. */
async function waitsForWork(): Promise<void> {
  for (;;) {
    const rows = await rig.db.query(`select 1 from pg_locks l join pg_database d on d.oid = l.database
      where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`)
    if (rows.length > 0) return
  }
}

describe('at the same time', () => {
  test('B4: two persons of one file, erased at once: neither comes back', async () => {
    // Above a chunk of DuckDB.
    const others = Array.from({ length: 3_000 }, (_, i) => `other-${i}`)
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(ANNA, BERT, ...others))
    await rig.deliver(
      rooms,
      'labels',
      JANUARY,
      [ANNA, BERT, 'c'].map((id) => ({ id, y: true })),
    )
    await rooms.features.materialize({ views: ['state'] })
    await Promise.all([ANNA, BERT, ANNA].map((key) => erase(rooms.erasure, 'user', key)))
    expect(await bytesWith(rig, [ANNA, BERT])).toEqual([])
    const snapshots = await rig.lake.list()
    expect(snapshots.map((s) => s.rows)).toEqual([1, 3_000])
    expect((await rooms.features.readOnline('all', [ANNA, BERT, 'other-2999'])).map((r) => r.found)).toEqual([
      ...[false, false, true],
    ])
    // The file of the lake is as if the two had never been in it.
    const again = await rig.deliver(rooms, 'state', JANUARY, rowsOf(...['', '', ...others]).slice(2))
    expect(again.sources[0]).toMatchObject({ outcome: 'unchanged', same: 'content', version: 1 })
  })

  test('B4: a delivery that was under way is waited for, and what it brought is found', async () => {
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(ANNA, 'b'))
    const { open, reached, pass } = stop()
    const keep: Lake['keep'] = async (file) => {
      const kept = await rig.lake.keep(file)
      await pass()
      return kept
    }
    const slow = createIngest({
      sql: rig.db,
      lake: { ...rig.lake, keep },
      duck: rig.duck,
      project: PROJECT,
      clock: rig.clock,
      log: silentLog,
    })
    const delivery = rig.deliver({ ingest: slow }, 'state', '2024-02-29', rowsOf(ANNA, 'b', 'c'))
    await reached
    const erased = erase(rooms.erasure, 'user', ANNA)
    await waitsForWork()
    // One that begins now is not waited for, and leaves her out.
    const after = await rig.deliver(rooms, 'state', '2024-03-31', rowsOf(ANNA, 'b'))
    expect(after.sources[0]?.findings.map((f) => f.message)).toEqual(['state.csv: 1 row of an erased key left out'])
    open()
    expect((await delivery).state).toBe('accepted')
    expect((await erased).places.filter((p) => p.room === 'lake').map((p) => p.where)).toContain(
      'snapshot state/2024-02-29/v1',
    )
    expect(await bytesWith(rig, [ANNA])).toEqual([])
  })

  test('B5: a materialization that reads the file of before does not put the values back', async () => {
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(ANNA, 'b'))
    const { open, reached, pass } = stop()
    const store = createPostgresStore(rig.db)
    const slow = rig.roomsOf(PROJECT, {
      ...store,
      async load(tx, view, load) {
        await pass()
        return store.load(tx, view, load)
      },
    })
    const materialized = slow.features.materialize({ views: ['state'] })
    await reached
    const erased = erase(rooms.erasure, 'user', ANNA)
    await waitsForWork()
    open()
    await Promise.all([materialized, erased])
    expect((await rooms.features.readOnline('all', [ANNA, 'b'])).map((r) => r.found)).toEqual([false, true])
    expect(await bytesWith(rig, [ANNA])).toEqual([])
  })

  test('the same person asked for twice at once is one request', async () => {
    await rig.deliver(rooms, 'state', JANUARY, rowsOf(ANNA, 'b'))
    const ids = await Promise.all([1, 2, 3].map(() => rooms.erasure.request({ entity: 'user', key: ANNA, ...ASKED })))
    expect(new Set(ids).size).toBe(1)
    expect((await rig.db.query('select 1 from lake.suppression')).length).toBe(1)
  })
})
