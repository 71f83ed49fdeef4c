import { describe, expect, it } from 'vitest'
import { ADDITIVE_DEFAULTS } from '../../../src/ml/learn/additive/params.ts'
import { type Additive, findAdditiveFault, firstBin } from '../../../src/ml/model/additive.ts'
import { type AdditiveModel, kindOf } from '../../../src/ml/model/kinds.ts'
import { createModel, decodeModel, encodeModel, predictOne } from '../../../src/ml/model/model-file.ts'
import { sigmoid } from '../../../src/ml/numbers/exp.ts'
import { randomBoostedRows } from '../boosting/small-boosted.ts'
import { smallShapes } from '../shapes/small-shapes.ts'
import {
  answersTheSameEverywhere,
  hardRows,
  readsBack,
  survivesChangedBytes,
  worstDifference,
} from '../shapes/suite.ts'
import { withGrids } from './with-grids.ts'

const SMALL = { kind: 'additive_model', ...ADDITIVE_DEFAULTS, minSamplesLeaf: 20, rounds: 60 } as const
const { model: plain } = await smallShapes(SMALL)
/** With grids of made-up scores: a text and a number, and two numbers. */
const { additive } = withGrids((plain.learned as AdditiveModel).additive)
const { spec } = plain.encoder
const model = createModel({ ...plain, encoder: spec, learned: { kind: 'additive_model', additive } })

describe('an additive model', () => {
  it('reads back from its file as the same model', () => readsBack(model))
  it('answers the same for one row, for many, from columns, and from the file', () => answersTheSameEverywhere(model))
  it('is refused, or answers with probabilities, whatever byte of it is changed', () => survivesChangedBytes(model))
  it('gives the same in ONNX within 1e-6: nulls, unknown categories, extremes, grids', async () => {
    expect(await worstDifference(model, hardRows())).toBeLessThan(1e-6)
    expect(await worstDifference(plain, hardRows())).toBeLessThan(1e-6)
  })
  it('takes a category that training did not have as null', () => {
    const rows = randomBoostedRows(98, 50)
    for (const at of [0, 1, 12]) {
      const answers = (value: string | null) => rows.map((row) => predictOne(model, row.with(at, value))[0])
      expect(answers('never seen')).toEqual(answers(null))
    }
  })

  it('is explained by numbers that sum to its margin, a grid half by each side', () => {
    const explainer = kindOf(model.learned).explain(model.learned)
    for (const row of randomBoostedRows(55, 100, true)) {
      const p = predictOne(model, row)[0]!
      const out = new Float64Array(model.encoder.columns)
      explainer.contributions(model.row, out)
      const margin = out.reduce((sum, x) => sum + x, explainer.base[0]!)
      expect(sigmoid(margin)).toBeCloseTo(p, 12)
    }
  })

  it('crafted model: says which link, cut, bin, grid or score does not fit', () => {
    const faultOf = (change: Partial<Additive>) => findAdditiveFault({ ...additive, ...change }, spec)
    expect(faultOf({})).toBeUndefined()
    expect(faultOf({ link: 'softmax' })).toContain('do not go with the link')
    expect(faultOf({ starts: additive.starts.with(0, 1) })).toContain('not those of the columns')
    expect(faultOf({ starts: additive.starts.with(3, 0) })).toContain('out of order')
    expect(faultOf({ cuts: additive.cuts.with(4, Number.NaN) })).toContain('is no number')
    const number = additive.starts[6]!
    expect(faultOf({ cuts: additive.cuts.with(number + 1, additive.cuts[number]!) })).toContain('not above')
    expect(faultOf({ starts: additive.starts.with(1, additive.starts[1]! - 1) })).toContain('one bin for each category')
    const bin = firstBin(additive, 6)
    expect(faultOf({ wide: additive.wide.with(bin, 1) })).toContain('wider bins of column 6 do not fit')
    expect(faultOf({ wide: additive.wide.with(bin + 2, 9) })).toContain('wider bins of column 6 are out of order')
    expect(faultOf({ pairs: additive.pairs.with(0, additive.pairs[1]!) })).toContain('grid 0 is of columns')
    expect(faultOf({ pairs: additive.pairs.with(1, 99) })).toContain('grid 0 is of columns')
    expect(faultOf({ grids: additive.grids.slice(1) })).toContain('scores instead of')
    for (const name of ['base', 'scores', 'grids'] as const) {
      expect(faultOf({ [name]: additive[name].with(0, Infinity) }), name).toBe('a score is Infinity')
    }
  })

  it('is refused when the description does not fit', () => {
    const written = (change: object) => {
      const other = {
        ...model,
        learned: { kind: 'additive_model', additive: { ...additive, ...change } },
      } as typeof model
      return () => decodeModel(encodeModel(other))
    }
    expect(written({ link: 'probit' })).toThrow("link 'probit' is unknown")
    expect(written({ outputs: 300 })).toThrow('more than 255')
    expect(written({ pairs: additive.pairs.slice(0, 2) })).toThrow('scores instead of')
  })
})
