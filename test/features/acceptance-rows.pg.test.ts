import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Project } from '../../src/config/project.ts'
import type { JoinMode } from '../../src/features/offline/training-set.ts'
import { type Cell, openRig, type Rig } from './rig.ts'

/**
 * The cases of docs/concepts/training-sets.md, by their numbers: sources of kind changes, and
 * entity rows given by the caller as a CSV file. What the table writes as event time / created → value is a row [k, ts, created, v];
 * `gone` makes it a tombstone. A delivery is [as of, moment of delivery, rows].
 */
type Row = Cell[]
type Delivery = [asOf: string, deliveredAt: string, rows: Row[]]
type Case = {
  name: string
  /** Of the source; by default k, ts, created, v, gone. */
  columns?: Record<string, string>
  source?: Record<string, unknown>
  entities?: Record<string, unknown>
  views?: Record<string, unknown>
  onDemand?: Record<string, unknown>
  service?: unknown
  facts: Delivery[]
  /** CSV with its header. */
  rows: string
  /** `pinned`: K is taken before the last delivery. */
  ask?: { mode?: JoinMode; pinned?: boolean }
  /** The features of each row, in order. */
  expected: Cell[][]
}

const END = parseInstant('9999-01-01')
const COLUMNS = { k: 'Int64', ts: 'UnixTimestamp', created: 'UnixTimestamp', v: 'Int64', gone: 'Bool' }
const PLAIN = { k: 'Int64', ts: 'UnixTimestamp', v: 'Int64' }
const delivered = (...rows: Row[]): Delivery[] => [['2024-01-01', '2024-06-01', rows]]
const once = delivered([1, '2024-01-01', '2024-01-01', 5, false])
const at = (...moments: string[]) => `k,event_timestamp\n${moments.map((m) => `1,${m}\n`).join('')}`

const CASES: Case[] = [
  { name: '1 the ttl edge is inclusive', facts: once, rows: at('2024-01-11T00:00:00'), expected: [[5]] },
  { name: '2 a second later: null, the row stays', facts: once, rows: at('2024-01-11T00:00:01'), expected: [[null]] },
  { name: '3 the moment itself is inclusive', facts: once, rows: at('2024-01-01T00:00:00'), expected: [[5]] },
  {
    name: '4 a fact of the future: null, the row stays',
    facts: once,
    rows: at('2023-12-31T23:59:59'),
    expected: [[null]],
  },
  {
    name: '5 the later created wins',
    facts: delivered([1, '2024-01-01', '2024-01-03', 9, false], [1, '2024-01-01', '2024-01-02', 8, false]),
    rows: at('2024-01-05'),
    expected: [[9]],
  },
  {
    name: '6 event time goes before created',
    facts: delivered([1, '2024-01-01', '2024-01-05', 30, false], [1, '2024-01-02', '2024-01-01', 40, false]),
    rows: at('2024-01-05'),
    expected: [[40]],
  },
  {
    name: '7 a tie in both: one row, the later in sequence',
    facts: delivered([1, '2024-01-01', '2024-01-01', 5, false], [1, '2024-01-01', '2024-01-01', 6, false]),
    rows: at('2024-01-02'),
    expected: [[6]],
  },
  {
    name: '8 no created column: one row, by sequence within a delivery',
    columns: PLAIN,
    facts: delivered([1, '2024-01-01', 6], [1, '2024-01-01', 5]),
    rows: at('2024-01-02'),
    expected: [[5]],
  },
  {
    name: '8 and over deliveries',
    columns: PLAIN,
    facts: [
      ['2024-01-05', '2024-02-01', [[1, '2024-01-01', 6]]],
      ['2024-01-05', '2024-02-02', [[1, '2024-01-01', 5]]],
    ],
    rows: at('2024-03-01'),
    views: { view: { entity: 'thing', source: 'facts', features: { v: 'Int64' } } },
    expected: [[5]],
  },
  {
    name: '9 equal entity rows stay apart, in order',
    facts: once,
    rows: 'k,event_timestamp,label\n1,2024-01-02,0\n1,2024-01-02,1\n2,2024-01-02,0\n',
    expected: [[5], [5], [null]],
  },
  {
    name: '10 a newer null is the value',
    facts: delivered([1, '2024-01-01', '2024-01-01', 5, false], [1, '2024-01-02', '2024-01-02', null, false]),
    rows: at('2024-01-03'),
    expected: [[null]],
  },
  {
    name: '11 an unknown created goes before a known one',
    facts: delivered([1, '2024-01-01', '2024-01-02', 6, false], [1, '2024-01-01', null, 5, false]),
    rows: at('2024-01-03'),
    expected: [[6]],
  },
  {
    name: '11 served as well',
    facts: delivered([1, '2024-01-01', '2024-01-02', 6, false], [1, '2024-01-01', null, 5, false]),
    rows: at('2024-01-03'),
    ask: { mode: 'served' },
    expected: [[6]],
  },
  {
    name: '12 an unknown created is seen restated',
    facts: delivered([1, '2024-01-01', null, 5, false]),
    rows: at('2024-01-03'),
    expected: [[5]],
  },
  {
    name: '12 and not served',
    facts: delivered([1, '2024-01-01', null, 5, false]),
    rows: at('2024-01-03'),
    ask: { mode: 'served' },
    expected: [[null]],
  },
  {
    name: '13 a row with a null key is kept and matches nothing',
    facts: delivered([null, '2024-01-01', '2024-01-01', 4, false], [1, '2024-01-01', '2024-01-01', 5, false]),
    rows: 'k,event_timestamp\n,2024-01-03\n1,2024-01-03\n',
    expected: [[null], [5]],
  },
  {
    name: '14 zones are read',
    facts: delivered([1, '2023-12-31T15:00:00Z', null, 5, false], [1, '2023-12-31T16:00:00Z', null, 6, false]),
    rows: at('2024-01-01T00:30:00+09:00'),
    expected: [[5]],
  },
  { name: '15 a moment without a zone is UTC', facts: once, rows: at('2024-01-03 00:00:00'), expected: [[5]] },
  {
    name: '16 without a ttl any age will do',
    views: { view: { entity: 'thing', source: 'facts', features: { v: 'Int64' } } },
    facts: delivered([1, '2020-01-01', null, 5, false]),
    rows: at('2024-02-10'),
    expected: [[5]],
  },
  ...(['served', 'restated', 'early'] as const).map(
    (how): Case => ({
      name: `17 a correction: ${how}`,
      facts: [
        ['2024-02-01', '2024-02-01', [[1, '2024-01-31', '2024-02-01', 5, false]]],
        ['2024-03-15', '2024-03-15', [[1, '2024-01-31', '2024-03-15', 7, false]]],
      ],
      rows: at('2024-02-10'),
      ask: how === 'served' ? { mode: 'served' } : how === 'early' ? { pinned: true } : {},
      expected: [[how === 'restated' ? 7 : 5]],
    }),
  ),
  {
    name: '17 served without a created column: by the delivery',
    columns: PLAIN,
    facts: [
      ['2024-02-01', '2024-02-01', [[1, '2024-01-31', 5]]],
      ['2024-03-15', '2024-03-15', [[1, '2024-01-31', 7]]],
    ],
    rows: at('2024-02-10'),
    ask: { mode: 'served' },
    expected: [[5]],
  },
  {
    name: '18 known only later: null, the row stays',
    facts: delivered([1, '2024-01-31', '2024-03-15', 7, false]),
    rows: at('2024-02-10'),
    ask: { mode: 'served' },
    expected: [[null]],
  },
  {
    name: '19 composite keys of numbers do not mix',
    columns: { a: 'Int64', b: 'Int64', ts: 'UnixTimestamp', v: 'Int64' },
    source: { key: ['a', 'b'] },
    entities: { thing: { joinKeys: { a: 'Int64', b: 'Int64' } } },
    facts: delivered([1, 23, '2024-01-01', 100], [12, 3, '2024-01-01', 200]),
    rows: 'a,b,event_timestamp\n1,23,2024-01-02\n12,3,2024-01-02\n',
    expected: [[100], [200]],
  },
  {
    name: '20 composite keys of texts do not mix',
    columns: { a: 'String', b: 'String', ts: 'UnixTimestamp', v: 'Int64' },
    source: { key: ['a', 'b'] },
    entities: { thing: { joinKeys: { a: 'String', b: 'String' } } },
    facts: delivered(['a_', 'b', '2024-01-01', 1], ['a', '_b', '2024-01-01', 2]),
    rows: 'a,b,event_timestamp\na_,b,2024-01-02\na,_b,2024-01-02\n',
    expected: [[1], [2]],
  },
  {
    name: '21 full names keep two views with one feature apart',
    views: {
      a: { entity: 'thing', source: 'facts', features: { v: 'Int64' } },
      b: { entity: 'thing', source: 'facts', features: { v: { type: 'Int64', sql: 'v * 10' } } },
    },
    service: { features: ['a', 'b'], fullNames: true },
    facts: once,
    rows: at('2024-01-02'),
    expected: [[5, 50]],
  },
  {
    name: '22 each view has its own ttl, and there is one row',
    views: {
      a: { entity: 'thing', source: 'facts', ttl: '1d', features: { x: { type: 'Int64', column: 'v' } } },
      b: { entity: 'thing', source: 'facts', ttl: '60d', features: { y: { type: 'Int64', column: 'v' } } },
    },
    service: ['a', 'b'],
    facts: once,
    rows: at('2024-01-05'),
    expected: [[null, 5]],
  },
  {
    name: '23 key, time and feature may have other names than their columns',
    columns: { customer: 'Int64', happened: 'UnixTimestamp', t1: 'Int64' },
    source: { key: 'customer', eventTime: 'happened', availableAt: null, deleted: null },
    views: {
      view: {
        entity: 'thing',
        source: 'facts',
        keys: { k: 'customer' },
        features: { v: { type: 'Int64', column: 't1' } },
      },
    },
    facts: delivered([1, '2024-01-01', 5]),
    rows: at('2024-01-02'),
    expected: [[5]],
  },
  {
    name: '24 two roles of one view',
    service: [
      { view: 'view', as: 'origin', keys: { k: 'o' } },
      { view: 'view', as: 'destination', keys: { k: 'd' } },
    ],
    facts: delivered([1, '2024-01-01', null, 5, false], [2, '2024-01-01', null, 6, false]),
    rows: 'o,d,event_timestamp\n1,2,2024-01-02\n2,9,2024-01-02\n',
    expected: [
      [5, 6],
      [6, null],
    ],
  },
  {
    name: '25 without an entity: the newest row for all',
    views: { view: { entity: null, source: 'facts', features: { v: 'Int64' } } },
    facts: delivered([1, '2024-01-01', null, 5, false], [1, '2024-01-03', null, 6, false]),
    rows: 'other,event_timestamp\na,2024-01-02\nb,2024-01-02\n',
    expected: [[5], [5]],
  },
  {
    name: '26 a microsecond too late is too late',
    facts: delivered([1, '2024-01-02T00:00:00.000001Z', null, 5, false]),
    rows: at('2024-01-02T00:00:00.000000', '2024-01-02T00:00:00.000001'),
    expected: [[null], [5]],
  },
  {
    name: '27 a tombstone takes the key away, from its moment on',
    facts: delivered([1, '2024-01-01', null, 5, false], [1, '2024-01-02', null, null, true]),
    rows: at('2024-01-03', '2024-01-01T12:00:00'),
    expected: [[null], [5]],
  },
  {
    name: '29 any columns, the time first: all kept',
    facts: once,
    rows: 'event_timestamp,weird col,k,label\n2024-01-02,"x, y",1,true\n',
    expected: [[5]],
  },
  {
    name: 'features on demand, from a feature that is not asked for and from a column of the rows',
    views: {
      a: { entity: 'thing', source: 'facts', features: { v: 'Int64', when: { type: 'UnixTimestamp', column: 'ts' } } },
    },
    onDemand: {
      computed: {
        inputs: ['a:v', 'a:when'],
        request: { amount: 'Float64', big: 'Int64' },
        features: { ratio: 'Float32', text: 'String', next: 'Int64' },
        compute: ({ v, when, amount, big }: Record<string, unknown>) => ({
          ratio: v === null ? null : Number(v) / Number(amount),
          text: when,
          next: BigInt(big as number) + 1n,
        }),
      },
    },
    service: ['computed'],
    facts: once,
    rows: 'k,event_timestamp,amount,big\n1,2024-01-02,3,9007199254740993\n2,2024-01-02,0,1\n',
    expected: [
      [Math.fround(5 / 3), '2024-01-01T00:00:00.000000Z', 9007199254740994n as unknown as number],
      [null, null, 2],
    ],
  },
  { name: '30 no source rows: null', facts: delivered(), rows: at('2024-01-02'), expected: [[null]] },
  { name: '30 no source at all: null', facts: [], rows: at('2024-01-02'), expected: [[null]] },
  { name: '30 no entity rows: empty', facts: once, rows: at(), expected: [] },
]

let rig: Rig

beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

describe('entity rows joined with changes', () => {
  for (const [i, one] of CASES.entries()) {
    test(one.name, async () => {
      const { features, source, project } = await prepared(one, i)
      let knownAt = END
      for (const [n, [asOf, deliveredAt, rows]] of one.facts.entries()) {
        if (one.ask?.pinned && n === one.facts.length - 1) knownAt = await rig.lake.pinKnownAt()
        await rig.deliverRows(source, asOf, rows, deliveredAt)
      }
      const ref = await features.entityDataset(features.service('service'), {
        file: await entityFile(i, one.rows),
        knownAt,
        mode: one.ask?.mode ?? 'restated',
      })
      const rows = await rowsOf(ref.objectKey)
      const [header = '', ...lines] = one.rows.trim().split('\n')
      const given = header.split(',')
      expect(rows.map((row) => Object.values(row).slice(given.length))).toEqual(one.expected)
      expect(ref.rows).toBe(lines.length)
      const asked = project.featureServices[0]?.features.map((f) => f.name) ?? []
      if (rows[0]) expect(Object.keys(rows[0])).toEqual([...given, ...asked])
    })
  }

  test('21 two views with one feature name are refused, by name', () => {
    const views = {
      a: { entity: 'thing', source: 'facts', features: { v: 'Int64' } },
      b: { entity: 'thing', source: 'facts', features: { v: 'Int64' } },
    }
    const one: Case = { name: '', views, service: ['a', 'b'], facts: [], rows: '', expected: [] }
    expect(() => projectOf(one, 1000)).toThrow(/'v' is listed more than once/)
  })

  test('28 the rows of a K before a correction are the same bytes after it', async () => {
    const { features, source } = await prepared({ name: '', facts: [], rows: '', expected: [] }, 28_000)
    await rig.deliverRows(source, '2024-02-01', [[1, '2024-01-31', null, 5, false]], '2024-02-01')
    const knownAt = await rig.lake.pinKnownAt()
    const file = await entityFile(28_000, at('2024-02-01'))
    const ask = (k: string) =>
      features.entityDataset(features.service('service'), { file, knownAt: k, mode: 'restated' })
    const before = await ask(knownAt)
    await rig.deliverRows(source, '2024-02-20', [[1, '2024-01-31', null, 6, false]], '2024-02-20')
    expect(await ask(knownAt)).toEqual(before)
    const after = await ask(END)
    expect(await rowsOf(after.objectKey)).toMatchObject([{ v: 6 }])
    expect(after.identity).not.toBe(before.identity)
  })

  test('rows of a program are joined as those of a file are', async () => {
    const { features, source } = await prepared({ name: '', facts: [], rows: '', expected: [] }, 27_000)
    await rig.deliverRows(source, '2024-02-01', [[1, '2024-01-31', null, 5, false]])
    const file = [
      { label: 'x', k: 1, event_timestamp: '2024-02-01T00:00:00Z' },
      { label: null, k: 2, event_timestamp: new Date('2024-02-01T00:00:00Z') },
    ]
    const ref = await features.entityDataset(features.service('service'), { file, knownAt: END, mode: 'restated' })
    const rows = (await rowsOf(ref.objectKey)).map(({ label, k, v }) => [label, k, v])
    expect(rows).toEqual([
      ['x', 1, 5],
      [null, 2, null],
    ])
  })

  test('a file that cannot be joined is refused, by column and row', async () => {
    const { features } = await prepared({ name: '', facts: [], rows: '', expected: [] }, 29_000)
    const refused = async (rows: string) => {
      const file = await entityFile(29_000, rows)
      const asked = features.entityDataset(features.service('service'), { file, knownAt: END, mode: 'restated' })
      const error = await asked.then(
        () => undefined,
        (e: unknown) => e,
      )
      expect(error).toBeInstanceOf(PlatformError)
      expect((error as PlatformError).code).toBe('invalid_argument')
      return (error as PlatformError).message
    }
    expect(await refused('k\n1\n')).toMatch(/no column 'event_timestamp'.*none holds dates or times/)
    expect(await refused('k,a,b\n1,2024-01-01,2024-01-02\n')).toMatch(/several do: a, b/)
    expect(await refused('event_timestamp\n2024-01-01\n')).toMatch(/no column 'k'/)
    expect(await refused('k,event_timestamp\n1,2024-01-01\n1,\n')).toMatch(/entity row 2: column 'event_timestamp'/)
    expect(await refused('k,event_timestamp\n1,2024-01-01\nx,2024-01-01\n')).toMatch(/entity row 2: column 'k'.*Int64/)
  })
})

/** Every case has a source of its own, so that all share one lake. */
function projectOf(one: Case, i: number): Project {
  const columns = one.columns ?? COLUMNS
  const name = `facts_${i}`
  const time = {
    eventTime: 'ts',
    availableAt: 'created' in columns ? 'created' : null,
    deleted: 'gone' in columns ? 'gone' : null,
  }
  const views = one.views ?? { view: { entity: 'thing', source: 'facts', ttl: '10d', features: { v: 'Int64' } } }
  const renamed = Object.entries(views).map(([view, v]) => [view, { ...(v as object), source: name }])
  return normalizeProject(
    {
      name: 'acceptance',
      sources: { [name]: { kind: 'changes', key: 'k', ...time, columns, ...one.source } },
      entities: one.entities ?? { thing: { joinKeys: { k: 'Int64' } } },
      featureViews: Object.fromEntries(renamed),
      onDemandViews: one.onDemand ?? {},
      featureServices: { service: one.service ?? Object.keys(views) },
    },
    '/',
  )
}

async function prepared(one: Case, i: number) {
  const project = projectOf(one, i)
  const source = project.sources[0]
  if (!source) throw new Error('no source')
  return { project, source, features: rig.features(project) }
}

async function entityFile(i: number, rows: string): Promise<string> {
  const file = join(rig.dir, `entities_${i}.csv`)
  await writeFile(file, rows)
  return file
}

async function rowsOf(objectKey: string): Promise<Record<string, unknown>[]> {
  return rig.duck.rows(`SELECT * FROM read_parquet('${await rig.objects.local(objectKey)}')`)
}
