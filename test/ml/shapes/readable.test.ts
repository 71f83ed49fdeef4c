import { expect, it } from 'vitest'
import { ADDITIVE_DEFAULTS } from '../../../src/ml/learn/additive/params.ts'
import { SPLINE_DEFAULTS } from '../../../src/ml/learn/linear/params.ts'
import type { InputValue } from '../../../src/ml/model/encoder.ts'
import type { AdditiveModel } from '../../../src/ml/model/kinds.ts'
import { createModel, type Model, predictOne } from '../../../src/ml/model/model-file.ts'
import { type ReadableFeature, readableModel } from '../../../src/ml/model/readable.ts'
import { sigmoid } from '../../../src/ml/numbers/exp.ts'
import { withGrids } from '../additive/with-grids.ts'
import { randomBoostedRows } from '../boosting/small-boosted.ts'
import { smallModel } from '../small-model.ts'
import { smallShapes } from './small-shapes.ts'

/** What a person reads off the curve of a feature, and the bin it is in. */
function readOff(feature: ReadableFeature, value: InputValue, encoded: number): { sum: number; bin: number } {
  const missing = { sum: feature.missing[0]!, bin: -1 }
  if (feature.form === 'categories') {
    const bin = feature.categories.indexOf(String(value))
    return bin < 0 ? missing : { sum: feature.values[bin]![0]!, bin }
  }
  if (Number.isNaN(encoded)) return missing
  const { x, values } = feature
  if (feature.form === 'steps') {
    const bin = x.filter((cut) => cut < encoded).length
    return { sum: values[bin]![0]!, bin }
  }
  const above = x.findIndex((point) => point >= encoded)
  if (above === 0) return { sum: values[0]![0]!, bin: 0 }
  if (above < 0) return { sum: values.at(-1)![0]!, bin: 0 }
  const share = (encoded - x[above - 1]!) / (x[above]! - x[above - 1]!)
  return { sum: values[above - 1]![0]! * (1 - share) + values[above]![0]! * share, bin: 0 }
}

function expectReadable(model: Model): void {
  const readable = readableModel(model.learned, model.encoder.spec)!
  for (const row of randomBoostedRows(71, 60, true)) {
    const p = predictOne(model, row)[0]!
    const encoded = [...model.row]
    let sum = readable.base[0]!
    for (const [c, feature] of readable.features.entries()) sum += readOff(feature, row[c]!, encoded[c]!).sum
    for (const { features, x, values } of readable.pairs) {
      const places = features.map((name, side) => {
        const c = readable.features.findIndex(({ feature }) => feature === name)
        const own = x[side]!
        if ('categories' in own) {
          const place = own.categories.indexOf(String(row[c]))
          return place < 0 ? own.categories.length : place
        }
        return Number.isNaN(encoded[c]) ? own.cuts.length + 1 : own.cuts.filter((cut) => cut < encoded[c]!).length
      })
      sum += values[places[0]!]![places[1]!]!
    }
    expect(sigmoid(sum)).toBeCloseTo(p, 10)
  }
}

it('what is read off the curves and grids of a model sums to its answers', async () => {
  expectReadable((await smallShapes({ kind: 'spline_regression', ...SPLINE_DEFAULTS })).model)
  const small = { kind: 'additive_model', ...ADDITIVE_DEFAULTS, minSamplesLeaf: 20, rounds: 30 } as const
  const { model } = await smallShapes(small)
  const { additive } = withGrids((model.learned as AdditiveModel).additive)
  expectReadable(createModel({ ...model, encoder: model.encoder.spec, learned: { kind: 'additive_model', additive } }))
})

it('a model of trees is no sum of curves', async () => {
  const { learned, encoder } = await smallModel({ trees: 2 })
  expect(readableModel(learned, encoder.spec)).toBeNull()
})
