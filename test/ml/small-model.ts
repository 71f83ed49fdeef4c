import { createPrng } from '../../src/base/prng.ts'
import { fitForest } from '../../src/ml/learn/random-forest.ts'
import {
  createEncoder,
  encodeColumns,
  type InputColumn,
  type InputType,
  type InputValue,
  learnEncoder,
} from '../../src/ml/model/encoder.ts'
import type { ForestModel } from '../../src/ml/model/kinds.ts'
import { createModel, type Model } from '../../src/ml/model/model-file.ts'
import { yesOrNo } from '../../src/ml/model/outcome.ts'

/** Inputs of every type, each with and without nulls in training. */
const INPUTS: { name: string; type: InputType; nulls: boolean }[] = (
  ['String', 'Int32', 'Int64', 'Float32', 'Float64', 'Bool'] as const
).flatMap((type) => [
  { name: `${type.toLowerCase()}_full`, type, nulls: false },
  { name: `${type.toLowerCase()}_with_nulls`, type, nulls: true },
])

/** Random rows; `nullsAnywhere` puts nulls also where training has none. */
export function randomRows(seed: number, count: number, nullsAnywhere = false): InputValue[][] {
  const prng = createPrng(seed)
  return Array.from({ length: count }, () =>
    INPUTS.map(({ type, nulls }) => {
      if ((nulls || nullsAnywhere) && prng.float() < 0.3) return null
      if (type === 'String') return ['DSL', 'Fiber optic', 'No', 'ünï, "x"'][prng.int(4)]!
      if (type === 'Bool') return prng.int(2) === 1
      // Whole numbers beyond 2^24 are not float32; fractions that differ only as doubles are not either.
      if (type === 'Int64') return 2 ** 40 + prng.int(50)
      if (type === 'Int32') return prng.int(50) - 25
      return type === 'Float32' ? prng.normal() : 1 + prng.int(40) * 2 ** -40
    }),
  )
}

/** A forest fitted on random rows of all types. */
export async function smallModel({ trees = 25, seed = 1 } = {}): Promise<Model & { learned: ForestModel }> {
  const rows = randomRows(seed, 400)
  const prng = createPrng(seed + 1)
  const labels = Uint8Array.from(rows, (row) => {
    const number = (i: number) => Number(row[i] ?? 0)
    const signal = (number(5) - 2 ** 40 - 25) / 10 + number(6) + (row[0] === 'DSL' ? 1 : 0) + (row[11] === null ? 1 : 0)
    return signal + prng.normal() > 0 ? 1 : 0
  })
  const columns = inputColumns(rows)
  const encoder = learnEncoder(columns)
  const params = { trees, maxDepth: null, minSamplesLeaf: 1, minSamplesSplit: 2, seed: 42, bootstrap: true } as const
  const { forest } = await fitForest(
    encodeColumns(createEncoder(encoder), columns, rows.length),
    labels,
    { ...params, maxFeatures: 'sqrt', classWeight: 'balanced' },
    { threads: 0 },
  )
  const learned: ForestModel = { kind: 'random_forest', forest }
  return { ...createModel({ label: 'outcome', outcome: yesOrNo(0.5), encoder, learned }), learned }
}

export function inputColumns(rows: InputValue[][]): InputColumn[] {
  return INPUTS.map(({ name, type }, i) => {
    const valid = Uint8Array.from(rows, (row) => (row[i] === null ? 0 : 1))
    if (type === 'String') return { name, type, valid, values: rows.map((row) => String(row[i] ?? '')) }
    return {
      name,
      type,
      valid,
      values: Float64Array.from(rows, (row) => (row[i] === null ? Number.NaN : Number(row[i]))),
    }
  })
}
