/** What is to be learned, from the labels of a training set: which class each row is of, or which number it has. */
import { PlatformError } from '../base/errors.ts'
import { type Predicts, predictedKind } from '../config/predicts.ts'
import type { TrainingColumn } from '../features/offline/read-training-set.ts'
import type { Target } from '../ml/learn/task.ts'
import { CLASSES_MAX, type Label } from '../ml/model/outcome.ts'

export type Predicted = { predicts: Predicts | null; positive: string | number | null }

/** `classes`: what the numbers of the target stand for; empty for numbers. */
export type Learnable = { target: Target; classes: Label[] }

/** So many values are named. */
const SHOWN = 5

export function targetOf(name: string, column: TrainingColumn, written: Predicted): Learnable {
  const refuseRow = (r: number, why: string) =>
    refusal(`label ${name} is ${shownOf(column, r)} in row ${r + 1}; ${why}`)
  const { values, valid, type } = column
  const kind = predictedKind(written, type)
  for (let r = 0; r < valid.length; r++) if (valid[r] !== 1) throw refuseRow(r, 'a row without a label teaches nothing')
  if (kind === 'regression') {
    const numbers = Float64Array.from(values as Float64Array)
    for (const [r, value] of numbers.entries())
      if (!Number.isFinite(value)) throw refuseRow(r, 'it must be a finite number')
    if (written.predicts === null && numbers.every((value) => value === 0 || value === 1)) {
      throw refusal(
        `label ${name} is a ${type} with no other values than 0 and 1: state predicts: 'binary' or 'regression'`,
      )
    }
    return { target: { kind, values: numbers }, classes: [] }
  }
  if (kind === 'binary' && written.positive === null) {
    const labels = new Uint8Array(valid.length)
    for (let r = 0; r < labels.length; r++) {
      const value = values[r]
      if (value !== 0 && value !== 1)
        throw refuseRow(r, type === 'Bool' ? 'it must be true or false' : 'it must be 0 or 1')
      labels[r] = value
    }
    return { target: { kind, labels }, classes: [0, 1] }
  }
  const classes = classesOf(name, column)
  if (kind === 'multiclass')
    return { target: { kind, labels: numbersOf(values, classes), classes: classes.length }, classes }
  const { positive } = written
  const other = classes.find((value) => value !== positive)
  if (classes.length !== 2 || other === undefined || !classes.some((value) => value === positive))
    throw notTwo(name, classes, positive)
  const pair = [other, positive!]
  return { target: { kind, labels: numbersOf(values, pair) }, classes: pair }
}

/** The values that occur, in order: texts by code unit, numbers by size. */
function classesOf(name: string, { values, type }: TrainingColumn): (string | number)[] {
  const found = [...new Set<string | number>(values)].sort((a, b) => (a < b ? -1 : 1))
  const broken = found.find((value) => type !== 'String' && !Number.isSafeInteger(value))
  if (broken !== undefined)
    throw refusal(`label ${name} has the value ${broken}; a class is a text or a whole number up to 2^53`)
  if (found.length > CLASSES_MAX) {
    throw refusal(
      `label ${name} has ${found.length} values, and a model tells at most ${CLASSES_MAX} classes apart: predict a number, or coarser classes`,
    )
  }
  return found
}

function numbersOf(values: ArrayLike<string | number>, classes: readonly (string | number)[]): Uint8Array {
  const places = new Map(classes.map((label, place) => [label, place]))
  return Uint8Array.from({ length: values.length }, (_, r) => places.get(values[r]!) ?? 0)
}

function notTwo(name: string, classes: readonly Label[], positive: Label | null): PlatformError {
  const shown = classes
    .slice(0, SHOWN)
    .map((value) => JSON.stringify(value))
    .join(', ')
  const found = `label ${name} has ${classes.length} value${classes.length === 1 ? '' : 's'}: ${shown}${classes.length > SHOWN ? ', …' : ''}`
  return refusal(
    `${found}; two outcomes are ${JSON.stringify(positive)} and one other. For more write predicts: 'multiclass' and leave positive out`,
  )
}

function shownOf({ values, valid, type }: TrainingColumn, r: number): string {
  if (valid[r] !== 1) return 'null'
  return type === 'String' ? `'${values[r]}'` : String(values[r])
}

function refusal(message: string): PlatformError {
  return new PlatformError('invalid_argument', message)
}

/** How much each row counts; refuses null, and what is not above 0 and finite, with the row. */
export function weightsOf(name: string, column: TrainingColumn, rowName: (r: number) => string): Float64Array {
  const weights = new Float64Array(column.valid.length)
  for (let r = 0; r < weights.length; r++) {
    const value = column.valid[r] === 1 ? Number(column.values[r]) : Number.NaN
    if (!(value > 0) || value === Infinity) {
      throw refusal(
        `weight ${name} is ${shownOf(column, r)} in row ${r + 1} (${rowName(r)}); a weight is a finite number above 0`,
      )
    }
    weights[r] = value
  }
  return weights
}
