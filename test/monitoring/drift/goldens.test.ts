/** Values of the real Evidently and scipy; test/golden/drift/make.py made them. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Paired, pairCategories, pairNumbers } from '../../../src/monitoring/drift/tests/paired.ts'
import { chooseTest, isBeyond, TESTS } from '../../../src/monitoring/drift/tests/tests.ts'
import type { DriftTest } from '../../../src/wire/drift.ts'

type Value = number | string | null
type Measured = { value: number | string; threshold?: number; drifted?: boolean; refused?: string }
type Golden = {
  name: string
  kind: 'number' | 'category'
  rows: [number, number]
  whole: boolean
  reference: Value[]
  current: Value[]
  chosen: ({ test: DriftTest } & Measured) | null
  tests: Record<string, Measured>
}

const file = new URL('../../golden/drift/goldens.json', import.meta.url)
const goldens = JSON.parse(readFileSync(file, 'utf8')) as { cases: Golden[]; large: Golden[] }

describe('tests of drift', () => {
  for (const golden of goldens.cases) {
    it(`choose and value as Evidently does: ${golden.name}`, () => check(golden, pairOf(golden)))
  }

  it('value as Evidently does: more rows than p-values are counted out for', () => {
    const a = Array.from({ length: 12_007 }, (_, i) => (i * 7919) % 12_007)
    const b = Array.from({ length: 11_000 }, (_, i) => ((i * 7919) % 12_007) + (i % 3) * 90)
    const sides: Record<string, [number[], number[]]> = {
      'twelve thousand rows': [a, b],
      'twelve thousand rows, close': [a, a.slice(0, 9000).map((v) => v + (v % 40 === 0 ? 1 : 0))],
      'two hundred against twelve thousand': [a.slice(0, 200), b],
      'two thousand against twelve thousand': [a.slice(0, 2000).map((v) => v + 120), a],
    }
    for (const golden of goldens.large) {
      const [reference, current] = sides[golden.name]!
      check({ ...golden, kind: 'number' }, pairOf({ ...golden, kind: 'number', reference, current }))
    }
  })
})

function check({ name, kind, rows, chosen, tests }: Golden, pair: Paired): void {
  expect([pair.referenceRows, pair.currentRows]).toEqual(rows)
  if (chosen === null) return
  expect(chooseTest(kind, pair)).toBe(chosen.test)
  for (const [test, golden] of Object.entries({ ...tests, [chosen.test]: chosen })) {
    // What it refuses, or cannot compute, is not compared.
    if (golden.refused !== undefined || golden.value === 'nan') continue
    // Floats of 9e15 are whole numbers: numpy's edges of bins are rounded to them, and so uneven.
    if (name === 'big whole numbers' && test === 'hellinger') continue
    const { value, threshold, ...how } = TESTS[test as DriftTest]
    const ours = value(pair)
    near(ours, Number(golden.value), `${name}: ${test}`)
    if (golden.threshold === undefined) continue
    expect([test, threshold]).toEqual([test, golden.threshold])
    expect([test, isBeyond(how, ours!, threshold)]).toEqual([test, golden.drifted])
  }
}

/**
 * To 1e-9, of the value where it is greater than 1; a root takes a rounding of 1e-16 for 1e-8. Of great whole numbers numpy's
 * own mean and widths have fewer digits than ours.
 */
function near(ours: number | null, theirs: number, what: string): void {
  expect(ours, what).not.toBeNull()
  const rounded = (/hellinger|jensen/.test(what) && theirs < 1e-6) || /^big .*(hellinger|wasserstein)/.test(what)
  expect(Math.abs(ours! - theirs), `${what}: ${ours} is not ${theirs}`).toBeLessThanOrEqual(
    rounded ? 1e-7 : 1e-9 * Math.max(1, Math.abs(theirs)),
  )
}

/** As the product counts a column: nulls and what is not finite are left out. */
function pairOf({ kind, whole, reference, current }: Pick<Golden, 'kind' | 'whole' | 'reference' | 'current'>): Paired {
  if (kind === 'category') {
    const count = (values: Value[]) => {
      const counts = new Map<string, number>()
      for (const v of values) if (v !== null) counts.set(String(v), (counts.get(String(v)) ?? 0) + 1)
      return { values: [...counts.keys()], counts: Float64Array.from(counts.values()) }
    }
    return pairCategories(count(reference), count(current))
  }
  const count = (values: Value[]) => {
    const counts = new Map<number, number>()
    for (const v of values) if (typeof v === 'number') counts.set(v, (counts.get(v) ?? 0) + 1)
    const sorted = [...counts].sort(([x], [y]) => x - y)
    return { values: Float64Array.from(sorted, ([v]) => v), counts: Float64Array.from(sorted, ([, n]) => n) }
  }
  return pairNumbers(count(reference), count(current), whole)
}
