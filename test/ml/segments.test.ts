import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { clusteredAuc, clusteredMean } from '../../src/ml/measure/clustered.ts'
import { divide } from '../../src/ml/measure/divisions.ts'
import { pairedDifferences } from '../../src/ml/measure/paired.ts'
import { rankScores } from '../../src/ml/measure/ranked.ts'
import { rankedAuc, rocAuc } from '../../src/ml/measure/roc.ts'
import { segmentTable } from '../../src/ml/measure/segments.ts'

/** Rows whose score is right, but for those where `off` says by how much it is not. */
function rowsOf(seed: number, rows: number, off: (row: number) => number = () => 0) {
  const prng = createPrng(seed)
  const truth = Float64Array.from({ length: rows }, () => 0.05 + 0.8 * prng.float())
  const labels = Float64Array.from(truth, (p) => (prng.float() < p ? 1 : 0))
  const said = truth.map((p, r) => Math.min(1, Math.max(0, p + off(r))))
  const entities = Uint32Array.from({ length: rows }, (_, r) => r)
  return { labels, said, losses: labels.map((y, r) => (y - said[r]!) ** 2), entities, binary: true }
}

const everyThird = {
  feature: 'plan',
  values: ['a', 'b', 'c'],
  places: Uint32Array.from({ length: 3_000 }, (_, r) => r % 3),
}

describe('errors by entity', () => {
  it('are those of as many rows as there are entities, where the rows of one are equal', () => {
    const once = rowsOf(1, 400)
    const all = Uint32Array.from({ length: 400 }, (_, r) => r)
    const thrice = <T extends Float64Array | Uint32Array>(of: T) => {
      const C = of.constructor as Float64ArrayConstructor
      return C.from([...of, ...of, ...of]) as unknown as T
    }
    const places = Uint32Array.from({ length: 1_200 }, (_, r) => r)
    const one = clusteredMean(once.said, all, once.entities)
    const three = clusteredMean(thrice(once.said), places, thrice(once.entities))
    expect(three.value).toBeCloseTo(one.value, 12)
    expect(three.error).toBeCloseTo(one.error, 12)
    const [a, b] = [
      clusteredAuc(Uint8Array.from(once.labels), once.said, all, once.entities),
      clusteredAuc(Uint8Array.from(thrice(once.labels)), thrice(once.said), places, thrice(once.entities)),
    ]
    expect(b.value).toBeCloseTo(a.value, 12)
    expect(b.error).toBeCloseTo(a.error, 12)
  })

  it('of the area are the spread that other rows of the same kind have', () => {
    const found = Array.from({ length: 200 }, (_, seed) => {
      const { labels, said, entities } = rowsOf(seed + 1, 150)
      return clusteredAuc(Uint8Array.from(labels), said, entities, entities)
    })
    const mean = found.reduce((sum, { value }) => sum + value, 0) / found.length
    const spread = Math.sqrt(found.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / (found.length - 1))
    const said = found.reduce((sum, { error }) => sum + error, 0) / found.length
    expect(said / spread).toBeGreaterThan(0.85)
    expect(said / spread).toBeLessThan(1.15)
  })

  it('has the area that is measured elsewhere', () => {
    const { labels, said, entities } = rowsOf(5, 300)
    const coarse = said.map((p) => Math.round(p * 8) / 8)
    const own = Uint8Array.from(labels)
    expect(clusteredAuc(own, coarse, entities, entities).value).toBeCloseTo(rocAuc(own, coarse), 12)
  })
})

describe('the table of segments', () => {
  it('finds the value whose rows are told too much, and no other', () => {
    const table = segmentTable(
      rowsOf(2, 3_000, (r) => (r % 3 === 1 ? 0.12 : 0)),
      [everyThird],
    )
    expect(table.map(({ value, findings }) => [value, findings])).toEqual([
      ['a', []],
      ['b', ['says too much']],
      ['c', []],
    ])
  })

  it('finds the value whose rows are ranked worse', () => {
    const prng = createPrng(9)
    const table = segmentTable(
      rowsOf(2, 3_000, (r) => (r % 3 === 2 ? (prng.float() - 0.5) * 1.4 : 0)),
      [everyThird],
    )
    expect(table.find(({ value }) => value === 'c')?.findings).toContain('ranks worse')
  })

  it('seldom finds anything where there is nothing', () => {
    let found = 0
    for (let seed = 1; seed <= 60; seed++) {
      const table = segmentTable(rowsOf(seed, 3_000), [everyThird])
      if (table.some(({ findings }) => findings.length > 0)) found++
    }
    // 5 in 100 by its own word: 3 of 60; 11 or more would have a chance of 1 in 10,000.
    expect(found).toBeLessThan(11)
  })

  it('counts every row once for each feature, and leaves out values of fewer than 30', () => {
    const rows = rowsOf(4, 100)
    const places = Uint32Array.from({ length: 100 }, (_, r) => (r < 29 ? 0 : 1))
    const table = segmentTable(rows, [{ feature: 'plan', values: ['few', 'many'], places }])
    expect(table.map(({ value, rows: n }) => [value, n])).toEqual([['many', 71]])
  })
})

describe('a division', () => {
  const rows = Uint32Array.of(0, 1, 2, 3)
  it('of a text or a boolean has each value, and null as one of its own', () => {
    const text = {
      name: 'plan',
      type: 'String' as const,
      values: ['b', 'a', 'b', ''],
      valid: Uint8Array.of(1, 1, 1, 0),
    }
    expect(divide(text, rows)).toEqual({
      feature: 'plan',
      values: ['(null)', 'a', 'b'],
      places: Uint32Array.of(2, 1, 2, 0),
    })
    const yes = {
      name: 'paid',
      type: 'Bool' as const,
      values: Float64Array.of(1, 0, 1, 1),
      valid: Uint8Array.of(1, 1, 1, 1),
    }
    expect(divide(yes, rows)?.values).toEqual(['false', 'true'])
  })

  it('of a number has quarters of the rows, and never parts equal numbers', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => Math.floor(i / 30))
    const number = { name: 'age', type: 'Float64' as const, values, valid: new Uint8Array(100).fill(1) }
    const places = divide(
      number,
      Uint32Array.from(values, (_, i) => i),
    )!.places
    for (let i = 1; i < 100; i++) if (values[i] === values[i - 1]) expect(places[i]).toBe(places[i - 1])
    const many = Float64Array.from({ length: 100 }, (_, i) => i)
    const parts = divide(
      { ...number, values: many },
      Uint32Array.from(many, (_, i) => i),
    )!
    expect(parts.values).toEqual(['0 to 24.75', 'above 24.75 to 49.5', 'above 49.5 to 74.25', 'above 74.25 to 99'])
  })

  it('is none for one value, or for a text of more than 20', () => {
    const valid = new Uint8Array(21).fill(1)
    const all = Uint32Array.from(valid, (_, i) => i)
    const text = (of: (i: number) => string) => ({
      name: 'x',
      type: 'String' as const,
      values: Array.from(valid, (_, i) => of(i)),
      valid,
    })
    expect(
      divide(
        text(() => 'same'),
        all,
      ),
    ).toBeUndefined()
    expect(divide(text(String), all)).toBeUndefined()
    expect(
      divide(
        text((i) => String(i % 20)),
        all,
      )?.values,
    ).toHaveLength(20)
  })
})

describe('a paired comparison', () => {
  it('knows a difference far better than the two measures apart', () => {
    const { labels, said, entities } = rowsOf(3, 2_000)
    const own = Uint8Array.from(labels)
    const prng = createPrng(8)
    const worse = said.map((p) => p + 0.1 * (prng.float() - 0.5))
    const aucOf = (scores: Float64Array) => {
      const ranked = rankScores(scores)
      return (counts: Uint32Array) => [rankedAuc(ranked, own, counts)]
    }
    const { auc } = pairedDifferences({ rows: 2_000, entities, seed: 1 }, ['auc'], aucOf(worse), aucOf(said))
    expect(auc.difference).toBeCloseTo(auc.candidate - auc.champion, 12)
    const alone = 2 * 1.96 * clusteredAuc(own, said, entities, entities).error
    expect(auc.interval!.high - auc.interval!.low).toBeLessThan(alone / 3)
    const same = pairedDifferences({ rows: 2_000, entities, seed: 1 }, ['auc'], aucOf(said), aucOf(said)).auc
    expect(same).toMatchObject({ difference: 0, interval: { low: 0, high: 0 } })
  })
})
