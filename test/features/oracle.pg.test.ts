import { afterAll, beforeAll, expect, test } from 'vitest'
import { must } from '../../src/base/assert.ts'
import { addMs, type Instant, parseInstant } from '../../src/base/instant.ts'
import { createPrng, type Prng } from '../../src/base/prng.ts'
import type { Snapshot } from '../../src/lake/snapshot.ts'
import { projectOf } from './projects.ts'
import { type Cell, openRig, type Rig, rowsOf, snapshotSource } from './rig.ts'

/**
 * Random histories against the rule of docs/concepts/time.md, written down as plainly as it reads: walk over every row of
 * every delivery, throw out what may not be seen, take the newest. WEIR_FUZZ_SEED runs one seed again.
 */
const DAY_MS = 86_400_000
const START = parseInstant('2024-01-01')
const SEEDS = process.env.WEIR_FUZZ_SEED ? [Number(process.env.WEIR_FUZZ_SEED)] : [1, 2, 3, 4, 5, 6, 7, 8]

let rig: Rig

beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

for (const seed of SEEDS) {
  test(`seed ${seed}: the training sets are those of the oracle`, async () => {
    const random = createPrng(seed)
    const views = [0, 1].map((i) => ({
      source: snapshotSource(`facts_${seed}_${i}`, { k: 'Int64', [`v${i}`]: 'Int64' }, random.int(3) * DAY_MS),
      ttlMs: [null, 2 * DAY_MS, 5 * DAY_MS][random.int(3)] ?? null,
    }))
    const labels = snapshotSource(`labels_${seed}`, { k: 'Int64', y: 'Int64' })
    const horizonMs = random.int(3) * DAY_MS
    const small = projectOf({
      sources: [...views.map((v) => v.source), labels],
      keys: { k: 'Int64' },
      views: views.map(({ source, ttlMs }, i) => ({ name: `view_${i}`, source, features: [`v${i}`], ttlMs })),
    })
    const project = { ...small, labels: small.labels.map((label) => ({ ...label, horizonMs })) }
    const features = rig.features(project)

    const history: Delivery[] = []
    for (let i = 0; i < 14; i++) {
      const source = i === 0 ? labels : ([...views.map((v) => v.source), labels][random.int(3)] ?? labels)
      const rows = randomRows(random)
      const at = addMs(START, random.int(10) * DAY_MS)
      const snapshot = await rig.deliverRows(source, at, rows)
      history.push({ source: source.name, rows, ...pick(snapshot), withdrawnAt: null })
      const taken = history[random.int(history.length)]
      if (random.int(4) === 0 && taken?.withdrawnAt === null) {
        const { source: name, validAt, version } = taken
        const wish = { version, actor: 'test', reason: 'wrong', request: `${seed} ${i}` }
        taken.withdrawnAt = must((await rig.lake.withdraw({ source: name, validAt, ...wish })).withdrawn).recordedAt
      }
      rig.clock.advance(random.int(2) * DAY_MS)
    }

    for (let i = 0; i < 6; i++) {
      const asOf = addMs(START, random.int(14) * DAY_MS)
      const moments = history.flatMap((d) => [d.recordedAt, ...(d.withdrawnAt ? [d.withdrawnAt] : [])])
      const knownAt = moments[random.int(moments.length)] ?? START
      const mode = random.int(2) === 0 ? ('served' as const) : ('restated' as const)
      const wanted = oracle({
        history,
        views,
        labels: labels.name,
        horizonMs,
        asOf,
        knownAt,
        served: mode === 'served',
      })
      const asked = features.trainingSet({ model: 'model', asOf, knownAt, mode })
      if (wanted === undefined) {
        await expect(asked).rejects.toThrow(/has no labels/)
        continue
      }
      const ref = await asked
      const rows = (await rowsOf(rig, ref)).map((row) => [row.k, row.v0, row.v1, row.y])
      expect(rows).toEqual(wanted.rows)
      expect(ref.immature).toBe(wanted.immature)
    }
  })
}

type Delivery = Pick<Snapshot, 'validAt' | 'recordedAt' | 'availableAt' | 'seq' | 'version'> & {
  source: string
  rows: Cell[][]
  withdrawnAt: Instant | null
}
type Question = {
  history: Delivery[]
  views: { source: { name: string }; ttlMs: number | null }[]
  labels: string
  horizonMs: number
  asOf: Instant
  knownAt: Instant
  served: boolean
}

function oracle(q: Question): { rows: Cell[][]; immature: number } | undefined {
  const known = q.history.filter(
    (d) => d.recordedAt <= q.knownAt && (d.withdrawnAt === null || d.withdrawnAt > q.knownAt),
  )
  const labels = known.filter((d) => d.source === q.labels && d.validAt <= q.asOf)
  const isMature = (d: Delivery) => addMs(d.validAt, q.horizonMs) <= q.asOf
  const chosen = newest(labels.filter(isMature))
  if (!chosen) return undefined
  const growing = new Set(labels.filter((d) => !isMature(d)).map((d) => d.validAt))
  const immature = [...growing].reduce(
    (sum, at) => sum + (newest(labels.filter((d) => d.validAt === at))?.rows.length ?? 0),
    0,
  )
  const moment = chosen.validAt
  const rows = chosen.rows.map(([key, label]): Cell[] => {
    const values = q.views.map(({ source, ttlMs }): Cell => {
      const seen = known.filter(
        (d) =>
          d.source === source.name &&
          d.validAt <= moment &&
          (ttlMs === null || d.validAt >= addMs(moment, -ttlMs)) &&
          (!q.served || d.availableAt <= moment),
      )
      return newest(seen)?.rows.find(([k]) => k === key)?.[1] ?? null
    })
    return [key ?? null, ...values, label ?? null]
  })
  rows.sort((a, b) => Number(a[0]) - Number(b[0]))
  return { rows, immature }
}

function newest(deliveries: Delivery[]): Delivery | undefined {
  const rank = (d: Delivery) => `${d.validAt} ${d.availableAt} ${String(d.seq).padStart(12, '0')}`
  return [...deliveries].sort((a, b) => (rank(a) < rank(b) ? 1 : -1))[0]
}

/** Some of eight keys, in random order; every fourth value is null, labels never. */
function randomRows(random: Prng): Cell[][] {
  const keys = [1, 2, 3, 4, 5, 6, 7, 8].filter(() => random.int(4) > 0)
  const shuffled = keys.map((key) => ({ key, at: random.float() })).sort((a, b) => a.at - b.at)
  return shuffled.map(({ key }) => [key, random.int(1000)])
}

function pick({ validAt, recordedAt, availableAt, seq, version }: Snapshot) {
  return { validAt, recordedAt, availableAt, seq, version }
}
