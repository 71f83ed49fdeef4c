import { afterAll, beforeAll, expect, test } from 'vitest'
import { sha256Hex } from '../../src/base/hash.ts'
import { type Instant, parseInstant } from '../../src/base/instant.ts'
import type { Lake } from '../../src/lake/lake.ts'
import type { SnapshotDraft } from '../../src/lake/snapshot.ts'
import { openRig, type Rig } from '../ingest/rig.ts'

let rig: Rig
let sources = 0
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const t = (text: string): Instant => parseInstant(text)
const JANUARY = t('2024-01-31')
const FEBRUARY = t('2024-02-29')

function draft(source: string, content: string, validAt: Instant): SnapshotDraft {
  const digest = sha256Hex(content)
  const object = { digest, objectKey: `snapshots/${digest}.parquet`, fileDigest: digest }
  return { source, validAt, ...object, rows: 1, bytes: 1, columns: [], uniqueKey: null, publishDelayMs: 0 }
}
/** Commits contents, each `MOMENT content`, one after the other, to a source of its own. */
async function filled(...contents: [Instant, string][]): Promise<string> {
  const source = `source_${sources++}`
  for (const [moment, content] of contents) await commit(source, content, moment)
  return source
}
const commit = (source: string, content: string, moment: Instant) =>
  rig.db.tx((tx) => rig.lake.commit(tx, [draft(source, content, moment)]))
const wish = { actor: 'ann', reason: 'the wrong month', request: 'one' }
const withdraw = (source: string, validAt: Instant, more: Partial<Parameters<Lake['withdraw']>[0]> = {}) =>
  rig.lake.withdraw({ source, validAt, ...wish, ...more })
const newest = async (source: string, more: object = {}) =>
  (await rig.lake.snapshotAt({ source, validAt: t('2030-01-01'), ...more }))?.id.split('/').slice(1).join(' ')

test('a withdrawn version stays known for K before, and for K from then on the version before it counts', async () => {
  const source = await filled([JANUARY, 'a'], [JANUARY, 'b'])
  const before = await rig.lake.pinKnownAt()
  const done = await withdraw(source, JANUARY, { version: 2 })
  const since = await rig.lake.pinKnownAt()
  const at = done.withdrawn?.recordedAt ?? ''
  expect(before < at && at < since).toBe(true)
  expect([await newest(source, { knownAt: before }), await newest(source, { knownAt: at })]).toEqual([
    '2024-01-31 v2',
    '2024-01-31 v1',
  ])
  expect([await newest(source), await newest(source, { knownAt: since })]).toEqual(['2024-01-31 v1', '2024-01-31 v1'])
  expect((await rig.lake.newestVersion(source, JANUARY))?.version).toBe(1)
  expect((await rig.lake.list({ source })).map((s) => s.version)).toEqual([1])
  expect((await rig.lake.list({ source, knownAt: before })).map((s) => s.version)).toEqual([1, 2])
})

test('when the only version of a moment is withdrawn the moment before counts, and the moment is gone', async () => {
  const source = await filled([JANUARY, 'a'], [FEBRUARY, 'b'])
  const before = await rig.lake.pinKnownAt()
  await withdraw(source, FEBRUARY)
  expect(await newest(source)).toBe('2024-01-31 v1')
  expect(await rig.lake.moments({ source })).toEqual([JANUARY])
  expect(await rig.lake.moments({ source, knownAt: before })).toEqual([JANUARY, FEBRUARY])
  expect((await rig.lake.previous(source, t('2024-03-31')))?.validAt).toBe(JANUARY)
})

test('the same content again afterwards is a new version, known since it came', async () => {
  const source = await filled([JANUARY, 'a'])
  await withdraw(source, JANUARY)
  const [again] = await commit(source, 'a', JANUARY)
  expect([again?.outcome, again?.snapshot.version]).toEqual(['corrected', 2])
  expect(again?.snapshot.availableAt).toBe(again?.snapshot.recordedAt)
  expect((await commit(source, 'a', JANUARY))[0]?.outcome).toBe('unchanged')
  expect(await newest(source)).toBe('2024-01-31 v2')
})

test('history tells all of it: who, when, why, as it was known', async () => {
  const source = await filled([JANUARY, 'a'], [JANUARY, 'b'])
  const before = await rig.lake.pinKnownAt()
  await withdraw(source, JANUARY, { version: 1 })
  const told = await rig.lake.history({ source })
  expect(told.map((s) => [s.version, s.withdrawn?.actor, s.withdrawn?.reason])).toEqual([
    [1, 'ann', 'the wrong month'],
    [2, undefined, undefined],
  ])
  expect((await rig.lake.history({ source, knownAt: before })).map((s) => s.withdrawn)).toEqual([null, null])
})

test('twice, an unknown one and one of several are refused with what there is', async () => {
  const source = await filled([JANUARY, 'a'], [JANUARY, 'b'], [FEBRUARY, 'c'])
  const refusals: [() => Promise<unknown>, RegExp][] = [
    [() => withdraw(source, JANUARY), /2024-01-31 has versions 1, 2: say which one to withdraw, with --version N/],
    [() => withdraw(source, JANUARY, { version: 3 }), /2024-01-31 has no version 3; it has versions 1, 2/],
    [() => withdraw(source, t('2024-03-31')), /has no delivery of 2024-03-31; there are 2024-01-31, 2024-02-29/],
    [
      () => withdraw('nothing', JANUARY),
      /source 'nothing' has no delivery of 2024-01-31; nothing of it was ever taken in/,
    ],
    [() => withdraw(source, FEBRUARY, { reason: ' ' }), /say why, for the record/],
  ]
  for (const [asked, says] of refusals) await expect(asked()).rejects.toThrow(says)
  await withdraw(source, JANUARY, { version: 2 })
  await expect(withdraw(source, JANUARY, { version: 2, request: 'two' })).rejects.toThrow(
    /v2 was withdrawn already on .* by ann: the wrong month/,
  )
  // One is left: it needs no number.
  expect((await withdraw(source, JANUARY, { request: 'three' })).version).toBe(1)
})

test('the same wish twice is one withdrawal: a step of a flow may run again', async () => {
  const source = await filled([JANUARY, 'a'])
  const first = await withdraw(source, JANUARY)
  expect(await withdraw(source, JANUARY)).toEqual(first)
})

test('changedAt moves with a withdrawal too, so that no interrupted run is resumed over it', async () => {
  const source = await filled([JANUARY, 'a'])
  const before = await rig.lake.changedAt()
  const { withdrawn } = await withdraw(source, JANUARY)
  expect(before).not.toBe(withdrawn?.recordedAt)
  expect(await rig.lake.changedAt()).toBe(withdrawn?.recordedAt)
})

test('rows of withdrawals cannot be changed or taken away', async () => {
  const source = await filled([JANUARY, 'a'])
  await withdraw(source, JANUARY)
  for (const statement of ['delete from lake.withdrawal', "update lake.withdrawal set reason = 'none'"]) {
    await expect(rig.db.query(statement)).rejects.toThrow('lake.withdrawal is append only')
  }
})

test('withdrawals and commits at once: every pinned K reads the same for ever', async () => {
  const contents = Array.from({ length: 12 }, (_, i): [Instant, string] => [JANUARY, `content ${i}`])
  const source = await filled(...contents)
  const pins: [Instant, number[]][] = []
  await Promise.all([
    ...contents.map((_, i) => withdraw(source, JANUARY, { version: i + 1, request: `r${i}` })),
    ...contents.map((_, i) => commit(source, `more ${i}`, JANUARY)),
    ...contents.map(async () => {
      const knownAt = await rig.lake.pinKnownAt()
      pins.push([knownAt, (await rig.lake.list({ source, knownAt })).map((s) => s.seq)])
    }),
  ])
  for (const [knownAt, seqs] of pins) {
    expect((await rig.lake.list({ source, knownAt })).map((s) => s.seq)).toEqual(seqs)
  }
  expect((await rig.lake.list({ source })).map((s) => s.version)).toEqual(contents.map((_, i) => 13 + i))
})
