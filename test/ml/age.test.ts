import { InferenceSession } from 'onnxruntime-web'
import { expect, test } from 'vitest'
import { fitLearner } from '../../src/ml/learn/learners.ts'
import { ageInDays, withAges } from '../../src/ml/model/age.ts'
import type { InputColumn } from '../../src/ml/model/encoder.ts'
import { createModel, decodeModel, encodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../src/ml/model/onnx.ts'
import { inputExample } from '../../src/training/example.ts'
import { signature } from '../../src/training/mlmodel.ts'
import { feeds } from './onnx-feeds.ts'

const T = Date.parse('2024-03-01T12:00:00Z')

test('an age is the days from a date, or a moment, to T: parts of days count, and what is to come is below 0', () => {
  expect(ageInDays('2024-02-28', T)).toBe(2.5)
  expect(ageInDays('2024-03-01T11:00:00.000000Z', T)).toBeCloseTo(1 / 24, 12)
  expect(ageInDays('2024-03-03T12:00:00Z', T)).toBe(-2)
  expect(ageInDays('0001-01-01', T)).toBe((T - Date.parse('0001-01-01')) / 86_400_000)
  expect(() => ageInDays('soon', T)).toThrow("'soon' is neither a date nor a moment")
})

test('values of a model: dates become ages, an age stays, null stays null, and all others are as they were', () => {
  const inputs = (['Date', 'UnixTimestamp', 'String', 'Float64', 'Date'] as const).map((type, i) => {
    return { name: `x${i}`, type, nullable: true }
  })
  const values = ['2024-02-28', '2024-03-01T00:00:00.000000Z', '2024-02-28', 7, null]
  expect(withAges(inputs, values, T)).toEqual([2.5, 0.5, '2024-02-28', 7, null])
  expect(withAges(inputs, [41, null, null, null, null], T)).toEqual([41, null, null, null, null])
  const none = [{ name: 'x', type: 'String', nullable: false } as const]
  expect(withAges(none, values, T)).toBe(values)
})

test('a model learns from ages, nulls as such, and its file and ONNX take them as days in a double', async () => {
  const rows = 600
  const days = Float64Array.from({ length: rows }, (_, r) => (r % 11 === 0 ? Number.NaN : (r * 37) % 400))
  const valid = Uint8Array.from(days, (day) => (Number.isNaN(day) ? 0 : 1))
  const inputs: InputColumn[] = [{ name: 'joined', type: 'Date', values: days, valid }]
  const labels = Uint8Array.from(days, (day) => (day < 100 ? 1 : 0))
  const task = {
    ...{ rows, inputs, target: { kind: 'binary', labels } as const, weights: null },
    train: Uint32Array.from(labels, (_, r) => r),
  }
  const params = {
    trees: 5,
    maxDepth: null,
    minSamplesLeaf: 1,
    minSamplesSplit: 2,
    maxFeatures: null,
    seed: 1,
  } as const
  const learner = { kind: 'random_forest', ...params, classWeight: 'none', bootstrap: true } as const
  const { encoder, learned } = await fitLearner(task, learner, { threads: 0 })
  const outcome = { kind: 'binary', classes: [0, 1], threshold: 0.5 } as const
  const model = decodeModel(encodeModel(createModel({ label: 'y', outcome, encoder, learned })))
  const ask = (value: string | null) => predictOne(model, withAges(model.encoder.spec.inputs, [value], T))[0]!
  expect([ask('2024-02-20'), ask('2023-06-01'), ask(null)].map((p) => p > 0.5)).toEqual([true, false, false])
  const session = await InferenceSession.create(encodeOnnx(model))
  const asked = [[10], [300], [null]]
  const { probability } = await session.run(feeds(model, asked))
  for (const [r, row] of asked.entries()) {
    expect((probability!.data as Float32Array)[r]).toBeCloseTo(predictOne(model, row)[0]!, 6)
  }
  expect(signature(encoder, outcome).inputs).toBe('[{"type":"double","name":"joined","required":true}]')
  const row = { joined: '2024-02-28', event_timestamp: '2024-03-01T12:00:00.000000Z' }
  expect(inputExample([row], encoder).data).toEqual([[2.5]])
})
