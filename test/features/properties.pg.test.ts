import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { instantOfMs, msOfInstant, parseInstant } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Features } from '../../src/features/features.ts'
import type { OnlineStore } from '../../src/features/online/online-store.ts'
import { deliverRides, ridesProject } from './rides.ts'
import { openRig, type Rig } from './rig.ts'
import { onlineStores } from './stores.ts'

const { stores, stop } = await onlineStores()
afterAll(stop)

const AT = parseInstant('2024-01-31')
const requestOf = async (rig: Rig) => ({ asOf: AT, knownAt: await rig.lake.pinKnownAt(), mode: 'restated' }) as const
const MODELS = ['late_ride', 'tipped_ride']

/** More than 65,536 rows, and more than a chunk (2,048), a page of features on demand and a batch of keys. */
describe('two projects with two models each, on one thread and on several', () => {
  const COUNT = 66_000
  const ASKED = 12_000
  const rigs: Rig[] = []
  beforeAll(async () => {
    rigs.push(await openRig({ threads: 1 }), await openRig({ threads: 3 }))
    for (const rig of rigs) rig.clock.set(Date.UTC(2024, 2, 15))
    for (const [i, rig] of rigs.entries()) await deliverRides(rig, ridesProject(`rides_${i}`), COUNT)
  })
  afterAll(() => Promise.all(rigs.map((rig) => rig.close())))

  test('every labelled row gives one row, in order, with its keys; the same bytes again, elsewhere and on other threads', async () => {
    for (const model of MODELS) {
      const digests = new Set<string>()
      for (const [i, rig] of rigs.entries()) {
        for (const features of [rig.features(ridesProject(`rides_${i}`)), rig.features(ridesProject(`rides_${i}`))]) {
          const ref = await features.trainingSet({ model, ...(await requestOf(rig)) })
          expect(ref.rows).toBe(COUNT)
          digests.add(ref.digest)
        }
      }
      expect(digests.size).toBe(1)
      const [rig] = rigs as [Rig]
      const features = rig.features(ridesProject('rides_0'))
      const data = await features.readTrainingSet(await features.trainingSet({ model, ...(await requestOf(rig)) }))
      const valuesOf = (name: string) => must(data.columns.get(name)).values as Float64Array
      const [first] = features.service(must(ridesProject().models.find((m) => m.name === model)).featureService).keys
      expect(valuesOf(must(first).name).every((value, r) => value === r)).toBe(true)
      if (model === 'tipped_ride') {
        const wrong = valuesOf('person').filter((person, r) => (person * 7) % COUNT !== valuesOf('driver')[r])
        expect(wrong.length).toBe(0)
      }
      expect([...data.columns.values()].filter((c) => c.values.length !== COUNT || c.valid.length !== COUNT)).toEqual(
        [],
      )
    }
  })

  test.each(stores)(
    'what is live in %s, read by another process, is what the training set has',
    async (_name, open) => {
      const rig = must(rigs[0])
      const project = ridesProject('rides_0')
      const [one, other] = [await open(rig), await open(rig)]
      try {
        const filled = rig.features(project, rig.db, one)
        const read = rig.features(project, rig.db, other)
        const done = await filled.materialize()
        expect(done.map((m) => m.outcome)).toEqual(['materialized', 'materialized'])
        expect((await read.materialize()).map((m) => m.outcome)).toEqual(['unchanged', 'unchanged'])
        for (const model of MODELS) {
          const name = must(project.models.find((m) => m.name === model)).featureService
          const data = await read.readTrainingSet(await read.trainingSet({ model, ...(await requestOf(rig)) }))
          const service = read.service(name)
          const key = (r: number) =>
            Object.fromEntries(service.keys.map((k) => [k.name, must(data.columns.get(k.name)).values[r] as number]))
          // From the end to the beginning: the order is that of the keys, not of the table.
          const rows = Array.from({ length: ASKED }, (_, i) => COUNT - 1 - i * 5)
          const live = await read.readOnline(name, rows.map(key))
          expect(live.length).toBe(ASKED)
          for (const [f, feature] of service.features.entries()) {
            const column = must(data.columns.get(feature.name))
            const offline = rows.map((r) => (column.valid[r] === 1 ? column.values[r] : null))
            const online = live.map((row) => row.values[f] ?? null)
            expect(online.map((v) => (typeof v === 'boolean' ? Number(v) : v))).toEqual(offline)
          }
        }
        for (const view of ['profile', 'activity']) {
          expect(await read.verify(view, ASKED)).toMatchObject({ missing: 0, unexpected: 0, differences: [] })
        }
      } finally {
        await one.close()
        await other.close()
      }
    },
  )
})

const HISTORY = normalizeProject(
  {
    name: 'history',
    sources: {
      facts: {
        kind: 'changes',
        key: 'k',
        eventTime: 'ts',
        availableAt: 'told',
        deleted: 'gone',
        columns: { k: 'Int64', ts: 'UnixTimestamp', told: 'UnixTimestamp', v: 'Int64', gone: 'Bool' },
      },
    },
    entities: { thing: { joinKeys: { k: 'Int64' } } },
    featureViews: { facts: { entity: 'thing', source: 'facts', features: { v: 'Int64' } } },
    featureServices: { facts: ['facts'] },
  },
  '/',
)

type Fact = { k: number; day: number; told: number; gone: boolean }
type Call = { deliver: Fact[] } | { from: number; to: number } | 'all'

const KEYS = 5
const DAYS = 12
const dayOf = (n: number) => instantOfMs(msOfInstant(AT) + n * 86_400_000)
const factOf = fc.record({
  k: fc.nat(KEYS - 1),
  day: fc.nat(DAYS),
  told: fc.nat(2),
  gone: fc.boolean(),
})
const callOf: fc.Arbitrary<Call> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ deliver: fc.array(factOf, { minLength: 1, maxLength: 6 }) }) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(DAYS), fc.nat(DAYS)).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
  },
  { weight: 1, arbitrary: fc.constant('all' as const) },
)

/** Small histories, many of them: deliveries and windows in any order, against a list of all rows that were brought. */
describe.each(stores)('materialize in %s', (_name, open) => {
  let rig: Rig
  let online: OnlineStore
  let features: Features
  beforeAll(async () => {
    rig = await openRig()
    online = await open(rig)
  })
  afterAll(async () => {
    await rig.close()
    await online.close()
  })

  test('case 21: after any calls the newest brought row of each key is live, and verify agrees', async () => {
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(callOf, { minLength: 2, maxLength: 8 }), async (calls) => {
        // A source and a view of its own for each history: all share one lake.
        const name = `facts_${run++}`
        const project = renamed(name)
        features = rig.features(project, rig.db, online)
        const source = must(project.sources[0])
        const delivered: { fact: Fact; v: number; seq: number }[] = []
        const brought = new Set<number>()
        let seq = 0
        for (const call of [...calls, 'all' as const]) {
          if (typeof call === 'object' && 'deliver' in call) {
            seq++
            for (const fact of call.deliver) delivered.push({ fact, v: delivered.length + 1, seq })
            const rows = delivered.filter((d) => d.seq === seq)
            const cells = rows.map(({ fact: f, v }) => [f.k, dayOf(f.day), dayOf(f.told), v, f.gone])
            await rig.deliverRows(source, dayOf(40 + seq), cells)
            continue
          }
          if (delivered.length === 0) continue
          const [from, to] = call === 'all' ? [0, DAYS] : [call.from, call.to]
          const bounds = call === 'all' ? {} : { since: dayOf(from), asOf: dayOf(to) }
          await features.materialize({ views: [name], ...bounds })
          for (const d of delivered) if (d.fact.day >= from && d.fact.day <= to) brought.add(d.v)
          const expected = Array.from({ length: KEYS }, (_, k) => newest(delivered, brought, k))
          const rows = await features.readOnline('facts', [...expected.keys()])
          expect(rows.map((row) => row.values[0])).toEqual(expected)
          expect(await features.verify(name, 100)).toMatchObject({
            missing: 0,
            unexpected: 0,
            newer: 0,
            differences: [],
          })
        }
        await features.close()
      }),
      { numRuns: 12, seed: 21 },
    )
  })
})

function newest(delivered: { fact: Fact; v: number; seq: number }[], brought: ReadonlySet<number>, k: number) {
  const mine = delivered.filter((d) => d.fact.k === k && brought.has(d.v))
  const [last] = mine.sort((a, b) => b.fact.day - a.fact.day || b.fact.told - a.fact.told || b.v - a.v)
  return last === undefined || last.fact.gone ? null : last.v
}

function renamed(name: string): typeof HISTORY {
  const [source, view, service] = [
    must(HISTORY.sources[0]),
    must(HISTORY.featureViews[0]),
    must(HISTORY.featureServices[0]),
  ]
  return {
    ...HISTORY,
    sources: [{ ...source, name }],
    featureViews: [{ ...view, name, source: name }],
    featureServices: [{ ...service, features: service.features.map((f) => ({ ...f, view: name })) }],
  }
}
