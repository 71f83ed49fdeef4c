import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { collectStorage } from '../../src/pipelines/collect-storage.ts'
import type { RegistryApi } from '../../src/registry/registry.ts'
import { bytesWith, erase, openRig, PROJECT, type Rig } from '../erasure/rig.ts'

let rig: Rig
let rooms: ReturnType<Rig['roomsOf']>

beforeEach(async () => {
  rig = await openRig()
  rooms = rig.roomsOf(PROJECT)
})
afterEach(() => rig.close())

const KEY = 'PERSON-7f3a9c'
const DAY_MS = 86_400_000
const at = (n: number) => `2024-01-${String(n + 1).padStart(2, '0')}`
const event = (who: string, n: number, v = n) => ({ who, ts: `${at(n)}T08:00:00Z`, v, gone: false })

/** One delivery for each of some days, of `KEY` and another. */
async function deliverDays(from: number, to: number) {
  for (let n = from; n < to; n++) {
    await rig.deliver(rooms, 'events', at(n), [event(KEY, n, 1000 + n), event('b', n)])
  }
}

/** A few deliveries are enough here; the numbers as they are in use are those of the last test. */
const merge = (limits = {}) => rig.lake.mergeSmall({ sources: ['events'], limits: { filesMin: 3, ...limits } })
const events = (knownAt?: string) => rig.lake.list({ source: 'events', ...(knownAt ? { knownAt } : {}) })
const mergedKeys = async () => [...new Set((await rig.lake.mergedPaths(await events())).values())]
/** Removes the own files of snapshots: what is still answered was read from a merged one. */
const removeOwn = async () => {
  for (const { objectKey } of await events()) await rm(join(rig.dir, ...objectKey.split('/')))
}

/** As an erasure records that it has written the file of the first delivery again. */
const redactFirst = () =>
  rig.db.query(
    `with r as (insert into lake.redaction (recorded_at, entity, actor, reason) values (now(), 'user', 't', 't') returning id)
     insert into lake.redacted_file (redaction, seq, digest, object_key, rows, bytes)
     select r.id, s.seq, s.digest, 'snapshots/other', 1, 1 from r, lake.snapshot s order by s.seq limit 1`,
  )

async function dataset(knownAt: string) {
  const file = [KEY, 'b', 'c'].flatMap((id) =>
    [3, 7, 11, 25].map((n) => ({ id, event_timestamp: `${at(n)}T09:00:00Z` })),
  )
  const service = rooms.features.serviceOf(['events:v'])
  return (await rooms.features.entityDataset(service, { file, knownAt, mode: 'served' })).digest
}

test('a merged file changes no answer: training sets, live values and their comparison, and it is what is read', async () => {
  await deliverDays(0, 6)
  // A correction, and one whose rows are earlier than others that came before.
  await rig.deliver(rooms, 'events', at(4), [event(KEY, 4, 77), event('b', 4, 78)])
  await rig.deliver(rooms, 'events', at(11), [event('b', 3, 5), event('b', 3, 6)])
  const knownAt = await rig.lake.pinKnownAt()
  const before = await dataset(knownAt)
  expect(await merge()).toMatchObject({ merged: { files: 8, into: 1 } })
  await deliverDays(12, 14)
  // The set that is there already is built anew, and comes to the same bytes.
  await rm(join(rig.dir, 'datasets'), { recursive: true })
  expect(await dataset(knownAt)).toBe(before)
  await rooms.features.materialize({ views: ['events'] })
  expect(await rooms.features.verify('events', 100)).toMatchObject({ checked: 2, differences: [], withdrawn: [] })
  const later = await dataset(await rig.lake.pinKnownAt())
  expect(await merge({ filesMin: 2 })).toMatchObject({ merged: { files: 10, into: 1 } })
  await removeOwn()
  await rm(join(rig.dir, 'datasets'), { recursive: true })
  expect(await dataset(knownAt)).toBe(before)
  expect(await dataset(await rig.lake.pinKnownAt())).toBe(later)
  expect(await rooms.features.verify('events', 100)).toMatchObject({ checked: 2, differences: [] })
  await rooms.features.materialize({ views: ['events'], full: true })
})

test('a delivery that is withdrawn after it was merged is seen by every K before, and by none from then on', async () => {
  await deliverDays(0, 4)
  const before = await rig.lake.pinKnownAt()
  const withAll = await dataset(before)
  await merge()
  await rig.lake.withdraw({
    ...{ source: 'events', validAt: parseInstant(at(3)), actor: 'tester', reason: 'wrong', request: 'r' },
  })
  const after = await rig.lake.pinKnownAt()
  expect(await dataset(before)).toBe(withAll)
  const without = await dataset(after)
  expect(without).not.toBe(withAll)
  await rig.db.query('update lake.merged_file set replaced_at = now()')
  expect(await dataset(after)).toBe(without)
})

test('a kill between two steps leaves the small files, and the next run makes what is missing', async () => {
  await deliverDays(0, 4)
  const knownAt = await rig.lake.pinKnownAt()
  const before = await dataset(knownAt)
  const { moveIn } = rig.objects
  const steps = [
    // Before anything is known of it.
    () => rig.db.query('alter table lake.merged_member rename to killed'),
    // It is known, and not there yet.
    async () => {
      rig.objects.moveIn = async () => {
        throw new Error('killed')
      }
    },
  ]
  for (const step of steps) {
    await step()
    await expect(merge()).rejects.toThrow()
    await rig.db.query('alter table if exists lake.killed rename to merged_member')
    rig.objects.moveIn = moveIn
    await rm(join(rig.dir, 'datasets'), { recursive: true })
    expect(await dataset(knownAt)).toBe(before)
    expect(await mergedKeys()).toEqual([])
  }
  expect(await merge()).toMatchObject({ merged: { files: 4, into: 1 } })
  expect(await mergedKeys()).toHaveLength(1)
  expect(await merge({ filesMin: 1 })).toMatchObject({ merged: { files: 0, into: 0 } })
})

test('two collectors at once merge each delivery once, and one that comes meanwhile is not lost', async () => {
  await deliverDays(0, 6)
  const { moveIn } = rig.objects
  let came = 0
  rig.objects.moveIn = async (key, path) => {
    rig.objects.moveIn = moveIn
    came++
    await deliverDays(6, 8)
    await moveIn(key, path)
  }
  const reports = await Promise.all([merge({ filesMin: 2, filesMax: 4 }), merge({ filesMin: 2, filesMax: 4 })])
  expect(came).toBe(1)
  expect(reports.reduce((sum, { merged }) => sum + merged.files, 0)).toBe(8)
  const members = await rig.db.query<{ n: number; seqs: number }>(
    `select count(*) as n, count(distinct m.seq) as seqs from lake.merged_member m join lake.merged_file f on f.id = m.file
     where f.replaced_at is null`,
  )
  expect(members).toEqual([{ n: 8, seqs: 8 }])
  const knownAt = await rig.lake.pinKnownAt()
  const merged = await dataset(knownAt)
  await rm(join(rig.dir, 'datasets'), { recursive: true })
  await rig.db.query('update lake.merged_file set replaced_at = now()')
  expect(await dataset(knownAt)).toBe(merged)
})

test('a merged file that is damaged or gone is done without, and made again', async () => {
  await deliverDays(0, 4)
  const knownAt = await rig.lake.pinKnownAt()
  const before = await dataset(knownAt)
  await merge()
  const [path = ''] = await mergedKeys()
  await writeFile(path, 'damaged')
  await rm(join(rig.dir, 'datasets'), { recursive: true })
  expect(await dataset(knownAt)).toBe(before)
  for (const spoil of [async () => {}, () => rm(path)]) {
    await spoil()
    expect(await mergedKeys()).toEqual([])
    expect(await merge()).toMatchObject({ merged: { files: 4, into: 1 } })
    expect(await mergedKeys()).toEqual([path])
  }
})

test('a merged file that was replaced is removed a day later; what is read is not', async () => {
  await deliverDays(0, 4)
  await merge()
  const [old = ''] = await mergedKeys()
  await deliverDays(4, 8)
  expect(await merge()).toMatchObject({ merged: { files: 8, into: 1 }, removed: { files: 0 } })
  const [now = ''] = await mergedKeys()
  expect(now).not.toBe(old)
  rig.clock.advance(DAY_MS - 1)
  expect(await merge()).toMatchObject({ removed: { files: 0 } })
  rig.clock.advance(2)
  expect(await rig.lake.mergeSmall({ sources: ['events'], dryRun: true })).toMatchObject({ removed: { files: 1 } })
  expect(await merge()).toMatchObject({ removed: { files: 1 } })
  expect(await mergedKeys()).toEqual([now])
  await expect(rm(old)).rejects.toThrow('ENOENT')
})

test('whoever is erased is in no merged file, and does not come into one', async () => {
  await deliverDays(0, 4)
  await merge()
  expect(await bytesWith(rig, [KEY])).not.toEqual([])
  const report = await erase(rooms.erasure, 'user', KEY)
  expect(report.places.filter(({ room }) => room === 'lake')).toHaveLength(4 + 5)
  expect(await bytesWith(rig, [KEY])).toEqual([])
  expect(await mergedKeys()).toEqual([])
  expect(await merge()).toMatchObject({ merged: { files: 4, into: 1 } })
  expect(await bytesWith(rig, [KEY])).toEqual([])
  await removeOwn()
  const rows = await rig.duck.rows<{ n: number }>(
    `SELECT count(*) AS n FROM read_parquet('${(await mergedKeys())[0]}')`,
  )
  expect(rows).toEqual([{ n: 4 }])
})

test('from the moment that rows are taken out of a small file, none of its merged file is read', async () => {
  await deliverDays(0, 4)
  await merge()
  const [, ...others] = await events()
  await redactFirst()
  // Also not the rows of others: the file that holds them is about to be removed.
  expect((await rig.lake.mergedPaths(others)).size).toBe(0)
})

test('an erasure that is asked for while files are merged waits for that, and then finds the merged file', async () => {
  await deliverDays(0, 4)
  const { moveIn } = rig.objects
  let erasing: Promise<unknown> | undefined
  rig.objects.moveIn = async (key, path) => {
    rig.objects.moveIn = moveIn
    erasing = erase(rooms.erasure, 'user', KEY)
    await moveIn(key, path)
  }
  await merge()
  expect(erasing).toBeDefined()
  await erasing
  expect(await bytesWith(rig, [KEY])).toEqual([])
})

test('a merged file that was begun from files of before an erasure does not come in', async () => {
  await deliverDays(0, 4)
  // As where the lock was lost: the erasure does not wait.
  const { withScratch } = rig.objects
  rig.objects.withScratch = async (body) => {
    rig.objects.withScratch = withScratch
    await redactFirst()
    return withScratch(body)
  }
  await expect(merge()).rejects.toMatchObject({ code: 'conflict' })
  expect(await rig.db.query('select from lake.merged_file')).toEqual([])
})

test('weir gc merges the small deliveries of the sources of changes, and says so before', async () => {
  await deliverDays(0, 8)
  for (let n = 0; n < 8; n++) await rig.deliver(rooms, 'state', at(n), [{ id: KEY, n, note: 'a' }])
  const registry = { listModels: async () => [] } as unknown as RegistryApi
  const deps = { ...rig, project: PROJECT, mlflow: { tracking: rig.tracking, registry } }
  const collect = (dryRun: boolean) => collectStorage(deps, { datasetsKeptMs: DAY_MS, cacheBytesMax: 1, dryRun })
  expect(await collect(true)).toMatchObject({ merged: { merged: { files: 8, into: 1 } } })
  expect(await mergedKeys()).toEqual([])
  expect(await collect(false)).toMatchObject({ merged: { merged: { files: 8, into: 1 } } })
  expect(await mergedKeys()).toHaveLength(1)
  expect((await rig.lake.mergedPaths(await rig.lake.list({ source: 'state' }))).size).toBe(0)
})
