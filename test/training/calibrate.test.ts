import { describe, expect, it } from 'vitest'
import { createPrng } from '../../src/base/prng.ts'
import { learnCalibration } from '../../src/training/report/calibrate.ts'

const ROWS = 900
const prng = createPrng(3)
const truth = Float64Array.from({ length: ROWS }, () => prng.float())
const labels = Uint8Array.from(truth, (p) => (prng.float() < p ? 1 : 0))
/** Three rows of each entity, far apart. */
const entities = Uint32Array.from(labels, (_, r) => r % 300)
const rows = { target: { kind: 'binary' as const, labels }, weights: null, entities }
const train = Uint32Array.from(labels.keys()).filter((r) => r % 300 < 200)

describe('learning a calibration', () => {
  it('asks for each training row once, from a model that saw no row of its entity and none that measures', async () => {
    const asked: number[] = []
    await learnCalibration('auto', rows, train, async (learn, predict) => {
      asked.push(...predict)
      const seen = new Set(Array.from(learn, (r) => entities[r]!))
      for (const r of predict) expect(seen.has(entities[r]!)).toBe(false)
      for (const r of [...learn, ...predict]) expect(train.includes(r)).toBe(true)
      expect(learn.length + predict.length).toBe(train.length)
      return Float64Array.from(predict, (r) => truth[r]! ** 3)
    })
    expect(asked.sort((a, b) => a - b)).toEqual([...train])
  })

  it('fits nothing where the rule is none, and gives none where a fold has one class alone', async () => {
    const never = () => Promise.reject(new Error('asked'))
    expect(await learnCalibration('none', rows, train, never)).toBeNull()
    const one = { ...rows, target: { kind: 'binary' as const, labels: new Uint8Array(ROWS) } }
    expect(await learnCalibration('auto', one, train, never)).toBeNull()
    const number = { ...rows, target: { kind: 'regression' as const, values: truth } }
    expect(await learnCalibration('auto', number, train, never)).toBeNull()
  })
})
