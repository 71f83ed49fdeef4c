import { createHash } from 'node:crypto'
import { InferenceSession } from 'onnxruntime-web'
import { expect } from 'vitest'
import { createPrng } from '../../../src/base/prng.ts'
import type { InputValue } from '../../../src/ml/model/encoder.ts'
import { createEncoder, encodeColumns } from '../../../src/ml/model/encoder.ts'
import { predictAll } from '../../../src/ml/model/kinds.ts'
import { decodeModel, encodeModel, type Model, predictBatch, predictOne } from '../../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../../src/ml/model/onnx.ts'
import { boostedColumns, randomBoostedRows } from '../boosting/small-boosted.ts'
import { feeds } from '../onnx-feeds.ts'

/** What every kind of model promises, asked of one: each function is a test's body. */

export function readsBack(model: Model): void {
  const bytes = encodeModel(model)
  const back = decodeModel(bytes)
  expect(back).toEqual({ ...model, row: back.row, out: back.out })
  expect(Buffer.from(encodeModel(back)).equals(bytes)).toBe(true)
}

export function answersTheSameEverywhere(model: Model): void {
  const rows = randomBoostedRows(99, 200, true)
  const one = rows.flatMap((row) => [...predictOne(model, row)])
  expect([...predictBatch(model, rows)]).toEqual(one)
  const matrix = encodeColumns(createEncoder(model.encoder.spec), boostedColumns(rows), rows.length)
  expect([...predictAll(model.learned, matrix)]).toEqual(one)
  const back = decodeModel(encodeModel(model))
  expect(rows.flatMap((row) => [...predictOne(back, row)])).toEqual(one)
}

/** Refused, or every answer is a number that its outcome allows, whatever byte is changed. */
export function survivesChangedBytes(model: Model, changes = 1_500): void {
  const bytes = encodeModel(model)
  const prng = createPrng(20_261_127)
  const rows = randomBoostedRows(3, 5, true)
  let refused = 0
  for (let i = 0; i < changes; i++) {
    const changed = bytes.slice()
    // Half of the changes meet the description and what stands at its end.
    const at = 8 + prng.int(i % 2 === 0 ? bytes.length - 8 : Math.min(bytes.length - 8, 6_000))
    changed[at] = prng.int(256)
    const name = `seed 20261127, change ${i} at ${at}`
    try {
      const read = decodeModel(resealed(changed))
      for (const row of rows) for (const x of predictOne(read, row)) expect(allowed(read, x), name).toBe(true)
    } catch (error) {
      refused++
      expect(String(error), name).toMatch(/not a usable model file|the model takes|must be/)
    }
  }
  expect(refused).toBeGreaterThan(changes / 20)
}

function allowed({ outcome }: Model, x: number): boolean {
  return outcome.kind === 'regression' ? Number.isFinite(x) : x >= 0 && x <= 1
}

export function resealed(copy: Uint8Array): Uint8Array {
  copy.set(createHash('sha256').update(copy.subarray(48)).digest(), 16)
  return copy
}

/** The greatest difference between ONNX Runtime's answers and ours, of a value relative to its size. */
export async function worstDifference(model: Model, rows: InputValue[][]): Promise<number> {
  const session = await InferenceSession.create(encodeOnnx(model))
  const { label, probability } = await session.run(feeds(model, rows))
  const ours = rows.map((row) => predictOne(model, row)[0]!)
  const theirs = probability!.data as Float32Array
  const labels = Array.from(label!.data as BigInt64Array, Number)
  expect(labels).toEqual([...theirs].map((p) => (p >= 0.5 ? 1 : 0)))
  return Math.max(...ours.map((p, i) => Math.abs(p - theirs[i]!)))
}

const EXTREMES = [
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
] as const

/** Rows with nulls, categories that nobody knows, and the extremes of every type. */
export function hardRows(): InputValue[][] {
  const rows = randomBoostedRows(177, 600)
  for (const row of rows.slice(0, 60)) row[0] = 'Satellite'
  for (const row of rows.slice(30, 90)) row[12] = 'a city that nobody knows'
  for (const row of rows.slice(60, 120)) row[1] = null
  for (const [i, row] of rows.slice(200).entries()) {
    const extreme = EXTREMES[i % EXTREMES.length]!
    row[2] = [2 ** 31 - 1, -(2 ** 31), 0][i % 3]!
    row[4] = [2 ** 53, -(2 ** 53), 0][i % 3]!
    row[6] = extreme
    row[8] = extreme
  }
  return rows
}
