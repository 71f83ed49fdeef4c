import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { type Instant, parseInstant } from '../../src/base/instant.ts'
import type { SnapshotDraft } from '../../src/lake/snapshot.ts'
import { openRig, type Rig } from '../ingest/rig.ts'

let rig: Rig
beforeEach(async () => {
  rig = await openRig()
})
afterEach(() => rig.close())

const t = (text: string): Instant => parseInstant(text)
const DAY_MS = 24 * 3600_000

/** A draft whose content is `content`; its object is not needed where only the catalogue is asked. */
function draft(content: string, validAt: string, publishDelayMs = 0, source = 'users'): SnapshotDraft {
  const digest = sha256Hex(content)
  const object = { digest, objectKey: `snapshots/${digest}.parquet`, fileDigest: digest }
  return { source, validAt: t(validAt), ...object, rows: 1, bytes: 1, columns: [], uniqueKey: null, publishDelayMs }
}

const commit = (...drafts: SnapshotDraft[]) => rig.db.tx((tx) => rig.lake.commit(tx, drafts))
const clockAt = (text: string) => rig.clock.set(Date.parse(t(text)))
const idAt = async (search: object) => {
  const found = await rig.lake.snapshotAt({ source: 'users', validAt: t('2030-01-01'), ...search })
  return found?.id
}

test('a new moment is accepted, the same content unchanged, other content a correction', async () => {
  const [first] = await commit(draft('a', '2024-01-31'))
  const [same] = await commit(draft('a', '2024-01-31'))
  const [other] = await commit(draft('b', '2024-01-31'))
  const [later] = await commit(draft('b', '2024-02-29'))
  expect([first, same, other, later].map((c) => [c?.outcome, c?.snapshot.id])).toEqual([
    ['accepted', 'users/2024-01-31/v1'],
    ['unchanged', 'users/2024-01-31/v1'],
    ['corrected', 'users/2024-01-31/v2'],
    ['accepted', 'users/2024-02-29/v1'],
  ])
  expect((await rig.lake.list()).length).toBe(3)
})

test('the drafts of one commit share their moment; all are there or none', async () => {
  const both = await commit(draft('a', '2024-01-31'), draft('b', '2024-01-31', 0, 'labels'))
  expect(new Set(both.map((c) => c.snapshot.recordedAt)).size).toBe(1)
  const bad = { ...draft('c', '2024-02-29', 0, 'labels'), digest: 'no digest' }
  await expect(commit(draft('c', '2024-02-29'), bad)).rejects.toThrow()
  expect(await rig.lake.moments({ source: 'users' })).toEqual([t('2024-01-31')])
})

test('recorded_at rises with every commit, also when the machine’s clock stands or goes back', async () => {
  const recorded: Instant[] = []
  for (const at of ['2024-06-01', '2024-06-01', '2024-05-01', '2024-06-01', '2024-06-02']) {
    clockAt(at)
    const [done] = await commit(draft(`content ${recorded.length}`, '2024-01-31'))
    recorded.push(done!.snapshot.recordedAt)
  }
  expect(recorded).toEqual([
    '2024-06-01T00:00:00.000000Z',
    '2024-06-01T00:00:00.000001Z',
    '2024-06-01T00:00:00.000002Z',
    '2024-06-01T00:00:00.000003Z',
    '2024-06-02T00:00:00.000000Z',
  ])
})

test('recorded_at is strictly monotone in seq under concurrent commits and pins, and versions have no gap', async () => {
  const pins: Instant[] = []
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      if (i % 4 === 3) pins.push(await rig.lake.pinKnownAt())
      else await commit(draft(`content ${i}`, '2024-01-31'))
    }),
  )
  const all = (await rig.lake.list()).sort((a, b) => a.seq - b.seq)
  const recorded = all.map((s) => s.recordedAt)
  expect(recorded).toEqual([...new Set(recorded)].sort())
  expect(all.map((s) => s.version)).toEqual(all.map((_, i) => i + 1))
  // No pinned moment is that of a commit: before or after is never in doubt.
  expect(new Set([...recorded, ...pins]).size).toBe(recorded.length + pins.length)
})

test('a moment pinned while a commit is under way does not come before it', async () => {
  let pinned: Promise<Instant> | undefined
  const committed = await rig.db.tx(async (tx) => {
    const done = await rig.lake.commit(tx, [draft('a', '2024-01-31')])
    pinned = rig.lake.pinKnownAt()
    return done
  })
  const knownAt = await pinned!
  expect(knownAt > committed[0]!.snapshot.recordedAt).toBe(true)
  expect(await idAt({ knownAt })).toBe('users/2024-01-31/v1')
})

test('what was known at a pinned moment is the same for ever', async () => {
  await commit(draft('a', '2024-01-31'))
  const knownAt = await rig.lake.pinKnownAt()
  await commit(draft('b', '2024-01-31'))
  await commit(draft('c', '2024-02-29'))
  expect(await idAt({ knownAt })).toBe('users/2024-01-31/v1')
  expect(await rig.lake.moments({ source: 'users', knownAt })).toEqual([t('2024-01-31')])
  expect((await rig.lake.list({ knownAt })).map((s) => s.id)).toEqual(['users/2024-01-31/v1'])
  expect(await idAt({})).toBe('users/2024-02-29/v1')
})

test('snapshotAt takes the newest moment at or before T, and its newest version', async () => {
  await commit(draft('jan', '2024-01-31'))
  await commit(draft('feb', '2024-02-29'))
  await commit(draft('jan corrected', '2024-01-31'))
  expect(await idAt({ validAt: t('2024-01-30') })).toBeUndefined()
  expect(await idAt({ validAt: t('2024-01-31') })).toBe('users/2024-01-31/v2')
  expect(await idAt({ validAt: t('2024-02-28T23:59:59.999999Z') })).toBe('users/2024-01-31/v2')
  expect(await idAt({ validAt: t('2024-02-29') })).toBe('users/2024-02-29/v1')
  expect(await idAt({ source: 'labels' })).toBeUndefined()
  // Not older than the ttl allows, both ends inclusive.
  expect(await idAt({ validAt: t('2024-02-15'), notBefore: t('2024-01-31') })).toBe('users/2024-01-31/v2')
  expect(await idAt({ validAt: t('2024-02-15'), notBefore: t('2024-02-01') })).toBeUndefined()
})

test('by knownAt a later correction is not there yet', async () => {
  clockAt('2024-02-10')
  await commit(draft('a', '2024-01-31'))
  clockAt('2024-03-10')
  await commit(draft('b', '2024-01-31'))
  expect(await idAt({ knownAt: t('2024-02-09') })).toBeUndefined()
  expect(await idAt({ knownAt: t('2024-02-10') })).toBe('users/2024-01-31/v1')
  expect(await idAt({ knownAt: t('2024-03-09T23:59:59.999999Z') })).toBe('users/2024-01-31/v1')
  expect(await idAt({ knownAt: t('2024-03-10') })).toBe('users/2024-01-31/v2')
})

test('by availableBy a snapshot is seen when the world could know it: after its publish delay, a correction when it came', async () => {
  clockAt('2024-06-01')
  await commit(draft('jan', '2024-01-31', 5 * DAY_MS))
  await commit(draft('feb', '2024-02-29', 5 * DAY_MS))
  clockAt('2024-07-01')
  await commit(draft('feb corrected', '2024-02-29', 5 * DAY_MS))
  expect(await idAt({ availableBy: t('2024-02-04') })).toBeUndefined()
  expect(await idAt({ availableBy: t('2024-02-05') })).toBe('users/2024-01-31/v1')
  expect(await idAt({ availableBy: t('2024-03-04') })).toBe('users/2024-01-31/v1')
  expect(await idAt({ availableBy: t('2024-03-05') })).toBe('users/2024-02-29/v1')
  expect(await idAt({ availableBy: t('2024-07-01') })).toBe('users/2024-02-29/v2')
})

test('a correction is never available before what it corrects', async () => {
  clockAt('2024-02-01')
  await commit(draft('a', '2024-01-31', 60 * DAY_MS))
  const [corrected] = await commit(draft('b', '2024-01-31', 60 * DAY_MS))
  expect(corrected?.snapshot.availableAt).toBe(t('2024-03-31'))
  expect(await idAt({})).toBe('users/2024-01-31/v2')
})

test('moments are those of one source, ascending, both ends inclusive', async () => {
  for (const at of ['2024-03-31', '2024-01-31', '2024-02-29', '2024-01-31T12:00:00Z']) await commit(draft(at, at))
  await commit(draft('x', '2024-02-15', 0, 'labels'))
  await commit(draft('corrected', '2024-02-29'))
  const moments = (where: object) => rig.lake.moments({ source: 'users', ...where })
  expect(await moments({})).toEqual(['2024-01-31', '2024-01-31T12:00:00Z', '2024-02-29', '2024-03-31'].map(t))
  expect(await moments({ from: t('2024-01-31T12:00:00Z'), to: t('2024-02-29') })).toEqual([
    t('2024-01-31T12:00:00Z'),
    t('2024-02-29'),
  ])
})

test('previous is the newest version of the moment before; newestVersion is of exactly this one', async () => {
  await commit(draft('jan', '2024-01-31'))
  await commit(draft('jan corrected', '2024-01-31'))
  await commit(draft('feb', '2024-02-29'))
  expect((await rig.lake.previous('users', t('2024-02-29')))?.id).toBe('users/2024-01-31/v2')
  expect(await rig.lake.previous('users', t('2024-01-31'))).toBeUndefined()
  expect((await rig.lake.newestVersion('users', t('2024-01-31')))?.version).toBe(2)
  expect(await rig.lake.newestVersion('users', t('2024-02-28'))).toBeUndefined()
})

test('rows of the catalogue cannot be changed or taken away', async () => {
  await commit(draft('a', '2024-01-31'))
  for (const statement of [
    'update lake.snapshot set rows = 2',
    'delete from lake.snapshot',
    'truncate lake.snapshot cascade',
    "update lake.snapshot set rows = 2 where source = 'nobody'",
  ]) {
    await expect(rig.db.query(statement)).rejects.toThrow('append only')
  }
  expect((await rig.lake.list()).length).toBe(1)
})

test('a file is kept under the digest of its bytes, twice as well as once', async () => {
  const keep = () =>
    rig.lake.withScratch(async (scratch) => {
      await writeFile(join(scratch, 'x.parquet'), 'bytes')
      return rig.lake.keep(join(scratch, 'x.parquet'))
    })
  const [one, two] = [await keep(), await keep()]
  expect(one).toEqual({ digest: sha256Hex('bytes'), objectKey: `snapshots/${sha256Hex('bytes')}.parquet`, bytes: 5 })
  expect(two).toEqual(one)
  expect((await rig.objects.list('')).length).toBe(1)
  expect((await readdir(join(rig.dir, 'objects', '.scratch'))).filter((name) => !name.startsWith('duckdb-'))).toEqual(
    [],
  )
  const named = { ...one, id: 'x/2024-01-31/v1', source: 'x', validAt: t('2024-01-31') }
  expect(await rig.lake.path(named)).toBe(join(rig.dir, 'objects', 'snapshots', `${one.digest}.parquet`))
})
