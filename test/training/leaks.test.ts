import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { aloneTells } from '../../src/ml/measure/alone.ts'
import type { InputColumn } from '../../src/ml/model/encoder.ts'
import type { Frame } from '../../src/training/frame.ts'
import { measuredRows } from '../../src/training/measured.ts'
import { otherRows } from '../../src/training/report/changes.ts'
import { hindsightOf } from '../../src/training/report/hindsight.ts'
import { leaksOf } from '../../src/training/report/leaks.ts'

const ROWS = 2_000
const prng = createPrng(11)
const labels = Uint8Array.from({ length: ROWS }, () => (prng.float() < 0.3 ? 1 : 0))
const noise = Float64Array.from({ length: ROWS }, () => prng.float())

function number(name: string, value: (r: number) => number | null): InputColumn {
  const values = Float64Array.from(labels, (_, r) => value(r) ?? Number.NaN)
  return { name, type: 'Float64', values, valid: Uint8Array.from(values, (v) => (Number.isNaN(v) ? 0 : 1)) }
}

function frameOf(inputs: InputColumn[], entityOf: (r: number) => number = (r) => r): Frame {
  const entities = Uint32Array.from(labels, (_, r) => entityOf(r))
  return {
    rows: ROWS,
    inputs,
    target: { kind: 'binary', labels },
    classes: [0, 1],
    weights: null,
    entities,
    entityKeys: Array.from({ length: ROWS }, (_, e) => `e${e}`),
    moments: new Uint32Array(ROWS),
    periods: ['2024-01-31'],
  }
}

describe('what a feature tells alone', () => {
  const { target, entities } = frameOf([])
  const alone = (input: InputColumn) => aloneTells(input, target, entities)

  it('is all for the label itself, however it is written, and nothing for chance', () => {
    expect(alone(number('copy', (r) => labels[r]! * 3 - 1))).toBeGreaterThan(0.99)
    expect(alone(number('turned', (r) => noise[r]! - labels[r]! * 2))).toBeGreaterThan(0.99)
    expect(alone(number('null where gone', (r) => (labels[r] === 1 ? null : noise[r]!)))).toBeGreaterThan(0.99)
    const text = {
      name: 'state',
      type: 'String' as const,
      values: Array.from(labels, (l, r) => `${l ? 'left' : 'here'} ${r % 3}`),
      valid: new Uint8Array(ROWS).fill(1),
    }
    expect(alone(text)).toBeGreaterThan(0.99)
    expect(alone(number('chance', (r) => noise[r]!))).toBeLessThan(0.55)
  })

  it('is not fooled by a text that is another in each row: nobody else has its value', () => {
    const id = {
      name: 'id',
      type: 'String' as const,
      values: Array.from(labels, (_, r) => `id ${r}`),
      valid: new Uint8Array(ROWS).fill(1),
    }
    expect(alone(id)).toBeLessThan(0.55)
  })

  it('is not fooled by rows of one entity that stand on both sides', () => {
    const twice = Uint32Array.from(labels, (_, r) => r >> 1)
    const paired = { kind: 'binary' as const, labels: labels.map((_, r) => labels[r & ~1]!) }
    const id = {
      name: 'id',
      type: 'String' as const,
      values: Array.from(labels, (_, r) => `id ${r >> 1}`),
      valid: new Uint8Array(ROWS).fill(1),
    }
    expect(aloneTells(id, paired, twice)).toBeLessThan(0.55)
  })

  it('is R² of a number, and the class that is told best of several', () => {
    const values = noise.map((x) => 5 * x)
    expect(
      aloneTells(
        number('x', (r) => noise[r]!),
        { kind: 'regression', values },
        entities,
      ),
    ).toBeGreaterThan(0.98)
    const classes = {
      kind: 'multiclass' as const,
      classes: 3,
      labels: Uint8Array.from(noise, (x, r) => (x > 0.8 ? 2 : r % 2)),
    }
    expect(
      aloneTells(
        number('x', (r) => noise[r]!),
        classes,
        entities,
      ),
    ).toBeGreaterThan(0.99)
  })
})

describe('the leak hunt', () => {
  it('finds what tells the label alone, and says nothing of what does not', () => {
    const leaks = leaksOf(frameOf([number('fine', (r) => noise[r]!), number('left_on', (r) => labels[r]!)]), null)
    expect(leaks.map(({ feature, findings }) => [feature, findings])).toEqual([
      ['left_on', ['tells the label alone']],
      ['fine', []],
    ])
  })

  it('finds what was changed after T where the label is, and tells it from corrections by chance', () => {
    const before = number('status', (r) => noise[r]!)
    const asLabel = number('status', (r) => noise[r]! + (labels[r] === 1 && noise[r]! < 0.2 ? 1 : 0))
    const byChance = number('status', (r) => noise[r]! + (r % 10 === 0 ? 1 : 0))
    const served = frameOf([before])
    const [leak] = leaksOf(frameOf([asLabel]), served)
    expect(leak!.findings).toEqual(['changed after T as the label did', 'depends on K'])
    expect(leak!.changeTells).toBeGreaterThan(0.5)
    const [fine] = leaksOf(frameOf([byChance]), served)
    expect(fine).toMatchObject({ findings: ['depends on K'], changed: 0.1, changeTells: null })
    expect(leaksOf(frameOf([before]), served)[0]!.findings).toEqual([])
  })
})

describe('hindsight', () => {
  const all = Uint32Array.from(labels.keys())
  const outputs = Float64Array.from(labels, (l, r) => 0.3 + 0.4 * l + 0.2 * noise[r]!)
  const worse = Float64Array.from(noise)
  const restated = frameOf([number('x', (r) => noise[r]!), number('y', (r) => r)])
  const measured = measuredRows(restated, all, outputs)

  it('fits nothing where nothing changed', async () => {
    const never = () => Promise.reject(new Error('asked'))
    const live = () => new Float64Array(ROWS)
    const found = await hindsightOf({ restated, served: restated, measured, outputs, live, asServed: never })
    expect(found).toEqual({ changedRows: 0, rows: ROWS, features: [], measures: null, live: null })
  })

  it('counts the rows that changed, by feature, and compares on the same rows', async () => {
    const served = frameOf([number('x', (r) => (r < 5 ? null : noise[r]!)), number('y', (r) => (r % 2 === 0 ? r : -1))])
    const found = await hindsightOf({
      restated,
      served,
      measured,
      outputs,
      live: () => worse,
      asServed: async () => worse,
    })
    expect(found).toMatchObject({
      changedRows: 1_003,
      features: [
        { feature: 'y', rows: 1_000 },
        { feature: 'x', rows: 5 },
      ],
    })
    const { auc } = found.measures!
    expect(auc!.candidate).toBe(1)
    expect(auc!.difference).toBeCloseTo(1 - auc!.champion, 12)
    expect(auc!.interval!.low).toBeGreaterThan(0.4)
    expect(found.live!.auc).toBe(auc!.champion)
  })

  it('is said of the same rows alone', () => {
    expect(otherRows(restated, restated)).toBeUndefined()
    expect(otherRows(restated, { ...restated, rows: 3 })).toMatch(/2000 and 3 rows/)
    expect(otherRows(restated, { ...restated, periods: ['2024-02-29'] })).toBe('row 1 is of another entity or moment')
  })
})
