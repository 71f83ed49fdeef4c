import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IngestReport } from '../../src/ingest/ingest.ts'
import type { Lake } from '../../src/lake/lake.ts'
import { FEBRUARY, findingsOf, JANUARY, openRig, projectOf, type Rig } from './rig.ts'

/** What a delivery leaves behind: snapshots and their versions, the record of the try, or nothing at all. */

let rig: Rig
beforeEach(async () => {
  rig = await openRig()
})
afterEach(() => rig.close())

const project = projectOf({
  users: { key: 'user_id', columns: { user_id: 'String', age: 'Int64' }, publishDelay: '2d' },
  labels: {
    key: 'user_id',
    columns: { user_id: 'String', churn: 'Bool' },
    checks: [{ rule: 'same_keys_as', source: 'users' }],
  },
})
const USERS = 'user_id,age\na,1\nb,2\n'
const LABELS = 'user_id,churn\na,True\nb,False\n'
const GOOD = { 'users.csv': USERS, 'labels.csv': LABELS }

const outcomes = (report: IngestReport) => report.sources.map((s) => [s.source, s.outcome, s.same, s.version])
const ids = async () => (await rig.lake.list()).map((s) => s.id)
const objects = async () => (await rig.objects.list('')).map((o) => o.key)
/** Nothing but what the catalogue names, and nothing unfinished. */
const referenced = async () => [...new Set((await rig.lake.list()).map((s) => s.objectKey))].sort()

test('a good delivery is one snapshot a source, all recorded at one moment', async () => {
  const report = await rig.deliver(project, GOOD)
  expect(report).toMatchObject({ asOf: '2024-01-31T00:00:00.000000Z', state: 'accepted' })
  expect(outcomes(report)).toEqual([
    ['users', 'accepted', null, 1],
    ['labels', 'accepted', null, 1],
  ])
  const [labels, users] = await rig.lake.list()
  expect(users).toMatchObject({
    id: 'users/2024-01-31/v1',
    validAt: '2024-01-31T00:00:00.000000Z',
    recordedAt: '2024-06-01T00:00:00.000000Z',
    availableAt: '2024-02-02T00:00:00.000000Z',
    rows: 2,
    columns: [
      { name: 'user_id', type: 'String' },
      { name: 'age', type: 'Int64' },
    ],
    objectKey: `snapshots/${report.sources[0]?.digest}.parquet`,
  })
  expect(labels?.recordedAt).toBe(users?.recordedAt)
  expect(labels?.availableAt).toBe('2024-01-31T00:00:00.000000Z')
  expect(await objects()).toEqual(await referenced())
  expect((await rig.ingest(project).deliveries())[0]).toMatchObject({
    id: report.delivery,
    asOf: report.asOf,
    state: 'accepted',
    directory: expect.stringContaining('delivery_1'),
    sources: [{ source: 'users', outcome: 'accepted', rows: 2 }, { source: 'labels' }],
    findings: [],
  })
})

test('a refused delivery is in the catalogue with its findings, and nothing else is', async () => {
  const found = await rig.refused(project, { ...GOOD, 'users.csv': 'user_id,age\na,old\nb,2\n' })
  const deliveries = await rig.ingest(project).deliveries()
  expect(deliveries).toMatchObject([{ state: 'refused', sources: [], findings: found }])
  expect(await rig.lake.list()).toEqual([])
  expect(await objects()).toEqual([])
})

test('the refusal is one message with a line for each fault', async () => {
  const refusal = await rig.deliver(project, { 'users.csv': 'user_id,age\na,old\na,2\n' }).catch((error) => error)
  expect({ ...refusal, lines: refusal.message.split('\n') }).toMatchObject({
    code: 'delivery_refused',
    details: { delivery: 1, asOf: '2024-01-31T00:00:00.000000Z' },
    lines: [
      'delivery of 2024-01-31 refused, nothing was taken: 3 faults in 2 files',
      "  users.csv, column 'age': 1 row with a value that is not a whole number of 64 bits; write digits alone, and nothing for a missing value (line 2, key a, 'old')",
      "  users.csv, column 'user_id': 1 row with a key that an earlier row has (line 3, 'a')",
      "  labels.csv: the file is missing (source 'labels'); deliver it, or name the other sources to ingest only them",
      '  for a file that is written in another way, this says what to add to the project:',
      expect.any(String),
    ],
  })
})

test('one bad source keeps all sources out, also those that are corrections', async () => {
  await rig.deliver(project, GOOD)
  const before = await rig.lake.list()
  await rig.refused(project, {
    'users.csv': 'user_id,age\na,9\nb,9\n',
    'labels.csv': 'user_id,churn\na,maybe\nb,True\n',
  })
  expect(await rig.lake.list()).toEqual(before)
  expect(await objects()).toEqual(await referenced())
})

test('the same bytes again change nothing and say so', async () => {
  const first = await rig.deliver(project, GOOD)
  rig.clock.advance(60_000)
  const again = await rig.deliver(project, GOOD)
  expect(again.state).toBe('unchanged')
  expect(outcomes(again)).toEqual([
    ['users', 'unchanged', 'bytes', 1],
    ['labels', 'unchanged', 'bytes', 1],
  ])
  expect(again.sources.map((s) => s.snapshot)).toEqual(first.sources.map((s) => s.snapshot))
  expect(await ids()).toEqual(['labels/2024-01-31/v1', 'users/2024-01-31/v1'])
  expect((await rig.ingest(project).deliveries()).map((d) => d.state)).toEqual(['unchanged', 'accepted'])
})

test('the same content in other bytes changes nothing: order of rows and columns, line ends, quotes, a mark', async () => {
  await rig.deliver(project, GOOD)
  const other = {
    'users.csv': '\ufeffage,user_id\r\n"2","b"\r\n1.0,a\r\n',
    'labels.csv': 'user_id,churn\nb,false\na,TRUE\n',
  }
  expect(outcomes(await rig.deliver(project, other))).toEqual([
    ['users', 'unchanged', 'content', 1],
    ['labels', 'unchanged', 'content', 1],
  ])
  expect(await ids()).toHaveLength(2)
})

test('other content for a known month is a correction: a new version beside the old one', async () => {
  await rig.deliver(project, GOOD)
  rig.clock.set(Date.UTC(2024, 6, 1))
  const report = await rig.deliver(project, { ...GOOD, 'users.csv': 'user_id,age\na,1\nb,3\n' })
  expect(outcomes(report)).toEqual([
    ['users', 'corrected', null, 2],
    ['labels', 'unchanged', 'bytes', 1],
  ])
  expect(report.state).toBe('accepted')
  expect(await rig.rows('users/2024-01-31/v1')).toEqual([
    ['a', 1],
    ['b', 2],
  ])
  expect(await rig.rows('users/2024-01-31/v2')).toEqual([
    ['a', 1],
    ['b', 3],
  ])
  const [v1, v2] = await rig.lake.list({ source: 'users' })
  // It could not have been known before it came.
  expect(v2?.availableAt).toBe('2024-07-01T00:00:00.000000Z')
  expect(v2!.recordedAt > v1!.recordedAt).toBe(true)
  expect(await objects()).toEqual(await referenced())
})

test('a correction that puts an older version back is a third version, with a warning', async () => {
  await rig.deliver(project, GOOD)
  await rig.deliver(project, { ...GOOD, 'users.csv': 'user_id,age\na,1\nb,3\n' })
  const [users] = (await rig.deliver(project, GOOD)).sources
  expect(users).toMatchObject({ outcome: 'corrected', version: 3, findings: [{ rule: 'puts_back', severity: 'warn' }] })
  const [v1, , v3] = await rig.lake.list({ source: 'users' })
  expect(v3?.objectKey).toBe(v1?.objectKey)
})

test('the same bytes read by other types are a correction', async () => {
  const text = 'id,n\na,1\n'
  const typed = (type: string) => projectOf({ items: { key: 'id', columns: { id: 'String', n: type } } })
  await rig.deliver(typed('Int64'), { 'items.csv': text })
  expect(outcomes(await rig.deliver(typed('Float64'), { 'items.csv': text }))).toEqual([
    ['items', 'corrected', null, 2],
  ])
})

test('the labels of one month never overwrite those of another', async () => {
  await rig.deliver(project, GOOD, JANUARY)
  await rig.deliver(project, { ...GOOD, 'labels.csv': 'user_id,churn\na,False\nb,True\n' }, FEBRUARY)
  await rig.deliver(project, { ...GOOD, 'labels.csv': 'user_id,churn\na,True\nb,True\n' }, FEBRUARY)
  expect(await rig.rows('labels/2024-01-31/v1')).toEqual([
    ['a', true],
    ['b', false],
  ])
  expect(await rig.rows('labels/2024-02-29/v2')).toEqual([
    ['a', true],
    ['b', true],
  ])
  expect(await ids()).toEqual([
    'labels/2024-01-31/v1',
    'labels/2024-02-29/v1',
    'labels/2024-02-29/v2',
    'users/2024-01-31/v1',
    'users/2024-02-29/v1',
  ])
})

test('some sources of a month can come first and the others later', async () => {
  await rig.deliver(project, { 'users.csv': USERS }, JANUARY, ['users'])
  expect(outcomes(await rig.deliver(project, GOOD))).toEqual([
    ['users', 'unchanged', 'bytes', 1],
    ['labels', 'accepted', null, 1],
  ])
})

/** A lake that fails at a call, as if the process had died there: before or after the rows were written. */
function dying(lake: Lake, when: 'before' | 'after'): Lake {
  return {
    ...lake,
    async commit(tx, drafts) {
      if (when === 'after') await lake.commit(tx, drafts)
      throw new Error('died')
    },
  }
}

test.each(['before', 'after'] as const)(
  'an ingest that dies %s its commit leaves no row, and goes through again',
  async (when) => {
    const dir = await rig.folder(GOOD)
    const broken = rig.ingest(project, dying(rig.lake, when))
    await expect(broken.ingestMonth({ dir, asOf: JANUARY })).rejects.toThrow('died')
    expect(await rig.lake.list()).toEqual([])
    expect(await rig.ingest(project).deliveries()).toEqual([])

    expect((await rig.ingest(project).ingestMonth({ dir, asOf: JANUARY })).state).toBe('accepted')
    expect(await ids()).toHaveLength(2)
    // What the first one had put into the store is what the second one needed.
    expect(await objects()).toEqual(await referenced())
  },
)

test('an ingest that dies while objects are written leaves no row and no unfinished file', async () => {
  const dir = await rig.folder(GOOD)
  let kept = 0
  const broken: Lake = {
    ...rig.lake,
    async keep(file) {
      if (++kept === 2) throw new Error('died')
      return rig.lake.keep(file)
    },
  }
  await expect(rig.ingest(project, broken).ingestMonth({ dir, asOf: JANUARY })).rejects.toThrow('died')
  expect(await rig.lake.list()).toEqual([])
  expect(await objects()).toHaveLength(1)
  const unfinished = (await readdir(join(rig.dir, 'objects', '.scratch'))).filter((name) => !name.startsWith('duckdb-'))
  expect(unfinished).toEqual([])
  await rig.ingest(project).ingestMonth({ dir, asOf: JANUARY })
  expect(await objects()).toEqual(await referenced())
})

test('the same month ingested many times at once is there once', async () => {
  const dir = await rig.folder(GOOD)
  const ingest = rig.ingest(project)
  const reports = await Promise.all(Array.from({ length: 6 }, () => ingest.ingestMonth({ dir, asOf: JANUARY })))
  expect(reports.map((r) => r.state).sort()).toEqual(['accepted', ...Array(5).fill('unchanged')])
  expect(await ids()).toEqual(['labels/2024-01-31/v1', 'users/2024-01-31/v1'])
  expect(await ingest.deliveries()).toHaveLength(6)
})

test('different states of one month at once become versions, each whole and of one delivery', async () => {
  const ingest = rig.ingest(project)
  const folders = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      rig.folder({
        'users.csv': `user_id,age\na,${n}\n`,
        'labels.csv': `user_id,churn\na,${n % 2 === 0 ? 'True' : 'False'}\n`,
      }),
    ),
  )
  await Promise.all(folders.map((dir) => ingest.ingestMonth({ dir, asOf: JANUARY })))
  const users = await rig.lake.list({ source: 'users' })
  expect(users.map((s) => s.version)).toEqual([1, 2, 3, 4])
  expect(new Set(users.map((s) => s.recordedAt)).size).toBe(4)
  const labels = await rig.lake.list({ source: 'labels' })
  // At whatever K one looks, users and labels come from the same delivery.
  for (const { recordedAt, id } of users) {
    const label = labels.filter((s) => s.recordedAt <= recordedAt).at(-1)
    const [[, age]] = (await rig.rows(id)) as [[string, number]]
    const [[, churn]] = (await rig.rows(label!.id)) as [[string, boolean]]
    expect(churn).toBe(age % 2 === 0)
  }
})

test('a delivery that is refused next to a good one leaves that one alone', async () => {
  const bad = await rig.folder({ ...GOOD, 'users.csv': 'user_id,age\na,x\n' })
  const good = await rig.folder(GOOD)
  const ingest = rig.ingest(project)
  const [found, report] = await Promise.all([
    findingsOf(ingest.ingestMonth({ dir: bad, asOf: JANUARY })),
    ingest.ingestMonth({ dir: good, asOf: JANUARY }),
  ])
  expect(found.length).toBeGreaterThan(0)
  expect(report.state).toBe('accepted')
  expect(await ids()).toHaveLength(2)
})

test('a month from before what is known is a month of its own', async () => {
  await rig.deliver(project, GOOD, FEBRUARY)
  const report = await rig.deliver(project, { ...GOOD, 'users.csv': 'user_id,age\na,0\nb,0\n' }, JANUARY)
  expect(outcomes(report)[0]).toEqual(['users', 'accepted', null, 1])
  const newest = await rig.lake.snapshotAt({ source: 'users', validAt: '2024-12-31T00:00:00.000000Z' })
  expect(newest?.id).toBe('users/2024-02-29/v1')
})

test('types survive: whole numbers of 64 bits, float32, dates, moments, empty texts and nulls', async () => {
  const typed = projectOf({
    all: {
      key: 'k',
      columns: {
        k: 'String',
        i: 'Int64',
        j: 'Int32',
        f: 'Float32',
        d: 'Float64',
        b: 'Bool',
        on: 'Date',
        at: 'UnixTimestamp',
        s: 'String',
      },
    },
  })
  const text = [
    'k,i,j,f,d,b,on,at,s',
    'a,9007199254740993,-5,29.85,29.85,true,2024-02-29,2024-01-31T12:00:00.5+02:00,""',
    'b,,,,,,,,',
    '',
  ].join('\n')
  const report = await rig.deliver(typed, { 'all.csv': text })
  const [snapshot] = await rig.lake.list({ source: 'all' })
  expect(report.sources[0]?.rows).toBe(2)
  const rows = await rig.duck.rows(
    `SELECT k, i::VARCHAR AS i, j, f, d, b, "on"::VARCHAR AS "on", "at"::VARCHAR AS "at", s, typeof(f) AS tf, typeof("at") AS ta
     FROM read_parquet('${await rig.lake.path(snapshot!)}')`,
  )
  const nulls = { i: null, j: null, f: null, d: null, b: null, on: null, at: null, s: null }
  const types = { tf: 'FLOAT', ta: 'TIMESTAMP WITH TIME ZONE' }
  expect(rows).toEqual([
    {
      ...{ k: 'a', i: '9007199254740993', j: -5, f: 29.850000381469727, d: 29.85, b: true, on: '2024-02-29' },
      ...{ at: '2024-01-31 10:00:00.5+00', s: '', ...types },
    },
    { k: 'b', ...nulls, ...types },
  ])
})
