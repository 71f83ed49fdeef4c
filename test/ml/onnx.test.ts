import { InferenceSession } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import type { EncoderSpec } from '../../src/ml/model/encoder.ts'
import { decodeModel, encodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../src/ml/model/onnx.ts'
import { answersOf } from '../../src/ml/model/onnx-answer.ts'
import { yesOrNo } from '../../src/ml/model/outcome.ts'
import { signature } from '../../src/training/mlmodel.ts'
import { feeds } from './onnx-feeds.ts'
import { randomRows, smallModel } from './small-model.ts'

describe('the ONNX form of a model', () => {
  it('gives our probabilities and labels, nulls and unknown categories included', async () => {
    const model = await smallModel()
    const session = await InferenceSession.create(encodeOnnx(model))
    const rows = randomRows(77, 500)
    for (const row of rows.slice(0, 20)) row[0] = 'Satellite'
    const { label, probability } = await session.run(feeds(model, rows))
    const ours = rows.map((row) => predictOne(model, row)[0]!)
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
    const split = [...model.learned.forest.feature].findIndex(
      (f) => f >= 0 && model.encoder.fields.find((x) => x.at === f)?.type === 'Float64',
    )
    expect(Math.fround(model.learned.forest.value[split]!)).not.toBe(model.learned.forest.value[split])
    const session = await InferenceSession.create(encodeOnnx(model))
    const rows = randomRows(5, 300)
    const { probability } = await session.run(feeds(model, rows))
    const ours = rows.map((row) => Math.fround(predictOne(model, row)[0]!))
    expect([...(probability!.data as Float32Array)]).toEqual(ours)
  })

  it('takes features of any name, also those of its own values, and says what its answer is called then', async () => {
    const model = await smallModel({ trees: 3, seed: 3 })
    const rows = randomRows(5, 50)
    const before = await (await InferenceSession.create(encodeOnnx(model))).run(feeds(model, rows))
    const given = feeds(model, rows)
    const { inputs } = model.encoder.spec
    for (const names of [
      ['label', 'probability', 'threshold', 'column', 'flat'],
      ['row:matrix', 'forest:mean', 'label:bool', 'label', 'predicted_label'],
      ['a', 'a:columns', 'a:double', 'a:number', 'a:one_hot', 'a:float', 'flat', 'flat:'],
    ]) {
      const spec = renamed(model.encoder.spec, names)
      const session = await InferenceSession.create(encodeOnnx({ ...model, encoder: { ...model.encoder, spec } }))
      const fed = Object.fromEntries(inputs.map(({ name }, i) => [spec.inputs[i]!.name, given[name]!]))
      const answer = await session.run(fed)
      const [label, probability] = answersOf(spec, model.outcome).map(({ name }) => name)
      expect(Object.keys(answer).sort()).toEqual([label, probability].sort())
      expect([...(answer[label!]!.data as BigInt64Array)]).toEqual([...(before.label!.data as BigInt64Array)])
      expect([...(answer[probability!]!.data as Float32Array)]).toEqual([...(before.probability!.data as Float32Array)])
    }
    const spec = renamed(model.encoder.spec, ['label', 'predicted_label'])
    const names = answersOf(spec, yesOrNo(0.5)).map(({ name }) => name)
    expect(names).toEqual(['predicted_predicted_label', 'probability'])
    expect(signature(spec, yesOrNo(0.5)).outputs).toContain('"predicted_predicted_label"')
  })
})

/** The same inputs, the first of them under other names. */
function renamed(spec: EncoderSpec, names: readonly string[]): EncoderSpec {
  const to = new Map(spec.inputs.map(({ name }, i) => [name, names[i] ?? name]))
  const nameOf = (name: string) => to.get(name) ?? name
  return {
    ...spec,
    inputs: spec.inputs.map((input) => ({ ...input, name: nameOf(input.name) })),
    columns: spec.columns.map((column) => ({ ...column, input: nameOf(column.input) })),
  }
}
