/** Tables whose truth is known: a line, interactions, and a text of 2,000 levels. The best AUC that can be had is measured by the truth. */
import { createPrng } from '../../src/base/prng.ts'
import { rocAuc } from '../../src/ml/measure/roc.ts'
import type { InputColumn } from '../../src/ml/model/encoder.ts'

export type Data = { rows: number; inputs: InputColumn[]; labels: Uint8Array; best: number }

type Row = { x: number[]; level: number }

const LEVELS = 2_000
const KINDS = {
  linear: ({ x }: Row) => -1 + 0.9 * x[0]! - 0.7 * x[1]! + 0.5 * x[2]! + 0.3 * x[3]! - 0.2 * x[4]!,
  interactions: ({ x }: Row) =>
    -1 +
    1.2 * x[0]! * x[1]! +
    (x[2]! > 0.3 && x[3]! < 0 ? 1.1 : 0) +
    0.8 * Math.sin(2 * x[4]!) * x[5]! -
    0.5 * Math.abs(x[6]!),
  levels: ({ x }: Row, effects: Float64Array, level: number) =>
    -1 + effects[level]! + 0.5 * x[0]! - 0.4 * x[1]! * x[2]!,
}
export const SYNTHETIC = Object.keys(KINDS) as (keyof typeof KINDS)[]

export function synthetic(kind: (typeof SYNTHETIC)[number], rows: number, seed: number): Data {
  const prng = createPrng(seed)
  const effects = Float64Array.from({ length: LEVELS }, () => 0.9 * prng.normal())
  const numbers = Array.from({ length: 10 }, () => new Float64Array(rows))
  const levels = new Array<string>(rows)
  const truth = new Float64Array(rows)
  const labels = new Uint8Array(rows)
  for (let r = 0; r < rows; r++) {
    const x = numbers.map((column) => {
      column[r] = prng.normal()
      return column[r]!
    })
    // Few levels are frequent, most are rare.
    const level = Math.floor(LEVELS * prng.float() ** 2)
    levels[r] = `level ${level}`
    truth[r] = 1 / (1 + Math.exp(-KINDS[kind]({ x, level }, effects, level)))
    labels[r] = prng.float() < truth[r]! ? 1 : 0
  }
  const valid = () => new Uint8Array(rows).fill(1)
  const inputs: InputColumn[] = numbers.map((values, c) => ({ name: `x${c}`, type: 'Float64', values, valid: valid() }))
  if (kind === 'levels') inputs.push({ name: 'level', type: 'String', values: levels, valid: valid() })
  return { rows, inputs, labels, best: rocAuc(labels, truth) }
}
