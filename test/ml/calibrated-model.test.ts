import { InferenceSession } from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'
import { type Calibration, calibrated } from '../../src/ml/model/calibration.ts'
import {
  createModel,
  decodeModel,
  encodeModel,
  type Model,
  predictBatch,
  predictOne,
} from '../../src/ml/model/model-file.ts'
import { encodeOnnx } from '../../src/ml/model/onnx.ts'
import { randomBoostedRows, smallBoosted } from './boosting/small-boosted.ts'
import { feeds } from './onnx-feeds.ts'

const CALIBRATIONS: Calibration[] = [
  { kind: 'platt', slope: 1.7, offset: -0.4 },
  { kind: 'isotonic', from: [0.1, 0.3, 0.5, 0.9], to: [0.02, 0.02, 0.6, 0.95] },
  { kind: 'isotonic', from: [0.4], to: [0.25] },
]

async function calibratedModel(calibration: Calibration): Promise<{ plain: Model; model: Model }> {
  const plain = await smallBoosted()
  const { label, outcome, learned, encoder } = plain
  return { plain, model: createModel({ label, outcome, learned, encoder: encoder.spec, calibration }) }
}

describe.each(CALIBRATIONS)('a model with the calibration %j', (calibration) => {
  it('says the calibrated probability, for one row and for many', async () => {
    const { plain, model } = await calibratedModel(calibration)
    const rows = randomBoostedRows(5, 300)
    const before = [...predictBatch(plain, rows)]
    const after = [...predictBatch(model, rows)]
    expect(after).toEqual(before.map((p) => calibrated(calibration, p)))
    expect(after).not.toEqual(before)
    expect(rows.map((row) => predictOne(model, row)[0]!)).toEqual(after)
  })

  it('keeps it in its file, in layout 3', async () => {
    const { model } = await calibratedModel(calibration)
    const bytes = encodeModel(model)
    const again = decodeModel(bytes)
    expect(again.calibration).toEqual(calibration)
    expect(Buffer.from(encodeModel(again)).equals(bytes)).toBe(true)
    expect(new DataView(bytes.buffer).getUint32(8, true)).toBe(3)
  })

  it('says it in ONNX within 1e-6', async () => {
    const { model } = await calibratedModel(calibration)
    const rows = randomBoostedRows(6, 500)
    const session = await InferenceSession.create(encodeOnnx(model))
    const { probability, label } = await session.run(feeds(model, rows))
    const theirs = probability!.data as Float32Array
    const worst = Math.max(...rows.map((row, i) => Math.abs(predictOne(model, row)[0]! - theirs[i]!)))
    expect(worst).toBeLessThan(1e-6)
    expect(Array.from(label!.data as BigInt64Array, Number)).toEqual([...theirs].map((p) => (p >= 0.5 ? 1 : 0)))
  })
})
