import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { explain } from '../../../src/ml/explain/explain.ts'
import { globalShap, SHAP_ROWS_MAX, sampleOf } from '../../../src/ml/explain/global-shap.ts'
import { FEATURES_MAX, type Judge, permutationImportance, REPEATS } from '../../../src/ml/explain/permutation.ts'
import { fitLearner, type Learner } from '../../../src/ml/learn/learners.ts'
import { rocAuc } from '../../../src/ml/measure/roc.ts'
import { encodeColumns, type InputColumn } from '../../../src/ml/model/encoder.ts'
import { predictAll } from '../../../src/ml/model/kinds.ts'
import { createModel, predictOne } from '../../../src/ml/model/model-file.ts'
import { yesOrNo } from '../../../src/ml/model/outcome.ts'
import { binaryTask } from '../binary-task.ts'
import { boostedColumns, randomBoostedRows, SMALL, smallBoosted } from '../boosting/small-boosted.ts'
import { inputColumns, randomRows, smallModel } from '../small-model.ts'

describe('an explanation by input', () => {
  it('sums to what the model predicts, of a forest and of boosted trees with sets, means, nulls and new categories', async () => {
    const forest = await smallModel()
    for (const row of [...randomRows(5, 100, true), ['new', ...randomRows(6, 1)[0]!.slice(1)]]) {
      const [said] = explain(forest, row)
      expect(said!.unit).toBe('probability')
      const sum = said!.contributions.reduce((all, added) => all + added, said!.base)
      expect(Math.abs(sum - predictOne(forest, row)[0]!)).toBeLessThan(1e-9)
    }
    const boosted = await smallBoosted()
    for (const row of randomBoostedRows(5, 100, true)) {
      const [said] = explain(boosted, row)
      expect(said!.contributions).toHaveLength(13)
      const margin = said!.contributions.reduce((all, added) => all + added, said!.base)
      expect(1 / (1 + Math.exp(-margin))).toBeCloseTo(predictOne(boosted, row)[0]!, 12)
    }
  })
})

describe('global explanations', () => {
  it('are means over a seeded sample whose size is said, and points of the same rows', async () => {
    const model = await smallBoosted()
    const rows = randomBoostedRows(8, 2_500, true)
    const inputs = boostedColumns(rows)
    const matrix = encodeColumns(model.encoder, inputs, rows.length)
    const { summary, dependence } = globalShap({ model, matrix, inputs, seed: 4 })
    expect(summary).toMatchObject({ rows: SHAP_ROWS_MAX, measuringRows: 2_500, seed: 4, unit: 'log_odds' })
    const sample = [...sampleOf(2_500, SHAP_ROWS_MAX, 4)]
    expect(new Set(sample).size).toBe(SHAP_ROWS_MAX)
    expect([...sampleOf(2_500, SHAP_ROWS_MAX, 5)]).not.toEqual(sample)
    const said = sample.map((r) => explain(model, rows[r]!)[0]!)
    const [output] = summary.outputs
    expect(output).toMatchObject({ of: 1, base: said[0]!.base })
    for (const [i, { name }] of inputs.entries()) {
      const found = output!.features.find(({ feature }) => feature === name)!
      const mean = said.reduce((sum, { contributions }) => sum + Math.abs(contributions[i]!), 0) / said.length
      expect(found.meanAbsolute).toBeCloseTo(mean, 10)
      const { points } = dependence.outputs[0]!.features[i]!
      expect(points).toHaveLength(SHAP_ROWS_MAX)
      expect(points[7]).toEqual([rows[sample[7]!]![i]!, said[7]!.contributions[i]])
    }
    const means = output!.features.map(({ meanAbsolute }) => meanAbsolute)
    expect(means).toEqual([...means].sort((a, b) => b - a))
    expect(globalShap({ model, matrix, inputs, seed: 4 })).toEqual({ summary, dependence })
    expect(globalShap({ model, matrix, inputs, seed: 5 }).summary).not.toEqual(summary)
    expect(JSON.parse(JSON.stringify(dependence))).toEqual(dependence)
  })

  it('explain all rows where there are few', async () => {
    const model = await smallModel()
    const rows = randomRows(8, 30)
    const inputs = inputColumns(rows)
    const matrix = encodeColumns(model.encoder, inputs, rows.length)
    expect(globalShap({ model, matrix, inputs, seed: 4 }).summary).toMatchObject({ rows: 30, measuringRows: 30 })
  })
})

describe('permutation importance', () => {
  it('is the drop of the metric, great for what decides, none for noise and for what is not asked', async () => {
    const { model, matrix, inputs, labels } = await fitted(4)
    const before = matrix.values.slice()
    const found = permutationImportance({ model, matrix, inputs, seed: 1 }, judge(labels), [0.1, 0.6, 0.2, 0.1])
    expect(found).toMatchObject({ metric: 'auc', measuringRows: 3_000, repeats: REPEATS, seed: 1 })
    expect(found.value).toBeCloseTo(rocAuc(labels, predictAll(model.learned, matrix)), 12)
    const of = (feature: string) => found.features.find((each) => each.feature === feature)!
    expect(found.features[0]!.feature).toBe('x1')
    expect(of('x1').worse!).toBeGreaterThan(0.15)
    expect(of('x1').deviation!).toBeGreaterThan(0)
    expect(of('x1').gain).toBe(0.6)
    expect(Math.abs(of('x0').worse!)).toBeLessThan(0.02)
    expect(matrix.values).toEqual(before)
    expect(permutationImportance({ model, matrix, inputs, seed: 1 }, judge(labels), [0.1, 0.6, 0.2, 0.1])).toEqual(
      found,
    )
  })

  it('tries the features that helped the fit most where there are many, and says which it did not', async () => {
    const { model, matrix, inputs, labels } = await fitted(FEATURES_MAX + 4, 400)
    const gain = inputs.map((_, i) => (i === 1 ? 0.5 : i))
    const { features } = permutationImportance({ model, matrix, inputs, seed: 1 }, judge(labels), gain)
    const untried = features.filter(({ worse }) => worse === null).map(({ feature }) => feature)
    expect(untried.sort()).toEqual(['x0', 'x1', 'x2', 'x3'])
    expect(features).toHaveLength(FEATURES_MAX + 4)
  })
})

function judge(labels: Uint8Array): Judge {
  return {
    metric: 'auc',
    better: 'more',
    of: (outputs, rows) =>
      rocAuc(
        Uint8Array.from(rows, (r) => labels[r]!),
        outputs,
      ),
  }
}

/** A model of numbers of which the second alone decides. */
async function fitted(columns: number, count = 3_000) {
  const prng = createPrng(columns)
  const valid = new Uint8Array(count).fill(1)
  const inputs: InputColumn[] = Array.from({ length: columns }, (_, c) => {
    return { name: `x${c}`, type: 'Float64', valid, values: Float64Array.from(valid, () => prng.normal()) }
  })
  const labels = Uint8Array.from(valid, (_, r) => (Number(inputs[1]!.values[r]) + prng.normal() > 0 ? 1 : 0))
  const train = Uint32Array.from(valid, (_, r) => r)
  const learner: Learner = { ...SMALL, rounds: 10 }
  const task = binaryTask({ rows: count, inputs, labels, train })
  const { encoder, matrix, learned } = await fitLearner(task, learner, { threads: 0 })
  return { model: createModel({ label: 'y', outcome: yesOrNo(0.5), encoder, learned }), matrix, inputs, labels }
}
