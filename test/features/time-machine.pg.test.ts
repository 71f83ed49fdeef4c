import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Instant } from '../../src/base/instant.ts'
import { createPrng, type Prng } from '../../src/base/prng.ts'
import type { Features } from '../../src/features/features.ts'
import { jsonCell, type RowsAnswer, type TimeKind, type TimeRow } from '../../src/wire/time.ts'
import { openRig, type Rig } from './rig.ts'
import { KEYS, type Made, makeHistory } from './time-histories.ts'

/** Random histories: what the time machine tells against the join, against itself, and against a plain comparison. */
const SEEDS = process.env.WEIR_FUZZ_SEED ? [Number(process.env.WEIR_FUZZ_SEED)] : [1, 2, 3]
const ALL = { limit: 1000, offset: 0 }
const MODES = ['restated', 'served'] as const

let rig: Rig
const made: { random: Prng; history: Made; features: Features; seed: number }[] = []

beforeAll(async () => {
  rig = await openRig()
  for (const seed of SEEDS) {
    const random = createPrng(seed)
    const history = await makeHistory(rig, random, `h${seed}`)
    made.push({ seed, random, history, features: rig.features(history.project) })
  }
})
afterAll(() => rig.close())

type Subject = { kind: TimeKind; name: string; key?: string }
const subjectsOf = ({ project }: Made): Subject[] => [
  ...project.sources.map(({ name }) => ({ kind: 'sources' as const, name })),
  ...project.featureViews.map(({ name }) => ({ kind: 'feature-views' as const, name })),
  ...KEYS.map((key) => ({ kind: 'entities' as const, name: 'thing', key: keyText(key) })),
]
const keyText = ([a, b]: [number, string]) => JSON.stringify({ a, b })
const one = <T>(random: Prng, list: readonly T[]) => list[random.int(list.length)] as T

function setting(random: Prng, { known, moments }: Made) {
  return { validAt: one(random, moments), knownAt: one(random, known), mode: one(random, MODES) }
}

test('the rows of a view at any setting are those that the point-in-time join gives for these keys at that moment', async () => {
  for (const { seed, random, history, features } of made) {
    for (let i = 0; i < 8; i++) {
      const at = setting(random, history)
      const expected = await joined(features, at)
      const actual = Object.fromEntries(
        await Promise.all(
          history.project.featureViews.map(async ({ name }) => {
            const { rows } = await features.time.rows({ kind: 'feature-views', name, ...at }, ALL)
            return [name, rows] as const
          }),
        ),
      )
      const found = KEYS.map(([a, b]) => {
        const of = (view: string) => actual[view]?.find((row) => row.values[0] === a && row.values[1] === b)
        return [...values(of('states_fv'), 2), ...values(of('changes_fv'), 1)]
      })
      expect(found, `seed ${seed}, ${JSON.stringify(at)}`).toEqual(expected)
      // And so are the values of each entity, looked up alone.
      for (const [k, key] of KEYS.entries()) {
        const looked = await features.time.rows({ kind: 'entities', name: 'thing', key: keyText(key), ...at }, ALL)
        expect(
          looked.rows.map((row) => row.values[3]),
          `seed ${seed}, key ${keyText(key)}, ${JSON.stringify(at)}`,
        ).toEqual(expected[k])
      }
    }
  }
})

/** The features without the key, null where there is no row. */
function values(row: TimeRow | undefined, count: number) {
  return row === undefined ? new Array(count).fill(null) : row.values.slice(2)
}

async function joined(features: Features, at: { validAt: Instant; knownAt: Instant; mode: 'restated' | 'served' }) {
  const file = join(rig.dir, 'keys.csv')
  const lines = KEYS.map(([a, b]) => `${a},"${b}",${at.validAt}\n`)
  await writeFile(file, `a,b,event_timestamp\n${lines.join('')}`)
  const ref = await features.entityDataset(features.service('service'), { file, knownAt: at.knownAt, mode: at.mode })
  const rows = await rig.duck.rows(`SELECT v, ratio, w FROM read_parquet('${await rig.objects.local(ref.objectKey)}')`)
  return rows.map((row) => [jsonCell(row.v), jsonCell(row.ratio), jsonCell(row.w)])
}

test('each row names the snapshot that holds it, and its times: the value stands there, and the snapshot was known then', async () => {
  for (const { random, history, features } of made) {
    const [states, changes] = history.project.sources
    for (let i = 0; i < 6; i++) {
      const at = setting(random, history)
      for (const source of [states!, changes!]) {
        const answer = await features.time.rows({ kind: 'sources', name: source.name, ...at }, ALL)
        const all = await rig.lake.history({ source: source.name })
        for (const row of answer.rows) {
          const snapshot = all.find((s) => s.id === row.snapshot)!
          expect(snapshot.recordedAt <= at.knownAt).toBe(true)
          expect(snapshot.withdrawn === null || snapshot.withdrawn.recordedAt > at.knownAt).toBe(true)
          expect(row.event_time! <= at.validAt).toBe(true)
          const [a, b, value] = row.values
          const column = source.kind === 'snapshot' ? 'v' : 'w'
          const [there] = await rig.duck.rows<{ n: number }>(
            `SELECT count(*) AS n FROM read_parquet('${await rig.lake.path(snapshot)}')
             WHERE a = $1 AND b = $2 AND ${column} IS NOT DISTINCT FROM $3 ${source.kind === 'changes' ? `AND ts = TIMESTAMPTZ '${row.event_time}'` : ''}`,
            [a as number, b as string, value as number],
          )
          expect(there?.n).toBeGreaterThan(0)
          const named = answer.reads.find((read) => read.snapshot.id === row.snapshot)?.snapshot
          expect(named?.withdrawn_at ?? null).toBe(snapshot.withdrawn?.recordedAt ?? null)
        }
      }
    }
  }
})

test('between two stops nothing changes: every other valid_at, and every other known_at, gives the rows of the stop before it', async () => {
  for (const { seed, random, history, features } of made) {
    for (const { kind, name } of subjectsOf(history).filter((s) => s.kind !== 'entities')) {
      for (const mode of MODES) {
        const { valid, known, thinned } = await features.time.moments({ kind, name, mode })
        expect(thinned).toBe(false)
        const at = { ...setting(random, history), mode }
        const before = (list: readonly { at: Instant }[], moment: Instant) => list.findLast((s) => s.at <= moment)?.at
        const [stop, seen] = [before(valid, at.validAt), before(known, at.knownAt)]
        if (stop === undefined || seen === undefined) continue
        const rows = async (validAt: Instant, knownAt: Instant) =>
          (await features.time.rows({ kind, name, mode, validAt, knownAt }, ALL)).rows
        expect(await rows(at.validAt, at.knownAt), `seed ${seed} ${kind} ${name} ${JSON.stringify(at)}`).toEqual(
          await rows(stop, seen),
        )
      }
    }
  }
})

test('the difference of two settings is that of their rows, page by page as at once', async () => {
  for (const { seed, random, history, features } of made) {
    for (const subject of subjectsOf(history)) {
      const [a, b] = [setting(random, history), setting(random, history)]
      const other = { validAt: b.validAt, knownAt: b.knownAt }
      const request = { ...subject, ...a }
      const left = await features.time.rows(request, ALL)
      const right = await features.time.rows({ ...request, ...other }, ALL)
      const whole = await features.time.differences(request, other, ALL)
      const what = `seed ${seed} ${JSON.stringify([request, other])}`
      expect(plain(whole.rows), what).toEqual(naive(left, right))
      const paged = []
      for (let token: string | null = '0'; token !== null; ) {
        const page = await features.time.differences(request, other, { limit: 2, offset: Number(token) })
        expect(page.counts).toEqual(whole.counts)
        paged.push(...page.rows)
        token = page.next_page_token
      }
      expect(paged, what).toEqual(whole.rows)
      const { added, removed, changed, same } = whole.counts
      expect([removed + changed + same, added + changed + same]).toEqual([left.row_count, right.row_count])
      expect(whole.counts.cells).toBe(whole.rows.reduce((sum, row) => sum + row.changed.length, 0))
    }
  }
})

type Plain = { difference: string; changed: string[]; a: TimeRow | null; b: TimeRow | null }

function naive(left: RowsAnswer, right: RowsAnswer): Plain[] {
  const keyCount = left.columns.filter((c) => c.key).length
  const keyOf = (row: TimeRow) => JSON.stringify(row.values.slice(0, keyCount))
  const [as, bs] = [new Map(left.rows.map((r) => [keyOf(r), r])), new Map(right.rows.map((r) => [keyOf(r), r]))]
  const found = [...new Set([...as.keys(), ...bs.keys()])].flatMap((key): Plain[] => {
    const [a, b] = [as.get(key) ?? null, bs.get(key) ?? null]
    if (a === null || b === null) return [{ difference: a === null ? 'added' : 'removed', changed: [], a, b }]
    const changed = left.columns.filter((_, i) => a.values[i] !== b.values[i]).map((c) => c.name)
    return changed.length > 0 || a.status !== b.status ? [{ difference: 'changed', changed, a, b }] : []
  })
  return plain(found)
}

function plain(rows: readonly Plain[]): Plain[] {
  const text = (row: Plain) => JSON.stringify((row.a ?? row.b)?.values.slice(0, 2))
  return rows.toSorted((x, y) => (text(x) < text(y) ? -1 : 1))
}
