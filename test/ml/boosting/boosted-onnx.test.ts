import { InferenceSession } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import { fitLearner } from '../../../src/ml/learn/learners.ts'
import type { InputColumn, InputValue } from '../../../src/ml/model/encoder.ts'
import { createModel, decodeModel, encodeModel, type Model, predictOne } from '../../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../../src/ml/model/onnx.ts'
import { yesOrNo } from '../../../src/ml/model/outcome.ts'
import { binaryTask } from '../binary-task.ts'
import { feeds } from '../onnx-feeds.ts'
import { randomBoostedRows, SMALL, smallBoosted } from './small-boosted.ts'

/** The greatest difference between ONNX Runtime's probability and ours; labels may differ only at the threshold itself. */
async function worstDifference(model: Model, rows: InputValue[][]): Promise<number> {
  const session = await InferenceSession.create(encodeOnnx(model))
  const { label, probability } = await session.run(feeds(model, rows))
  const ours = rows.map((row) => predictOne(model, row)[0]!)
  const theirs = probability!.data as Float32Array
  const labels = Array.from(label!.data as BigInt64Array, Number)
  expect(labels).toEqual([...theirs].map((p) => (p >= 0.5 ? 1 : 0)))
  expect([label!.dims, probability!.dims]).toEqual([[rows.length], [rows.length]])
  return Math.max(...ours.map((p, i) => Math.abs(p - theirs[i]!)))
}

describe('the ONNX form of boosted trees', () => {
  it('gives our probabilities within 1e-6: nulls, sets, means, categories that training did not have', async () => {
    const model = await smallBoosted()
    const rows = randomBoostedRows(177, 600)
    for (const row of rows.slice(0, 60)) row[0] = 'Satellite'
    for (const row of rows.slice(30, 90)) row[12] = 'a city that nobody knows'
    for (const row of rows.slice(60, 120)) row[1] = null
    expect(await worstDifference(model, rows)).toBeLessThan(1e-6)
  })

  it('gives them at the extremes of every type', async () => {
    const model = await smallBoosted()
    const numbers = [
      0,
      -0,
      1,
      -1,
      5e-324,
      1.7976931348623157e308,
      -1.7976931348623157e308,
      Infinity,
      -Infinity,
      16_777_217,
    ]
    const rows = randomBoostedRows(178, 400).map((row, i) => {
      const extreme = numbers[i % numbers.length]!
      const whole = [2 ** 31 - 1, -(2 ** 31), 0][i % 3]!
      return row
        .with(2, whole)
        .with(4, [2 ** 53, -(2 ** 53), 0][i % 3]!)
        .with(6, extreme)
        .with(8, extreme)
    })
    expect(await worstDifference(model, rows)).toBeLessThan(1e-6)
  })

  it('gives them with 64 categories asked for in sets, and with only texts', async () => {
    const levels = Array.from({ length: 64 }, (_, i) => `level ${i} of "many"; ü`)
    const values = Array.from({ length: 3_000 }, (_, i) => levels[(i * 37) % 64]!)
    const inputs: InputColumn[] = [{ name: 'level', type: 'String', values, valid: new Uint8Array(3_000).fill(1) }]
    const prng = createPrng(4)
    const labels = Uint8Array.from(values, (_, i) => (prng.float() < ((((i * 37) % 64) * 11) % 17) / 16 ? 1 : 0))
    const task = binaryTask({ rows: 3_000, inputs, labels, train: Uint32Array.from(labels, (_, i) => i) })
    const { encoder, learned } = await fitLearner(task, SMALL, { threads: 0 })
    const model = createModel({ label: 'y', outcome: yesOrNo(0.5), encoder, learned })
    const rows = [...levels, 'unknown', null].map((level): InputValue[] => [level])
    expect(new Set(rows.map((row) => predictOne(model, row)[0]!)).size).toBeGreaterThan(2)
    expect(await worstDifference(model, rows)).toBeLessThan(1e-6)
  })

  it('has the same bytes again, and from the model file', async () => {
    const model = await smallBoosted()
    const bytes = Buffer.from(encodeOnnx(model))
    expect(bytes.equals(encodeOnnx(await smallBoosted()))).toBe(true)
    expect(bytes.equals(encodeOnnx(decodeModel(encodeModel(model))))).toBe(true)
  })
})
