import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { compareColumn } from '../../../src/monitoring/drift/compare-column.ts'
import { type CountedColumn, countValues } from '../../../src/monitoring/drift/count-columns.ts'
import { thresholdsFromHistory } from '../../../src/monitoring/drift/history.ts'

const ONE = { columns: 1, strict: false }
const numbers = (values: readonly (number | null)[], name = 'x'): CountedColumn => {
  const there = values.filter((value) => value !== null)
  return countValues({ name, type: 'Float64' }, values.length, Float64Array.from(there))
}
const texts = (values: readonly (string | null)[], name = 'x'): CountedColumn =>
  countValues(
    { name, type: 'String' },
    values.length,
    values.filter((value) => value !== null),
  )
const normal = (rows: number, seed: number, mean = 0) => {
  const prng = createPrng(seed)
  return Array.from({ length: rows }, () => {
    return mean + Math.sqrt(-2 * Math.log(1 - prng.float())) * Math.cos(2 * Math.PI * prng.float())
  })
}

describe('a column of both sides', () => {
  it('has drifted when 95 % of it became nulls, whatever the test says of the rest', () => {
    const before = normal(4_000, 1)
    const after = before.map((value, i) => (i % 20 === 0 ? value : null))
    const drift = compareColumn(numbers(before), numbers(after), ONE)
    expect(drift).toMatchObject({ moved: false, drifted: true, nulls: { drifted: true, reference: 0, current: 0.95 } })
    expect(drift.says).toContain('nulls moved from 0 % to 95 %')
  })

  it('has not drifted by a trifle of nulls among many rows', () => {
    const before = normal(60_000, 2)
    const after = before.map((value, i) => (i % 200 === 0 ? null : value))
    expect(compareColumn(numbers(before), numbers(after), ONE).drifted).toBe(false)
  })

  it('has drifted when it has a category that the reference never had, though the test lets it pass', () => {
    const levels = Array.from({ length: 5_000 }, (_, i) => ['a', 'b', 'c'][i % 3]!)
    const after = levels.map((value, i) => (i % 250 === 0 ? 'new' : value))
    const drift = compareColumn(texts(levels), texts(after), ONE)
    expect(drift).toMatchObject({
      moved: false,
      drifted: true,
      unseen_drifted: true,
      unseen_rows: 20,
      unseen_values: 1,
    })
    expect(drift.unseen).toEqual([{ value: 'new', rows: 20 }])
  })

  it('says of a single new row beside rare categories that it may be by chance', () => {
    const levels = Array.from({ length: 3_000 }, (_, i) => (i === 7 ? 'rare' : 'usual'))
    const after = Array.from({ length: 3_000 }, (_, i) => (i === 9 ? 'rarer' : 'usual'))
    const drift = compareColumn(texts(levels), texts(after), ONE)
    expect(drift).toMatchObject({ drifted: false, unseen_rows: 1 })
    expect(drift.says).toContain('may be by chance')
  })

  it('breaks nothing where it is empty on one side or on both', () => {
    const empty = numbers(Array.from({ length: 50 }, () => null))
    const full = numbers(normal(50, 3))
    expect(compareColumn(empty, empty, ONE)).toMatchObject({ test: null, value: null, drifted: false })
    expect(compareColumn(full, empty, ONE)).toMatchObject({ test: null, drifted: true, nulls: { current: 1 } })
    expect(compareColumn(empty, full, ONE)).toMatchObject({ test: null, drifted: true, nulls: { reference: 1 } })
  })

  it('names no value of a text of more than 200 different ones', () => {
    const before = Array.from({ length: 3_000 }, (_, i) => `person-${i % 300}`)
    const after = before.map((value, i) => (i % 3 === 0 ? `other-${i % 5}` : value))
    const drift = compareColumn(texts(before), texts(after), ONE)
    expect(drift).toMatchObject({ unseen: [], histogram: null, unseen_values: 5, drifted: true })
    expect(JSON.stringify(drift)).not.toMatch(/person|other-/)
  })
})

describe('thresholds from history', () => {
  const COLUMNS = 14
  const [n, m] = [300, 250]
  // Every second column has two values only, which are compared by their shares.
  const month = (seed: number, shift = (_column: number) => 0) =>
    Array.from({ length: COLUMNS }, (_, c) => {
      const values = normal(n, seed * 100 + c, shift(c))
      return c % 2 === 0
        ? numbers(values, `c${c}`)
        : texts(
            values.map((v) => (v > 0.5 ? 'yes' : 'no')),
            `c${c}`,
          )
    })
  const resampled = (columns: readonly CountedColumn[], seed: number) => {
    const prng = createPrng(seed)
    return columns.map((column) => {
      const { values, counts } = column.numbers ?? column.categories!
      const ends: number[] = []
      counts.reduce((sum, count) => ends[ends.push(sum + count) - 1]!, 0)
      const drawn = Array.from({ length: m }, () => {
        const at = prng.float() * n
        let [low, high] = [0, ends.length - 1]
        while (low < high) {
          const middle = (low + high) >> 1
          if (ends[middle]! <= at) low = middle + 1
          else high = middle
        }
        return values[low]!
      })
      return column.numbers ? numbers(drawn as number[], column.name) : texts(drawn as string[], column.name)
    })
  }
  const testOf = (column: CountedColumn) => (column.numbers ? 'wasserstein' : 'jensen_shannon')
  const alarm = (reference: CountedColumn[], current: CountedColumn[], thresholds: number[]) =>
    reference.some((column, c) => {
      const wanted = { columns: COLUMNS, strict: true, test: testOf(column), threshold: () => thresholds[c]! } as const
      return compareColumn(column, current[c]!, wanted).drifted
    })
  const learned = (periods: CountedColumn[][]) =>
    thresholdsFromHistory(
      periods.at(-1)!.map((column, c) => {
        return { test: testOf(column), periods: periods.map((period) => period[c]!), rows: [n, m] as const }
      }),
    )

  it('raise no more than 5 % false alarms over 1,000 resamplings of one month of 14 columns', () => {
    const reference = month(1)
    const thresholds = learned([reference])
    let alarms = 0
    for (let seed = 1; seed <= 1_000; seed++) if (alarm(reference, resampled(reference, seed), thresholds)) alarms++
    expect(alarms / 1_000).toBeLessThanOrEqual(0.05)
    // And are not blind: a tenth of a deviation more than chance is seen.
    expect(
      alarm(
        reference,
        month(2, () => 0.4),
        thresholds,
      ),
    ).toBe(true)
  })

  it('know how whole periods differ, which no shuffle of rows tells', () => {
    const prng = createPrng(5)
    // The rows of one month move together.
    const moving = (seed: number) => {
      const shift = (prng.float() - 0.5) * 0.8
      return month(seed, () => shift)
    }
    const periods = Array.from({ length: 12 }, (_, i) => moving(i + 10))
    const [byRows, byPeriods] = [learned(periods.slice(-1)), learned(periods)]
    const later = Array.from({ length: 60 }, (_, i) => moving(i + 100))
    const share = (thresholds: number[]) =>
      later.filter((current) => alarm(periods.at(-1)!, current, thresholds)).length / later.length
    expect(share(byRows)).toBeGreaterThan(0.4)
    expect(share(byPeriods)).toBeLessThanOrEqual(0.05)
  })
})
