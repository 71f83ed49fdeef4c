import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { addMs, type Instant, instantOfMs, msOfInstant, nextInstant, parseInstant } from '../../src/base/instant.ts'
import { createPrng, type Prng } from '../../src/base/prng.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import type { Source } from '../../src/config/project.ts'
import type { JoinMode } from '../../src/features/offline/training-set.ts'
import { type Cell, openRig, type Rig } from './rig.ts'

/**
 * Random histories of both kinds of source and random entity rows against the rule of docs/concepts/time.md, written
 * down as plainly as it reads. A history that fails is made smaller, by leaving deliveries, rows and entity rows out one
 * after the other, and shown with its seed. WEIR_FUZZ_SEED runs one seed again.
 */
const DAY_MS = 86_400_000
const START = parseInstant('2024-01-01')
const SEEDS = process.env.WEIR_FUZZ_SEED ? [Number(process.env.WEIR_FUZZ_SEED)] : [1, 2, 3, 4, 5, 6]
/** Histories that failed once. */
const KEPT: History[] = []

type Fact = { keys: Cell[]; ts: Instant; created: Instant | null; v: Cell; gone: boolean }
/** `lasts`: after so many more deliveries it is withdrawn, null for never. */
type Delivery = { view: number; asOf: Instant; facts: Fact[]; lasts: number | null }
type Entity = { keys: Cell[]; t: Instant; text: string }
type View = { kind: 'snapshot' | 'changes'; ttlMs: number | null; created: boolean; global: boolean }
type History = { views: View[]; deliveries: Delivery[]; entities: Entity[]; pinAfter: number; mode: JoinMode }

let rig: Rig
let other: Rig
let made = 0

beforeAll(async () => {
  rig = await openRig({ threads: 1 })
  other = await openRig({ threads: 3 })
})
afterAll(async () => {
  await rig.close()
  await other.close()
})

for (const seed of SEEDS) {
  test(`seed ${seed}: the join is that of the oracle, on any number of threads and in any order of rows`, async () => {
    const history = randomHistory(createPrng(seed))
    const wrong = await differs(history)
    if (wrong === undefined) return
    const small = await shrunk(history)
    expect.fail(`seed ${seed}: ${await differs(small)}\n${JSON.stringify(small)}`)
  })
}

test('rows that come in one delivery or in several give the same values', async () => {
  for (const seed of [21, 22, 23]) {
    const history = { ...randomHistory(createPrng(seed)), mode: 'restated' as const, pinAfter: 1000 }
    const whole = { ...history, deliveries: history.deliveries.map((delivery) => ({ ...delivery, lasts: null })) }
    const deliveries = whole.deliveries.flatMap((delivery) => {
      if (whole.views[delivery.view]?.kind !== 'changes') return [delivery]
      const middle = delivery.facts.length >> 1
      const part = (facts: Fact[]) => ({ ...delivery, facts })
      return [part(delivery.facts.slice(0, middle)), part(delivery.facts.slice(middle))]
    })
    // What is known of a row must not depend on its delivery.
    const views = whole.views.map((view) => ({ ...view, created: view.kind === 'changes' }))
    const [one, parts] = [await joined(rig, { ...whole, views }), await joined(other, { ...whole, views, deliveries })]
    expect(parts.rows).toEqual(one.rows)
  }
})

for (const [i, history] of KEPT.entries()) {
  test(`history ${i + 1} that failed once`, async () => expect(await differs(history)).toBeUndefined())
}

/** Undefined where the join agrees with the oracle; else both, as text. */
async function differs(history: History): Promise<string | undefined> {
  const [one, two] = [await joined(rig, history), await joined(other, shuffledFacts(history))]
  // The oracle wants to know when the deliveries were recorded and available; the lake tells.
  const wanted = oracle(history, one.deliveries)
  const [got, expected] = [JSON.stringify(one.rows), JSON.stringify(wanted)]
  if (got !== expected) return `joined   ${got}\nexpected ${expected}`
  const again = JSON.stringify(two.rows)
  if (again !== expected) return `on three threads, rows in another order ${again}\nexpected ${expected}`
  if (one.before !== undefined && one.before !== got) return `before later deliveries ${one.before}\nafter them ${got}`
  return undefined
}

type Recorded = { recordedAt: Instant; availableAt: Instant; seq: number; withdrawnAfter: number | null }

async function joined(at: Rig, history: History) {
  const project = projectOf(history, `h${made++}`)
  const features = at.features(project)
  const file = join(at.dir, `entities_${made}.csv`)
  const lines = history.entities.map(({ keys, text }) => `${keys[0] ?? ''},${keys[1] ?? ''},${text}\n`)
  await writeFile(file, `a,b,event_timestamp\n${lines.join('')}`)
  const service = features.service('service')
  const deliveries: Recorded[] = []
  let knownAt: Instant = START
  let before: string | undefined
  /** The same content again, where it is still there, is the same snapshot, and goes with it. */
  const withdrawIfDue = async (d: number, i: number) => {
    const { view, lasts } = history.deliveries[d] as Delivery
    const { seq, withdrawnAfter } = deliveries[d] as Recorded
    if (lasts === null || d + lasts !== i || withdrawnAfter !== null) return
    const recorded = await at.lake.history({ source: project.sources[view]?.name ?? '' })
    const { source, validAt, version } = must(recorded.find((s) => s.seq === seq))
    await at.lake.withdraw({ source, validAt, version, actor: 'test', reason: 'wrong', request: `${d}` })
    for (const one of deliveries) if (one.seq === seq) one.withdrawnAfter = i
  }
  const read = async () => {
    const ref = await features.entityDataset(service, { file, knownAt, mode: history.mode })
    const rows = await at.duck.rows(`SELECT * FROM read_parquet('${await at.objects.local(ref.objectKey)}')`)
    return rows.map((row) => history.views.map((_, i) => row[`v${i}`] as Cell))
  }
  for (const [i, delivery] of history.deliveries.entries()) {
    const source = project.sources[delivery.view] as Source
    const rows = delivery.facts.map((f) =>
      source.kind === 'changes'
        ? [...f.keys, f.ts, ...(source.availableAt ? [f.created] : []), f.v, f.gone]
        : [...f.keys, f.v],
    )
    const { recordedAt, availableAt, seq } = await at.deliverRows(source, delivery.asOf, rows)
    deliveries.push({ recordedAt, availableAt, seq, withdrawnAfter: null })
    at.clock.advance(DAY_MS)
    // Here small deliveries are merged now and then, also those that were merged before and those that are withdrawn later.
    if (at === other && i % 2 === 1) {
      await at.lake.mergeSmall({ sources: project.sources.map((s) => s.name), limits: { filesMin: 2, filesMax: 6 } })
    }
    for (const d of deliveries.keys()) await withdrawIfDue(d, i)
    if (i === history.pinAfter) {
      knownAt = await at.lake.pinKnownAt()
      before = JSON.stringify(await read())
    }
  }
  if (before === undefined) knownAt = await at.lake.pinKnownAt()
  return { rows: await read(), deliveries, before }
}

function oracle(history: History, recorded: Recorded[]): Cell[][] {
  const known = history.deliveries
    .map((delivery, i) => ({ ...delivery, ...(recorded[i] as Recorded), index: i }))
    .filter((delivery) => delivery.index <= history.pinAfter || history.pinAfter >= history.deliveries.length)
    .filter(({ withdrawnAfter }) => withdrawnAfter === null || withdrawnAfter > history.pinAfter)
  return history.entities.map(({ keys, t }) =>
    history.views.map((view, v) => {
      const mine = known.filter((d) => d.view === v)
      const oldest = view.ttlMs === null ? '' : addMs(t, -view.ttlMs)
      const inReach = (moment: Instant) => moment <= t && moment >= oldest
      const isKey = (f: Fact) => view.global || (keys.every((k) => k !== null) && f.keys.every((k, i) => k === keys[i]))
      if (view.kind === 'snapshot') {
        const seen = mine.filter((d) => inReach(d.asOf) && (history.mode === 'restated' || d.availableAt <= t))
        const [newest] = seen.sort((a, b) => order([b.asOf, b.availableAt, b.seq], [a.asOf, a.availableAt, a.seq]))
        return newest?.facts.filter(isKey).at(-1)?.v ?? null
      }
      const rows = mine.flatMap((d) =>
        d.facts.map((f, place) => ({ ...f, place, seq: d.seq, at: view.created ? f.created : d.availableAt })),
      )
      const seen = rows.filter(
        (f) => isKey(f) && inReach(f.ts) && (history.mode === 'restated' || (f.at !== null && f.at <= t)),
      )
      const [newest] = seen.sort((a, b) =>
        order([b.ts, b.at ?? '', b.seq, b.place], [a.ts, a.at ?? '', a.seq, a.place]),
      )
      return newest === undefined || newest.gone ? null : newest.v
    }),
  )
}

function order(a: (string | number)[], b: (string | number)[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i] as string | number
    if (x !== y) return x < y ? -1 : 1
  }
  return 0
}

/** Leaves out what can be left out while the history still fails. */
async function shrunk(history: History): Promise<History> {
  let small = history
  for (let again = true; again; ) {
    again = false
    for (const next of smaller(small)) {
      if ((await differs(next)) === undefined) continue
      small = next
      again = true
      break
    }
  }
  return small
}

function* smaller(history: History): Generator<History> {
  const without = <T>(list: readonly T[], i: number) => list.filter((_, at) => at !== i)
  for (const i of history.entities.keys()) {
    if (history.entities.length > 1) yield { ...history, entities: without(history.entities, i) }
  }
  for (const [d, delivery] of history.deliveries.entries()) {
    const pinAfter = d <= history.pinAfter ? history.pinAfter - 1 : history.pinAfter
    yield { ...history, deliveries: without(history.deliveries, d), pinAfter: Math.max(pinAfter, 0) }
    for (const i of delivery.facts.keys()) {
      const less = { ...delivery, facts: without(delivery.facts, i) }
      yield { ...history, deliveries: history.deliveries.map((x, at) => (at === d ? less : x)) }
    }
  }
}

/** Rows of a file in another order, where no two of them are equal in key, time and creation. */
function shuffledFacts(history: History): History {
  const tie = (f: Fact) => JSON.stringify([f.keys, f.ts])
  const deliveries = history.deliveries.map((delivery) => {
    const distinct = new Set(delivery.facts.map(tie)).size === delivery.facts.length
    return distinct ? { ...delivery, facts: [...delivery.facts].reverse() } : delivery
  })
  return { ...history, deliveries }
}

function randomHistory(random: Prng): History {
  const views = Array.from(
    { length: 3 },
    (_, i): View => ({
      kind: i === 2 ? 'snapshot' : 'changes',
      ttlMs: [null, 2 * DAY_MS, 5 * DAY_MS, 1][random.int(4)] ?? null,
      created: random.int(2) === 0,
      global: i === 1 && random.int(3) === 0,
    }),
  )
  const moments = Array.from({ length: 12 }, () => randomMoment(random))
  const moment = () => moments[random.int(moments.length)] as Instant
  const deliveries = Array.from({ length: 10 }, (): Delivery => {
    const view = random.int(views.length)
    const global = views[view]?.global
    const asOf = addMs(START, random.int(12) * DAY_MS)
    const facts = Array.from(
      { length: random.int(8) },
      (): Fact => ({
        keys: global ? [1, 'x'] : randomKeys(random),
        ts: views[view]?.kind === 'changes' ? moment() : asOf,
        created: random.int(4) === 0 ? null : moment(),
        v: random.int(4) === 0 ? null : random.int(1000),
        gone: random.int(5) === 0,
      }),
    )
    return { view, asOf, facts, lasts: random.int(2) === 0 ? random.int(4) : null }
  })
  const entities = Array.from({ length: 30 }, (): Entity => {
    const ttl = views[random.int(3)]?.ttlMs ?? DAY_MS
    const near = [moment(), nextInstant(moment()), addMs(moment(), ttl), nextInstant(addMs(moment(), ttl))]
    const t = near[random.int(4)] as Instant
    return { keys: random.int(8) === 0 ? [null, 'x'] : randomKeys(random), t, text: zoned(random, t) }
  })
  const pinAfter = 4 + random.int(8)
  return { views, deliveries, entities, pinAfter, mode: random.int(2) === 0 ? 'served' : 'restated' }
}

const randomKeys = (random: Prng): Cell[] => [1 + random.int(3), ['x', 'y', '2x'][random.int(3)] ?? 'x']

function randomMoment(random: Prng): Instant {
  const day = addMs(START, random.int(14) * DAY_MS)
  return random.int(2) === 0 ? day : nextInstant(addMs(day, random.int(DAY_MS)))
}

/** The same moment, written with a zone, or without one in UTC. */
function zoned(random: Prng, t: Instant): string {
  const hours = [-5, 0, 9][random.int(3)] ?? 0
  const local = `${instantOfMs(msOfInstant(t) + hours * 3_600_000).slice(0, 23)}${t.slice(23, 26)}`
  if (hours === 0) return random.int(2) === 0 ? `${local}Z` : local
  return `${local}${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`
}

function projectOf(history: History, name: string) {
  const sources = history.views.map((view, i) => {
    const time = { ts: 'UnixTimestamp', ...(view.created ? { created: 'UnixTimestamp' } : {}) }
    const changes = { kind: 'changes', eventTime: 'ts', deleted: 'gone', availableAt: view.created ? 'created' : null }
    const columns =
      view.kind === 'changes'
        ? { a: 'Int64', b: 'String', ...time, v: 'Int64', gone: 'Bool' }
        : { a: 'Int64', b: 'String', v: 'Int64' }
    return [`${name}_${i}`, { key: ['a', 'b'], columns, ...(view.kind === 'changes' ? changes : {}) }]
  })
  const views = history.views.map((view, i) => [
    `view${i}`,
    {
      entity: view.global ? null : 'thing',
      source: `${name}_${i}`,
      ttl: view.ttlMs === null ? null : `${view.ttlMs}ms`,
      features: { [`v${i}`]: { type: 'Int64', column: 'v' } },
    },
  ])
  return normalizeProject(
    {
      name: 'random',
      sources: Object.fromEntries(sources),
      entities: { thing: { joinKeys: { a: 'Int64', b: 'String' } } },
      featureViews: Object.fromEntries(views),
      featureServices: { service: views.map(([view]) => view) },
    },
    '/',
  )
}
