import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { type Boosted, findBoostedFault } from '../../../src/ml/model/boosted.ts'
import { createEncoder, encodeColumns } from '../../../src/ml/model/encoder.ts'
import { predictAll } from '../../../src/ml/model/kinds.ts'
import { decodeModel, encodeModel, predictBatch, predictOne } from '../../../src/ml/model/model-file.ts'
import { ASKS_SET } from '../../../src/ml/model/questions.ts'
import { boostedColumns, randomBoostedRows, smallBoosted } from './small-boosted.ts'

const model = await smallBoosted()
const bytes = encodeModel(model)
const { boosted } = model.learned

describe('the file of boosted trees', () => {
  it('reads back as the same model, sets of categories and means included', () => {
    const back = decodeModel(bytes)
    expect(back).toEqual({ ...model, row: back.row })
    expect(Buffer.from(encodeModel(back)).equals(bytes)).toBe(true)
    expect(boosted.sets.length).toBeGreaterThan(0)
    expect(model.encoder.spec.columns.map(({ kind }) => kind)).toContain('target_mean')
  })

  it('is not read as layout 1, whose readers knew forests alone', () => {
    const older = bytes.slice()
    older[8] = 1
    expect(() => decodeModel(older)).toThrow("its kind 'gradient_boosting' is not one this Weir knows")
  })

  it('is refused when its checksum fits and its content does not', () => {
    const described = (change: (json: string) => string) => () => decodeModel(withDescription(change))
    expect(described((json) => json.replace('"gradient_boosting"', '"__proto__"        '))).toThrow(
      "'__proto__' is not one",
    )
    expect(described((json) => json.replace(/"base":-?\d/, (was) => `"base":${'n'.repeat(was.length - 7)}`))).toThrow(
      'not JSON',
    )
    expect(described((json) => json.replace('"nodes":', '"sedon":'))).toThrow('nodes is not a count')
    expect(described((json) => json.replace('"target_mean"', '"one_hot"    '))).toThrow('is not a text')
    expect(described((json) => json.replace('"city 10"', '"city 11"'))).toThrow(
      'category of city: city 11 is there twice',
    )
    const base = { ...boosted, base: [Number.POSITIVE_INFINITY] }
    expect(() => decodeModel(encodeModel({ ...model, learned: { kind: 'gradient_boosting', boosted: base } }))).toThrow(
      'base is not a finite number',
    )
  })

  it('crafted model: says which value, flag, set or column does not fit', () => {
    const faultOf = (change: Partial<Boosted>) => findBoostedFault({ ...boosted, ...change }, model.encoder.spec)
    const set = boosted.flags.findIndex((flag, i) => boosted.feature[i]! >= 0 && (flag & ASKS_SET) !== 0)
    const number = boosted.flags.findIndex((flag, i) => boosted.feature[i]! >= 0 && (flag & ASKS_SET) === 0)
    const leaf = boosted.feature.findIndex((column) => column < 0)
    expect(faultOf({})).toBeUndefined()
    expect(faultOf({ base: [Number.NaN] })).toBe('the base is NaN')
    expect(faultOf({ base: [] })).toBe('the base is ')
    expect(faultOf({ base: [0, 0] })).toBe('a link logit has 2 outputs')
    expect(faultOf({ link: 'softmax' })).toBe('a link softmax has 1 outputs')
    expect(faultOf({ link: 'softmax', base: [0, 0, 0] })).toBe('40 trees are no rounds of 3')
    expect(faultOf({ value: boosted.value.with(leaf, Infinity) })).toContain('has the value Infinity')
    expect(faultOf({ value: boosted.value.with(number, Number.NaN) })).toContain('has the value NaN')
    expect(faultOf({ value: boosted.value.with(number, Infinity) })).toBeUndefined()
    for (const wrong of [-1, 0.5, 1e9]) {
      expect(faultOf({ value: boosted.value.with(set, wrong) }), String(wrong)).toContain('asks for set')
    }
    expect(faultOf({ flags: boosted.flags.with(set, 4) })).toContain('flags that are not known')
    expect(faultOf({ flags: boosted.flags.with(set, 0) })).toContain('a question that does not fit it')
    expect(faultOf({ flags: boosted.flags.with(number, ASKS_SET) })).toContain('a question that does not fit it')
    expect(faultOf({ right: boosted.right.with(number, number) })).toContain('right child outside')
    expect(faultOf({ roots: boosted.roots.with(1, 0) })).toContain('empty or out of order')
  })

  it('is refused, or answers with probabilities, whatever byte of it is changed under a checksum that fits', () => {
    const prng = createPrng(20_261_127)
    const rows = randomBoostedRows(3, 5, true)
    let refused = 0
    for (let i = 0; i < 1_500; i++) {
      const changed = bytes.slice()
      const at = 8 + prng.int(bytes.length - 8)
      changed[at] = prng.int(256)
      try {
        const read = decodeModel(resealed(changed))
        for (const row of rows) {
          const p = predictOne(read, row)[0]!
          expect(p >= 0 && p <= 1, `seed 20261127, change ${i} at ${at}`).toBe(true)
        }
      } catch (error) {
        refused++
        expect(String(error), `seed 20261127, change ${i} at ${at}`).toMatch(
          /not a usable model file|the model takes|must be/,
        )
      }
    }
    expect(refused).toBeGreaterThan(100)
  })
})

describe('a prediction of boosted trees', () => {
  it('is the same for one row, for many, from columns, and from the file', () => {
    const rows = randomBoostedRows(99, 200, true)
    const one = rows.map((row) => predictOne(model, row)[0])
    expect([...predictBatch(model, rows)]).toEqual(one)
    const matrix = encodeColumns(createEncoder(model.encoder.spec), boostedColumns(rows), rows.length)
    expect([...predictAll(model.learned, matrix)]).toEqual(one)
    const back = decodeModel(bytes)
    expect(rows.map((row) => predictOne(back, row)[0])).toEqual(one)
  })

  it('takes a category that training did not have as null, few or many of them', () => {
    const rows = randomBoostedRows(98, 50)
    const answers = (at: number, value: string | null) => rows.map((row) => predictOne(model, row.with(at, value))[0])
    for (const at of [0, 1, 12]) {
      expect(answers(at, 'never seen')).toEqual(answers(at, null))
    }
    expect(answers(12, null)).not.toEqual(answers(12, 'city 3'))
    expect(answers(0, null)).not.toEqual(answers(0, 'DSL'))
  })
})

function withDescription(change: (json: string) => string): Uint8Array {
  const copy = bytes.slice()
  const end = 48 + new DataView(copy.buffer).getUint32(12, true)
  const json = Buffer.from(copy.subarray(48, end)).toString()
  const changed = change(json)
  if (changed === json) throw new Error('the change changes nothing')
  copy.set(Buffer.from(changed.padEnd(json.length).slice(0, json.length)), 48)
  return resealed(copy)
}

function resealed(copy: Uint8Array): Uint8Array {
  copy.set(createHash('sha256').update(copy.subarray(48)).digest(), 16)
  return copy
}
