import { createPrng } from '../../../src/base/prng.ts'
import { BOOSTING_DEFAULTS } from '../../../src/ml/learn/boosting/params.ts'
import { fitLearner, type Learner } from '../../../src/ml/learn/learners.ts'
import type { InputColumn, InputType, InputValue } from '../../../src/ml/model/encoder.ts'
import type { BoostedModel } from '../../../src/ml/model/kinds.ts'
import { createModel, type Model } from '../../../src/ml/model/model-file.ts'
import { yesOrNo } from '../../../src/ml/model/outcome.ts'
import { binaryTask } from '../binary-task.ts'
import { inputColumns, randomRows } from '../small-model.ts'

/** The inputs of small-model.ts, and a text of many values. */
const CITIES = 150

export function randomBoostedRows(seed: number, count: number, nullsAnywhere = false): InputValue[][] {
  const prng = createPrng(seed + 77)
  return randomRows(seed, count, nullsAnywhere).map((row) => [
    ...row,
    prng.int(10) === 0 ? null : `city ${Math.floor(CITIES * prng.float() ** 2)}`,
  ])
}

export type Small = Model & { learned: BoostedModel }

export type BoostingLearner = Extract<Learner, { kind: 'gradient_boosting' }>

export const SMALL: BoostingLearner = {
  kind: 'gradient_boosting',
  ...BOOSTING_DEFAULTS,
  rounds: 40,
  minSamplesLeaf: 3,
  earlyStopping: null,
  monotone: {},
}

/** Boosted trees on 1,500 random rows of all types: numbers, sets of categories and means of many. */
export async function smallBoosted(learner: Partial<BoostingLearner> = {}, threads = 0): Promise<Small> {
  const { encoder, learned } = await fitLearner(smallTask(), { ...SMALL, ...learner }, { threads })
  return {
    ...createModel({ label: 'outcome', outcome: yesOrNo(0.5), encoder, learned }),
    learned: learned as BoostedModel,
  }
}

export function smallTask(count = 1_500) {
  const rows = randomBoostedRows(1, count)
  const prng = createPrng(2)
  const labels = Uint8Array.from(rows, (row) => {
    const number = (i: number) => Number(row[i] ?? 0)
    const city = Number(String(row[12] ?? 'city 30').slice(5)) % 7
    const signal = (number(5) - 2 ** 40 - 25) / 10 + number(6) + (row[0] === 'DSL' ? 1 : 0) + (city - 3) / 2
    return signal + (row[11] === null ? 1 : 0) + prng.normal() > 0 ? 1 : 0
  })
  return binaryTask({ rows: count, inputs: boostedColumns(rows), labels, train: Uint32Array.from(rows, (_, i) => i) })
}

export function boostedColumns(rows: InputValue[][]): InputColumn[] {
  const valid = Uint8Array.from(rows, (row) => (row[12] === null ? 0 : 1))
  const values = rows.map((row) => String(row[12] ?? ''))
  const city: InputColumn = { name: 'city', type: 'String' as InputType, valid, values }
  return [...inputColumns(rows.map((row) => row.slice(0, 12))), city]
}
