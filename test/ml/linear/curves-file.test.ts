import { describe, expect, it } from 'vitest'
import { LINEAR_DEFAULTS, SPLINE_DEFAULTS } from '../../../src/ml/learn/linear/params.ts'
import { type Curves, findCurvesFault } from '../../../src/ml/model/curves.ts'
import type { CurvesModel } from '../../../src/ml/model/kinds.ts'
import { decodeModel, encodeModel, predictOne } from '../../../src/ml/model/model-file.ts'
import { randomBoostedRows } from '../boosting/small-boosted.ts'
import { smallShapes } from '../shapes/small-shapes.ts'
import {
  answersTheSameEverywhere,
  hardRows,
  readsBack,
  survivesChangedBytes,
  worstDifference,
} from '../shapes/suite.ts'

const { model: lines } = await smallShapes({ kind: 'logistic_regression', ...LINEAR_DEFAULTS })
const { model: splines } = await smallShapes({ kind: 'spline_regression', ...SPLINE_DEFAULTS })
const both = { lines, splines }
const { curves } = splines.learned as CurvesModel

describe.each(Object.entries(both))('a model of %s', (_, model) => {
  it('reads back from its file as the same model', () => readsBack(model))
  it('answers the same for one row, for many, from columns, and from the file', () => answersTheSameEverywhere(model))
  it('is refused, or answers with probabilities, whatever byte of it is changed', () => survivesChangedBytes(model))
  it('gives the same in ONNX within 1e-6: nulls, unknown categories, extremes', async () => {
    expect(await worstDifference(model, hardRows())).toBeLessThan(1e-6)
  })
  it('takes a category that training did not have as null', () => {
    const rows = randomBoostedRows(98, 50)
    for (const at of [0, 1, 12]) {
      const answers = (value: string | null) => rows.map((row) => predictOne(model, row.with(at, value))[0])
      expect(answers('never seen')).toEqual(answers(null))
    }
  })
})

describe('curves', () => {
  it('crafted model: says which link, knot or sum does not fit', () => {
    const faultOf = (change: Partial<Curves>) => findCurvesFault({ ...curves, ...change }, splines.encoder.spec)
    expect(faultOf({})).toBeUndefined()
    expect(faultOf({ link: 'softmax' })).toContain('nothing to tell apart')
    expect(faultOf({ outputs: 2 })).toContain('do not go with the link')
    expect(faultOf({ starts: curves.starts.with(0, 1) })).toContain('not those of the columns')
    expect(faultOf({ starts: curves.starts.with(3, 0) })).toContain('out of order')
    expect(faultOf({ starts: curves.starts.with(1, curves.starts[1]! - 1) })).toContain('one knot for each category')
    const number = curves.starts[2]!
    expect(faultOf({ knots: curves.knots.with(number, Number.NaN) })).toContain('is NaN')
    expect(faultOf({ knots: curves.knots.with(number, Infinity) })).toContain('is Infinity')
    expect(faultOf({ knots: curves.knots.with(number + 1, curves.knots[number]!) })).toContain('not above')
    expect(faultOf({ knots: curves.knots.with(0, 0.5) })).toContain('number of its category')
    for (const name of ['base', 'values', 'missing'] as const) {
      expect(faultOf({ [name]: curves[name].with(0, Infinity) }), name).toBe('a sum is Infinity')
      expect(faultOf({ [name]: curves[name].with(0, Number.NaN) }), name).toBe('a sum is NaN')
    }
  })

  it('are refused when the description does not fit', () => {
    const written = (change: object) => () => decodeModel(encodeModel(changed(change)))
    expect(written({ reach: Number.NaN })).toThrow('reach is not a share')
    expect(written({ reach: 1e9 })).toThrow('reach is not a share')
    expect(written({ link: 'probit' })).toThrow("link 'probit' is unknown")
    expect(written({ outputs: 300 })).toThrow('more than 255')
  })

  it('goes on beyond the last knots as a line only where it is one', () => {
    const of = (model: typeof lines) => (model.learned as CurvesModel).curves.reach
    expect([of(lines), of(splines)]).toEqual([1e6, 0])
  })
})

function changed(change: object) {
  return { ...splines, learned: { ...splines.learned, curves: { ...curves, ...change } } } as typeof splines
}
