import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createEncoder, encodeColumns } from '../../src/ml/model/encoder.ts'
import { forestPredictAll } from '../../src/ml/model/forest.ts'
import { decodeModel, encodeModel, predictBatch, predictOne } from '../../src/ml/model/model-file.ts'
import { MODEL_COLUMNS_MAX, MODEL_TREES_MAX } from '../../src/ml/model/model-header.ts'
import { yesOrNo } from '../../src/ml/model/outcome.ts'
import { TREE_DEPTH_MAX } from '../../src/ml/model/trees.ts'
import { LIMITS } from '../../src/wire/limits.ts'
import { inputColumns, randomRows, smallModel } from './small-model.ts'

const model = await smallModel()
const { forest } = model.learned
const bytes = encodeModel(model)

const rowsOfModel = randomRows(98, 1, true)

describe('a model file', () => {
  it('reads back as the same model', () => {
    const back = decodeModel(bytes)
    expect(back).toEqual(model)
    expect(Buffer.from(encodeModel(back)).equals(bytes)).toBe(true)
  })

  it('reads from the middle of a larger buffer', () => {
    const shifted = new Uint8Array(bytes.length + 3)
    shifted.set(bytes, 3)
    expect(decodeModel(shifted.subarray(3))).toEqual(model)
  })

  it('has the same bytes for the same training', async () => {
    expect(Buffer.from(encodeModel(await smallModel())).equals(bytes)).toBe(true)
  })

  it('B11: is read from a Buffer at any offset of its memory, as a file read in parts gives it', () => {
    for (let offset = 0; offset < 9; offset++) {
      const pool = Buffer.alloc(bytes.length + 16)
      Buffer.from(bytes).copy(pool, offset)
      const given = pool.subarray(offset, offset + bytes.length)
      expect(predictOne(decodeModel(given), rowsOfModel[0]!)).toEqual(predictOne(model, rowsOfModel[0]!))
    }
  })

  it('is refused when it is too short, of another kind or of another version', () => {
    expect(() => decodeModel(bytes.slice(0, 10))).toThrow('it has 10 bytes, the header alone has 48')
    expect(() => decodeModel(changed(0, 1))).toThrow('it does not start with WEIRMODL')
    expect(() => decodeModel(changed(8, 9))).toThrow('its layout is version 9, this Weir reads versions 1 to 3')
    expect(() => decodeModel(changed(15, 200))).toThrow('but the buffer ends after')
  })

  it('is refused when any part was changed or cut off', () => {
    for (const at of [16, 47, 48, 200, bytes.length >> 1, bytes.length - 1]) {
      expect(() => decodeModel(changed(at, bytes[at]! ^ 4)), `byte ${at}`).toThrow('its checksum')
    }
    expect(() => decodeModel(bytes.slice(0, -1))).toThrow('its checksum')
  })

  it('is refused when its checksum fits and its content does not', () => {
    expect(() => decodeModel(described((json) => json.replace('"random_forest"', '"other_forest_"')))).toThrow(
      "its kind 'other_forest_' is not one",
    )
    expect(() => decodeModel(described((json) => json.replace('"Int64"', '"Int99"')))).toThrow("'Int99' is unknown")
    expect(() => decodeModel(described((json) => json.replace('"trees":25', '"trees":24')))).toThrow('instead of')
    expect(() => decodeModel(described((json) => json.replace('{', '[')))).toThrow('is not JSON')
    const walksAway = bytes.slice()
    walksAway.fill(0xff, walksAway.length - forest.feature.length * 11, walksAway.length - forest.feature.length * 7)
    expect(() => decodeModel(resealed(walksAway))).toThrow('right child outside of tree')
  })

  it('crafted model: is refused with values that give no probability, and with a threshold that is none', () => {
    const { feature, value } = forest
    const leaf = feature.findIndex((column) => column < 0)
    const node = feature.findIndex((column) => column >= 0)
    const withValue = (at: number, to: number) => {
      const learned = { ...model.learned, forest: { ...forest, value: value.with(at, to) } }
      return () => decodeModel(encodeModel({ ...model, learned }))
    }
    for (const wrong of [Number.NaN, 1e308, -0.1, 1.5, Number.POSITIVE_INFINITY]) {
      expect(withValue(leaf, wrong), String(wrong)).toThrow(/leaf \d+ has the value|has no value/)
    }
    expect(withValue(node, Number.NaN)).toThrow('has no value')
    for (const threshold of [-5, 1.1]) {
      expect(() => decodeModel(encodeModel({ ...model, outcome: yesOrNo(threshold) }))).toThrow(
        'threshold is not a number from 0 to 1',
      )
    }
  })

  it('crafted model: is refused with too deep a tree, too many trees or columns, and a name that is there twice', () => {
    const deep = 1_001
    const nodes = 2 * deep + 1
    const chain = {
      trees: 1,
      columns: forest.columns,
      roots: Uint32Array.of(0, nodes),
      // Each question has a leaf on its left and the next question on its right.
      feature: Int16Array.from({ length: nodes }, (_, i) => (i % 2 === 0 && i < nodes - 1 ? 0 : -1)),
      right: Uint32Array.from({ length: nodes }, (_, i) => (i % 2 === 0 && i < nodes - 1 ? i + 2 : 0)),
      value: new Float64Array(nodes).fill(0.5),
      missingLeft: new Uint8Array(nodes),
      cover: null,
      link: 'share' as const,
      outputs: 1,
      leaves: new Float64Array(0),
    }
    expect(() => decodeModel(encodeModel({ ...model, learned: { ...model.learned, forest: chain } }))).toThrow(
      'asks more than 1000 questions',
    )
    expect([MODEL_TREES_MAX, MODEL_COLUMNS_MAX, TREE_DEPTH_MAX]).toEqual(
      [LIMITS.modelTrees, LIMITS.modelColumns, LIMITS.modelDepth].map((limit) => limit.value),
    )
    const encoder = createEncoder({
      inputs: [...model.encoder.spec.inputs, model.encoder.spec.inputs[0]!],
      columns: model.encoder.spec.columns,
    })
    expect(() => decodeModel(encodeModel({ ...model, encoder }))).toThrow('is there twice')
  })
})

describe('a prediction', () => {
  const rows = randomRows(99, 200, true)

  it('is the same for one row, for many, from columns, and from the file', () => {
    const one = rows.map((row) => predictOne(model, row)[0])
    expect([...predictBatch(model, rows)]).toEqual(one)
    const matrix = encodeColumns(createEncoder(model.encoder.spec), inputColumns(rows), rows.length)
    expect([...forestPredictAll(forest, matrix)]).toEqual(one)
    const back = decodeModel(bytes)
    expect(rows.map((row) => predictOne(back, row)[0])).toEqual(one)
  })

  it('takes a category never seen in training as none', () => {
    const [known, unknown, none] = ['DSL', 'Satellite', null].map(
      (value) => predictOne(model, [value, ...rows[0]!.slice(1)])[0],
    )
    expect(unknown).toBe(none)
    expect(known).not.toBe(none)
  })

  it('refuses too few values and values of another type', () => {
    expect(() => predictOne(model, [1, 2])).toThrow('the model takes 12 values, not 2')
    expect(() => predictOne(model, [3, ...rows[0]!.slice(1)])).toThrow('string_full must be String, not the number 3')
    expect(() => predictOne(model, rows[0]!.with(4, 'many'))).toThrow('int64_full must be Int64, not the string many')
  })
})

function changed(at: number, value: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = value
  return copy
}

/** The file with another description of the same length, and a checksum that fits. */
function described(change: (json: string) => string): Uint8Array {
  const copy = bytes.slice()
  const end = 48 + new DataView(copy.buffer).getUint32(12, true)
  copy.set(Buffer.from(change(Buffer.from(copy.subarray(48, end)).toString())), 48)
  return resealed(copy)
}

function resealed(copy: Uint8Array): Uint8Array {
  copy.set(createHash('sha256').update(copy.subarray(48)).digest(), 16)
  return copy
}
