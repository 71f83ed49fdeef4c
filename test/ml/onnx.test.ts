import { InferenceSession } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { decodeModel, encodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../src/ml/model/onnx.ts'
import { feeds } from './onnx-feeds.ts'
import { randomRows, smallModel } from './small-model.ts'

describe('the ONNX form of a model', () => {
  it('gives our probabilities and labels, nulls and unknown categories included', async () => {
    const model = await smallModel()
    const session = await InferenceSession.create(encodeOnnx(model))
    const rows = randomRows(77, 500)
    for (const row of rows.slice(0, 20)) row[0] = 'Satellite'
    const { label, probability } = await session.run(feeds(model, rows))
    const ours = rows.map((row) => predictOne(model, row))
    const worst = Math.max(...ours.map((p, i) => Math.abs(p - (probability!.data as Float32Array)[i]!)))
    expect(worst).toBeLessThan(1e-6)
    expect(Array.from(label!.data as BigInt64Array, Number)).toEqual(ours.map((p) => (p >= 0.5 ? 1 : 0)))
    expect([label!.dims, probability!.dims]).toEqual([[500], [500]])
  })

  it('has the inputs of the encoder by their names, in their order', async () => {
    const model = await smallModel()
    const session = await InferenceSession.create(encodeOnnx(model))
    expect(session.inputNames).toEqual(model.encoder.spec.inputs.map((input) => input.name))
    expect(session.outputNames).toEqual(['label', 'probability'])
  })

  it('has the same bytes again, and from the model file', async () => {
    const model = await smallModel()
    const bytes = Buffer.from(encodeOnnx(model))
    expect(bytes.equals(encodeOnnx(await smallModel()))).toBe(true)
    expect(bytes.equals(encodeOnnx(decodeModel(encodeModel(model))))).toBe(true)
  })

  it('compares in double: thresholds between values that one float32 cannot tell apart', async () => {
    const model = await smallModel({ trees: 1, seed: 3 })
    const split = [...model.forest.feature].findIndex(
      (f) => f >= 0 && model.encoder.fields.find((x) => x.at === f)?.type === 'Float64',
    )
    expect(Math.fround(model.forest.value[split]!)).not.toBe(model.forest.value[split])
    const session = await InferenceSession.create(encodeOnnx(model))
    const rows = randomRows(5, 300)
    const { probability } = await session.run(feeds(model, rows))
    const ours = rows.map((row) => Math.fround(predictOne(model, row)))
    expect([...(probability!.data as Float32Array)]).toEqual(ours)
  })

  it('refuses feature names that are taken in the graph', async () => {
    const model = await smallModel({ trees: 1 })
    model.encoder.spec.inputs[0]!.name = 'probability'
    expect(() => encodeOnnx(model)).toThrow("a feature cannot be called 'probability'")
  })
})
