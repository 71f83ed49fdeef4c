import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PlatformError } from '../../src/base/errors.ts'
import { parseInstant } from '../../src/base/instant.ts'
import type { Entity, FeatureView, Project, Source, ValueType } from '../../src/config/project.ts'
import { NO_CODE } from '../../src/config/project-code.ts'
import type { JoinMode } from '../../src/features/offline/training-set.ts'
import { MODEL } from './projects.ts'
import { type Cell, openRig, type Rig, rowsOf, snapshotSource } from './rig.ts'

/**
 * The cases of docs/concepts/training-sets.md, by their numbers, as far as they speak of whole states.
 * Not here, because a snapshot source cannot express them: 11 and 12 (no moment of delivery), 24 (renamed join keys),
 * 25 (no entity).
 */
const DAY_MS = 86_400_000

type View = { name: string; source: string; ttlDays: number | null; features?: Record<string, string> }
/** Source, moment, rows, moment of delivery. */
type Delivery = [source: string, at: string, rows: Cell[][], deliveredAt?: string]
type Case = {
  name: string
  keys?: Record<string, ValueType>
  views?: View[]
  labelName?: string
  publishDelayDays?: number
  facts: Delivery[]
  labels: { at: string; rows: Cell[][] }
  /** `pinned`: K is taken before the last delivery of facts. */
  ask?: { mode?: JoinMode; pinned?: boolean }
  /** Key cells, then feature cells, then the label. */
  expected: Cell[][]
}

const END = parseInstant('9999-01-01')

const once: Delivery[] = [['facts', '2024-01-01', [[1, 5]]]]
const at = (moment: string, ...rows: Cell[][]) => ({ at: moment, rows: rows.length > 0 ? rows : [[1, 0]] })
const corrected: Delivery[] = [
  ['facts', '2024-01-31', [[1, 5]], '2024-02-01'],
  ['facts', '2024-01-31', [[1, 7]], '2024-03-15'],
]

const CASES: Case[] = [
  { name: '1 the ttl edge is inclusive', facts: once, labels: at('2024-01-11'), expected: [[1, 5, 0]] },
  {
    name: '2 a second later the value is null and the row stays',
    facts: once,
    labels: at('2024-01-11T00:00:01'),
    expected: [[1, null, 0]],
  },
  { name: '3 the moment itself is inclusive', facts: once, labels: at('2024-01-01'), expected: [[1, 5, 0]] },
  {
    name: '4 a fact of the future is not seen',
    facts: once,
    labels: at('2023-12-31T23:59:59'),
    expected: [[1, null, 0]],
  },
  {
    name: '5 the later delivery of a moment wins',
    facts: [
      ['facts', '2024-01-01', [[1, 8]], '2024-01-02'],
      ['facts', '2024-01-01', [[1, 9]], '2024-01-03'],
    ],
    labels: at('2024-01-05'),
    expected: [[1, 9, 0]],
  },
  {
    name: '6 event time goes before delivery',
    facts: [
      ['facts', '2024-01-02', [[1, 40]], '2024-01-03'],
      ['facts', '2024-01-01', [[1, 30]], '2024-01-05'],
    ],
    labels: at('2024-01-05'),
    expected: [[1, 40, 0]],
  },
  {
    name: '7 two rows of one key in a file give one row, the later',
    facts: [
      [
        'facts',
        '2024-01-01',
        [
          [1, 5],
          [1, 6],
        ],
      ],
    ],
    labels: at('2024-01-02'),
    expected: [[1, 6, 0]],
  },
  {
    name: '8 two deliveries at the same time: the later by sequence',
    facts: [
      ['facts', '2024-01-01', [[1, 5]], '2024-01-02'],
      ['facts', '2024-01-01', [[1, 6]], '2024-01-02'],
    ],
    labels: at('2024-01-02'),
    expected: [[1, 6, 0]],
  },
  {
    name: '9 equal entity rows stay apart, in order',
    facts: once,
    labels: at('2024-01-02', [1, 1], [2, 0], [1, 0]),
    expected: [
      [1, 5, 0],
      [1, 5, 1],
      [2, null, 0],
    ],
  },
  {
    name: '10 a newer null is the value',
    facts: [...once, ['facts', '2024-01-02', [[1, null]]]],
    labels: at('2024-01-03'),
    expected: [[1, null, 0]],
  },
  {
    name: '13 a row with a null key is kept and matches nothing',
    facts: [
      [
        'facts',
        '2024-01-01',
        [
          [null, 4],
          [1, 5],
        ],
      ],
    ],
    labels: at('2024-01-03', [null, 0], [1, 0]),
    expected: [
      [null, null, 0],
      [1, 5, 0],
    ],
  },
  {
    name: '14 zones are read',
    facts: [
      ['facts', '2023-12-31T15:00Z', [[1, 5]]],
      ['facts', '2023-12-31T16:00Z', [[1, 6]]],
    ],
    labels: at('2024-01-01T00:30+09:00'),
    expected: [[1, 5, 0]],
  },
  { name: '15 a moment without a zone is UTC', facts: once, labels: at('2024-01-03 00:00:00'), expected: [[1, 5, 0]] },
  {
    name: '16 without a ttl any age will do',
    views: [{ name: 'view', source: 'facts', ttlDays: null }],
    facts: [['facts', '2020-01-01', [[1, 5]]]],
    labels: at('2024-02-10'),
    expected: [[1, 5, 0]],
  },
  {
    name: '17 served: what was known at T',
    facts: corrected,
    labels: at('2024-02-10'),
    ask: { mode: 'served' },
    expected: [[1, 5, 0]],
  },
  { name: '17 restated: what is known now', facts: corrected, labels: at('2024-02-10'), expected: [[1, 7, 0]] },
  {
    name: '17 restated as of a K before the correction',
    facts: corrected,
    labels: at('2024-02-10'),
    ask: { pinned: true },
    expected: [[1, 5, 0]],
  },
  {
    name: '18 served: published after T is not seen, and the row stays',
    publishDelayDays: 44,
    facts: [['facts', '2024-01-31', [[1, 7]], '2024-03-15']],
    labels: at('2024-02-10'),
    ask: { mode: 'served' },
    expected: [[1, null, 0]],
  },
  {
    name: '19 composite keys of numbers do not mix',
    keys: { a: 'Int64', b: 'Int64' },
    facts: [
      [
        'facts',
        '2024-01-01',
        [
          [1, 23, 100],
          [12, 3, 200],
        ],
      ],
    ],
    labels: at('2024-01-02', [1, 23, 0], [12, 3, 0]),
    expected: [
      [1, 23, 100, 0],
      [12, 3, 200, 0],
    ],
  },
  {
    name: '20 composite keys of texts do not mix',
    keys: { a: 'String', b: 'String' },
    facts: [
      [
        'facts',
        '2024-01-01',
        [
          ['a_', 'b', 1],
          ['a', '_b', 2],
        ],
      ],
    ],
    labels: at('2024-01-02', ['a_', 'b', 0], ['a', '_b', 0]),
    expected: [
      ['a', '_b', 2, 0],
      ['a_', 'b', 1, 0],
    ],
  },
  {
    name: '22 each view has its own ttl, and there is one row',
    views: [
      { name: 'short', source: 'facts', ttlDays: 1, features: { a: 'v' } },
      { name: 'long', source: 'facts', ttlDays: 60, features: { b: 'v' } },
    ],
    facts: [['facts', '2024-01-01', [[1, 8]]]],
    labels: at('2024-01-05'),
    expected: [[1, null, 8, 0]],
  },
  {
    name: '23 a feature may have another name than its column',
    views: [{ name: 'view', source: 'facts', ttlDays: 10, features: { renamed: 'v' } }],
    facts: once,
    labels: at('2024-01-02'),
    expected: [[1, 5, 0]],
  },
  {
    name: '26 a microsecond too late is too late',
    facts: [['facts', '2024-01-02T00:00:00.000001', [[1, 5]]]],
    labels: at('2024-01-02'),
    expected: [[1, null, 0]],
  },
  {
    name: '27 a key that the newer state does not name is gone',
    facts: [...once, ['facts', '2024-01-02', [[2, 6]]]],
    labels: at('2024-01-03'),
    expected: [[1, null, 0]],
  },
  {
    name: '27 and was there before',
    facts: [...once, ['facts', '2024-01-02', [[2, 6]]]],
    labels: at('2024-01-01T12:00'),
    expected: [[1, 5, 0]],
  },
  {
    name: '29 any name may be a column',
    labelName: 'weird "label"',
    views: [{ name: 'view', source: 'facts', ttlDays: 10, features: { 'ts; drop': 'v' } }],
    facts: once,
    labels: at('2024-01-02'),
    expected: [[1, 5, 0]],
  },
  {
    name: '30 no source rows: null',
    facts: [['facts', '2024-01-01', []]],
    labels: at('2024-01-02'),
    expected: [[1, null, 0]],
  },
  { name: '30 no source at all: null', facts: [], labels: at('2024-01-02'), expected: [[1, null, 0]] },
  { name: '30 no entity rows: empty', facts: once, labels: { at: '2024-01-02', rows: [] }, expected: [] },
  {
    name: 'a row without a label is no training row',
    facts: once,
    labels: at('2024-01-02', [1, null], [2, 1]),
    expected: [[2, null, 1]],
  },
]

let rig: Rig

beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

describe('training set of whole states', () => {
  for (const [i, one] of CASES.entries()) {
    test(one.name, async () => {
      const { project, facts, labels } = projectOf(one, i)
      await rig.deliverRows(labels, one.labels.at, one.labels.rows)
      let knownAt = END
      for (const [n, [, moment, rows, deliveredAt]] of one.facts.entries()) {
        if (one.ask?.pinned && n === one.facts.length - 1) knownAt = await rig.lake.pinKnownAt()
        await rig.deliverRows(facts, moment, rows, deliveredAt)
      }
      const ref = await rig.features(project).trainingSet({
        model: 'model',
        asOf: parseInstant(one.labels.at),
        knownAt,
        mode: one.ask?.mode ?? 'restated',
      })
      const rows = (await rowsOf(rig, ref)).map(({ event_timestamp: _, ...cells }) => Object.values(cells))
      expect(rows).toEqual(one.expected)
      expect(ref.rows).toBe(one.expected.length)
    })
  }

  test('21 two views with one feature name are refused, by name', () => {
    const views = [
      { name: 'first', source: 'facts', ttlDays: 1 },
      { name: 'second', source: 'facts', ttlDays: 1 },
    ]
    const { project } = projectOf({ name: '', views, facts: [], labels: at('2024-01-01'), expected: [] }, 1000)
    expect(() => rig.features(project)).toThrow(PlatformError)
    expect(() => rig.features(project)).toThrow(/would hold 'v' twice/)
  })

  test('28 a training set of a K before a correction is the same bytes after it', async () => {
    const one: Case = { name: '', facts: [], labels: at('2024-02-01'), expected: [] }
    const { project, facts, labels } = projectOf(one, 28_000)
    const features = rig.features(project)
    await rig.deliverRows(facts, '2024-01-31', [[1, 5]])
    await rig.deliverRows(labels, '2024-02-01', [[1, 1]])
    const request = { model: 'model', asOf: parseInstant('2024-02-01'), mode: 'restated' as const }
    const knownAt = await rig.lake.pinKnownAt()
    const before = await features.trainingSet({ ...request, knownAt })
    await rig.deliverRows(facts, '2024-01-31', [[1, 6]])
    const again = await features.trainingSet({ ...request, knownAt })
    const restated = await features.trainingSet({ ...request, knownAt: END })
    expect(again).toEqual(before)
    expect(restated.digest).not.toBe(before.digest)
    expect(restated.identity).not.toBe(before.identity)
  })
})

/** Every case has sources of its own, so that all share one lake. */
function projectOf(one: Case, i: number): { project: Project; facts: Source; labels: Source } {
  const keys = one.keys ?? { k: 'Int64' }
  const label = one.labelName ?? 'y'
  const facts = snapshotSource(`facts_${i}`, { ...keys, v: 'Int64' }, (one.publishDelayDays ?? 0) * DAY_MS)
  const labels = snapshotSource(`labels_${i}`, { ...keys, [label]: 'Int64' })
  const entity: Entity = { name: 'thing', joinKeys: Object.entries(keys).map(([name, type]) => ({ name, type })) }
  const views = (one.views ?? [{ name: 'view', source: 'facts', ttlDays: 10 }]).map((view): FeatureView => {
    const features = Object.entries(view.features ?? { v: 'v' })
    return {
      name: view.name,
      entity: 'thing',
      source: facts.name,
      keys: entity.joinKeys.map((key) => ({ ...key, column: key.name })),
      features: features.map(([name, column]) => ({ name, type: 'Int64', column, sql: null })),
      ttlMs: view.ttlDays === null ? null : view.ttlDays * DAY_MS,
      owner: null,
    }
  })
  const service = views.flatMap((view) =>
    view.features.map((f) => ({ name: f.name, view: view.name, feature: f.name, role: null })),
  )
  const project: Project = {
    name: 'acceptance',
    dir: '/',
    code: NO_CODE,
    tracking: null,
    defaultModel: null,
    schedules: [],
    alerts: [],
    alertChannels: [],
    sources: [facts, labels],
    entities: [entity],
    featureViews: views,
    onDemandViews: [],
    featureServices: [{ name: 'service', features: service }],
    labels: [{ name: label, source: labels.name, column: label, entity: 'thing', horizonMs: 0 }],
    models: [{ ...MODEL, featureService: 'service', label }],
  }
  return { project, facts, labels }
}
