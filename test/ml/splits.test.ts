import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { heldOut } from '../../src/ml/learn/hold-out.ts'
import { type SplitInput, type SplitRule, splitTrainingSet } from '../../src/ml/learn/splits.ts'
import { binaryLabels } from '../../src/ml/learn/task.ts'

const RULE: SplitRule = { by: null, testShare: 0.25, seed: 42, stratify: true, holdOut: 0 }

/** Some thousand customers, each in most of the periods. */
function panel({ customers = 3_000, periods = 4, seed = 1 } = {}): SplitInput {
  const prng = createPrng(seed)
  const rows: [entity: number, moment: number, label: number][] = []
  for (let e = 0; e < customers; e++) {
    for (let m = 0; m < periods; m++) if (prng.float() < 0.9) rows.push([e, m, prng.float() < 0.2 ? 1 : 0])
  }
  return {
    target: { kind: 'binary', labels: Uint8Array.from(rows, (r) => r[2]) },
    entities: Uint32Array.from(rows, (r) => r[0]),
    entityKeys: Array.from({ length: customers }, (_, e) => `customer ${e}`),
    moments: Uint32Array.from(rows, (r) => r[1]),
    periods: Array.from({ length: periods }, (_, m) => `2024-0${m + 1}-01T00:00:00.000000Z`),
  }
}

const keysOf = (input: SplitInput, rows: Uint32Array) =>
  new Set(Array.from(rows, (r) => input.entityKeys[input.entities[r]!]!))
const common = (a: Set<string>, b: Set<string>) => [...a].filter((key) => b.has(key)).length

describe('every split', () => {
  for (const by of ['rows', 'entity', 'time'] as const) {
    it(`by ${by}: has each row once, in ascending order, and about the share that was asked for`, () => {
      const input = panel()
      const { train, test, holdOut } = splitTrainingSet(input, { ...RULE, by, holdOut: 0.1 })
      const all = [...train, ...test, ...holdOut]
      expect(all.slice().sort((a, b) => a - b)).toEqual(Array.from(labelsOf(input), (_, i) => i))
      for (const part of [train, test, holdOut]) expect(part).toEqual(part.slice().sort())
      expect(test.length / (train.length + test.length)).toBeCloseTo(0.25, 1)
      expect(holdOut.length / all.length).toBeCloseTo(0.1, 1)
    })
  }
})

it('of 100,000 rows has each row once, and no entity on both sides', () => {
  const input = panel({ customers: 28_000 })
  expect(labelsOf(input).length).toBeGreaterThan(65_536)
  const { train, test, holdOut } = splitTrainingSet(input, { ...RULE, holdOut: 0.1 })
  const seen = new Uint8Array(labelsOf(input).length)
  for (const part of [train, test, holdOut]) for (const row of part) seen[row]!++
  expect(seen.every((times) => times === 1)).toBe(true)
  expect(common(keysOf(input, train), keysOf(input, test))).toBe(0)
})

describe('a split by entity', () => {
  it('never has an entity on both sides, and is the default when there is more than one period', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const input = panel({ seed, customers: 200 })
      const { by, train, test } = splitTrainingSet(input, { ...RULE, seed })
      expect(by).toBe('entity')
      expect(common(keysOf(input, train), keysOf(input, test)), `seed ${seed}`).toBe(0)
    }
    expect(splitTrainingSet(panel({ periods: 1 }), RULE).by).toBe('rows')
  })

  it('has the same entities in the test part whatever the order of rows and entities', () => {
    const input = panel()
    const last = input.entityKeys.length - 1
    const turned: SplitInput = {
      ...input,
      target: { kind: 'binary', labels: labelsOf(input).slice().reverse() },
      entities: input.entities
        .slice()
        .reverse()
        .map((e) => last - e),
      entityKeys: [...input.entityKeys].reverse(),
      moments: input.moments.slice().reverse(),
    }
    const once = keysOf(input, splitTrainingSet(input, RULE).test)
    expect(keysOf(turned, splitTrainingSet(turned, RULE).test)).toEqual(once)
    expect(keysOf(input, splitTrainingSet(input, { ...RULE, seed: 7 }).test)).not.toEqual(once)
  })

  it('gives both parts the same share of entities that were ever positive', () => {
    const input = panel()
    const { train, test } = splitTrainingSet(input, RULE)
    const share = (rows: Uint32Array) => {
      const positive = new Set(Array.from(rows).flatMap((r) => (labelsOf(input)[r] === 1 ? [input.entities[r]!] : [])))
      return positive.size / keysOf(input, rows).size
    }
    expect(share(test)).toBeCloseTo(share(train), 2)
  })
})

describe('a split by time', () => {
  it('learns from periods before, and measures on those after', () => {
    const input = panel()
    const { train, test } = splitTrainingSet(input, { ...RULE, by: 'time' })
    const moments = (rows: Uint32Array) => [...new Set(Array.from(rows, (r) => input.moments[r]!))].sort()
    expect(moments(train)).toEqual([0, 1, 2])
    expect(moments(test)).toEqual([3])
    expect(moments(splitTrainingSet(input, { ...RULE, by: 'time', testShare: 0.4 }).test)).toEqual([2, 3])
    expect(moments(splitTrainingSet(input, { ...RULE, by: 'time', testShare: 0.99 }).train)).toEqual([0])
  })

  it('is refused with one period, with what to do', () => {
    expect(() => splitTrainingSet(panel({ periods: 1 }), { ...RULE, by: 'time' })).toThrow(
      /a split by time needs two periods, and all rows are of 2024-01-01.*--from/,
    )
  })
})

describe('the hold-out', () => {
  it('is the same entities in every training set: it depends on nothing but the key', () => {
    const input = panel()
    const held = keysOf(input, splitTrainingSet(input, { ...RULE, holdOut: 0.1 }).holdOut)
    for (const rule of [
      { ...RULE, by: 'time' as const, seed: 9 },
      { ...RULE, by: 'rows' as const, stratify: false },
    ]) {
      const other = panel({ seed: 5, periods: 3 })
      const again = keysOf(other, splitTrainingSet(other, { ...rule, holdOut: 0.1 }).holdOut)
      expect([...again].filter((key) => !held.has(key)).length).toBeLessThan(3)
      const { train, test } = splitTrainingSet(other, { ...rule, holdOut: 0.1 })
      expect(common(again, new Set([...keysOf(other, train), ...keysOf(other, test)]))).toBe(0)
    }
    // Frozen: another hash would let a new model see what an old one was compared on.
    expect(
      [
        ...heldOut(
          Array.from({ length: 30 }, (_, i) => `customer ${i}`),
          0.2,
        ),
      ].flatMap((h, i) => (h ? [i] : [])),
    ).toEqual(FROZEN)
  })

  it('of a larger share holds the smaller one', () => {
    const keys = Array.from({ length: 2_000 }, (_, i) => String(i))
    const [small, large] = [heldOut(keys, 0.1), heldOut(keys, 0.3)]
    expect(small.every((held, i) => held === 0 || large[i] === 1)).toBe(true)
    expect(heldOut(keys, 0).every((held) => held === 0)).toBe(true)
  })
})

it('of several classes each has its share of the entities that ever were of it, the rarest first; numbers are not parted', () => {
  const input = panel()
  const labels = Uint8Array.from(input.entities, (e, r) => (e % 10 === 0 && input.moments[r] === 0 ? 2 : e % 2))
  const several = { ...input, target: { kind: 'multiclass', classes: 3, labels } as const }
  const { test } = splitTrainingSet(several, RULE)
  const rare = (rows: Iterable<number>) =>
    new Set([...rows].flatMap((r) => (labels[r] === 2 ? [input.entities[r]!] : [])))
  const share = rare(test).size / rare(labels.keys()).size
  expect(share).toBeGreaterThan(RULE.testShare - 0.008)
  expect(share).toBeLessThan(RULE.testShare + 0.008)
  const numbers = { ...input, target: { kind: 'regression', values: Float64Array.from(labels) } as const }
  const plain = splitTrainingSet(numbers, RULE)
  expect(plain.test.length / labels.length).toBeCloseTo(RULE.testShare, 1)
  expect(plain).toEqual(splitTrainingSet(numbers, { ...RULE, stratify: false }))
})

it('a part without both labels is refused, and which part', () => {
  const input = panel({ customers: 400 })
  const labels = labelsOf(input).map((label, r) => (input.moments[r] === 3 ? 0 : label))
  expect(() => splitTrainingSet({ ...input, target: { kind: 'binary', labels } }, { ...RULE, by: 'time' })).toThrow(
    /of the rows that measure the model \(split by time\) all \d+ have the same label/,
  )
})

const FROZEN = [4, 8, 9, 19, 20]

function labelsOf({ target }: SplitInput): Uint8Array {
  return binaryLabels(target)
}
