import { describe, expect, it } from 'vitest'
import type { EncoderSpec } from '../../src/ml/model/encoder.ts'
import { type Given, predictAllGiven } from '../../src/ml/model/given/given.ts'
import { answerOf, feedsOf, planOf } from '../../src/ml/model/given/plan.ts'
import { type OnnxValue, openSession } from '../../src/ml/model/given/session.ts'
import { createModel, decodeModel, encodeModel, predictBatch, predictOne } from '../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../src/ml/model/onnx.ts'
import { yesOrNo } from '../../src/ml/model/outcome.ts'
import { logisticOnnx } from '../trainer/own-project.ts'

const encoder: EncoderSpec = {
  inputs: [
    { name: 'sum', type: 'Float64', nullable: false },
    { name: 'months', type: 'Int64', nullable: true },
    { name: 'plan', type: 'String', nullable: false },
    { name: 'paid', type: 'Bool', nullable: true },
  ],
  columns: [
    { kind: 'numeric', input: 'sum' },
    { kind: 'numeric', input: 'months' },
    { kind: 'target_mean', input: 'plan', categories: ['all', 'basic'], means: [0, 1] },
    { kind: 'numeric', input: 'paid' },
  ],
}
const given = (more: Partial<Given> = {}): Given => ({
  gives: 'binary',
  outputs: 1,
  bytes: new Uint8Array(),
  encoder,
  ...more,
})
const value = (name: string, type: string, ...shape: (number | string)[]): OnnxValue => ({ name, type, shape })
const PROBABILITIES = [value('label', 'int64', 'N'), value('probabilities', 'float32', 'N', 2)]
const MATRIX = [value('x', 'float32', 'N', 4)]
const ROW = [1.5, Number.NaN, 1, 0]

describe('inputs', () => {
  it('are one of all features, a text by its number', () => {
    const plan = planOf({ inputs: MATRIX, outputs: PROBABILITIES }, given())
    const [feed] = feedsOf(plan, 1, 4, (_, c) => ROW[c]!)
    expect(feed).toEqual({ name: 'x', type: 'float32', dims: [1, 4], data: Float32Array.from(ROW) })
  })

  it('are one for each feature that is used, by its name, of shape [N] or [N, 1], a missing text or Bool as None', () => {
    const inputs = [
      value('plan', 'string', 'N', 1),
      value('sum', 'float64', 'N'),
      value('paid', 'string', 'N', 1),
      value('months', 'float32', 'N', 1),
    ]
    const plan = planOf({ inputs, outputs: PROBABILITIES }, given())
    const rows = [ROW, [2, 3, Number.NaN, Number.NaN]]
    expect(feedsOf(plan, 2, 4, (r, c) => rows[r]![c]!)).toEqual([
      { name: 'plan', type: 'string', dims: [2, 1], data: ['basic', 'None'] },
      { name: 'sum', type: 'float64', dims: [2], data: Float64Array.of(1.5, 2) },
      { name: 'paid', type: 'string', dims: [2, 1], data: ['False', 'None'] },
      { name: 'months', type: 'float32', dims: [2, 1], data: Float32Array.of(Number.NaN, 3) },
    ])
  })

  it.each([
    [
      'of another name',
      [value('age', 'float32', 'N', 1)],
      /'age' is no feature of the model \(sum, months, plan, paid\)/,
    ],
    ['of another width', [value('x', 'float32', 'N', 5)], /takes 5 columns, and the model has 4 features/],
    ['of whole numbers', [value('x', 'int64', 'N', 4)], /'x' is int64 instead of floats/],
    ['of one row', [value('x', 'float32', 1, 4)], /takes 1 rows alone/],
    ['of another type', [value('plan', 'float32', 'N', 1)], /'plan' is float32, and the feature is String/],
    ['of no known type', [value('sum', 'float16', 'N', 1)], /'sum' is float16; it can be float32/],
    ['of another shape', [value('sum', 'float32', 'N', 3, 3)], /the shape \[N, 3, 3\] instead of/],
  ])('%s are refused', (_, inputs, message) => {
    expect(() => planOf({ inputs, outputs: PROBABILITIES }, given())).toThrow(message)
  })

  it('that cannot say a missing value are refused when there is one', () => {
    const plan = planOf({ inputs: [value('months', 'int64', 'N')], outputs: PROBABILITIES }, given())
    expect(() => feedsOf(plan, 1, 4, (_, c) => ROW[c]!)).toThrow(/'months' is missing in a row.*make it float/)
  })
})

describe('outputs', () => {
  it.each([
    ['a map', [value('label', 'int64', 'N'), value('output_probability', 'no tensor')], /zipmap=False/],
    ['classes alone', [value('label', 'int64', 'N')], /no output of it gives probabilities/],
    ['two that could be meant', [value('a', 'float32', 'N', 2), value('b', 'float32', 'N', 1)], /more than one output/],
  ])('that are %s are refused', (_, outputs, message) => {
    expect(() => planOf({ inputs: MATRIX, outputs }, given())).toThrow(message)
  })

  it('are of two classes the probability of the second', () => {
    const values = Float64Array.of(0.25, 0.75, 1, 0)
    expect(answerOf(given(), { rows: 2, dims: [2, 2], values })).toEqual(Float64Array.of(0.75, 0))
    expect(answerOf(given(), { rows: 2, dims: [2], values: Float64Array.of(0.1, 0.2) })).toEqual(
      Float64Array.of(0.1, 0.2),
    )
  })

  it.each([
    ['no number', [1, Number.NaN], /answered NaN/],
    ['no number in the other class', [Number.NaN, 1], /sum to NaN/],
    ['above 1', [-1, 2], /is no probability/],
    ['of another sum', [0.5, 0.75], /sum to 1.25/],
  ])('that are %s are refused', (_, values, message) => {
    expect(() => answerOf(given(), { rows: 1, dims: [1, 2], values: Float64Array.from(values) })).toThrow(message)
  })

  it('of fewer rows than were asked are refused', () => {
    expect(() => answerOf(given(), { rows: 2, dims: [1, 2], values: Float64Array.of(0, 1) })).toThrow(/for 2 rows/)
  })
})

describe('a given model', () => {
  const weights = [0.01, 0.02, 0.5, -1]
  const made = given({ bytes: logisticOnnx(weights) })
  const model = createModel({ label: 'gone', outcome: yesOrNo(0.5), encoder, learned: { kind: 'onnx', given: made } })

  it('comes through the model file, is its own ONNX file, and gives the same alone and among 10,000 rows', () => {
    const read = decodeModel(encodeModel(model))
    expect(Buffer.from(encodeOnnx(read)).equals(made.bytes)).toBe(true)
    const rows = Array.from({ length: 10_000 }, (_, i) => [
      i % 300,
      i % 5 === 0 ? null : i % 24,
      i % 2 ? 'all' : 'new',
      i % 3 === 0,
    ])
    const all = predictBatch(read, rows)
    for (const i of [0, 1, 4_095, 4_096, 9_999]) {
      expect(predictOne(read, rows[i]!)[0]).toBe(all[i])
      // A text that is not known is missing, and that is 0 here.
      const [sum, months, , paid] = rows[i] as [number, number | null, string, boolean]
      const z = 0.01 * sum + 0.02 * (months ?? 0) - (paid ? 1 : 0)
      expect(all[i]).toBeCloseTo(1 / (1 + Math.exp(-z)), 5)
    }
  })

  it('that does not answer in time is ended, and its caller told', () => {
    const session = openSession(made.bytes, { runMs: 0 })
    const data = Float32Array.from({ length: 4 * 4_000 }, () => 1)
    const run = () => session.run([{ name: 'x', type: 'float32', dims: [4_000, 4], data }], 'probabilities')
    expect(run).toThrow(/did not answer within 0 s, and was ended/)
    expect(run).toThrow(/was ended/)
  })

  it('that is no ONNX is refused', () => {
    const broken = given({ bytes: Buffer.from('no model') })
    expect(() => predictAllGiven(broken, { rows: 1, columns: 4, values: Float64Array.from(ROW) })).toThrow(
      /ONNX Runtime cannot open the model/,
    )
  })
})
