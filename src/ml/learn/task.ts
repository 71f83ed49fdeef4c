/** What a learner is given: a table, and what is to be learned of its rows. */
import { PlatformError } from '../../base/errors.ts'
import type { InputColumn } from '../model/encoder.ts'
import { takeLabels } from './take-rows.ts'

/** Of all rows. Labels are numbers of classes: 0 and 1 (the positive one), or 0 … classes - 1. */
export type Target =
  | { kind: 'binary'; labels: Uint8Array }
  | { kind: 'multiclass'; labels: Uint8Array; classes: number }
  | { kind: 'regression'; values: Float64Array }

export type TargetKind = Target['kind']

/** All rows of a training set, and which of them are learned from. `weights`: of each row, above 0; null where all count the same. */
export type Task = {
  rows: number
  inputs: readonly InputColumn[]
  target: Target
  weights: Float64Array | null
  train: Uint32Array
  /** By row: those with the same number stay together where a learner puts rows aside; without it any row may go. */
  together?: Uint32Array
}

export function rowsOfTarget(target: Target): number {
  return target.kind === 'regression' ? target.values.length : target.labels.length
}

/** How many classes the rows can be of; 1 where there are none. */
export function classesOf(target: Target): number {
  if (target.kind === 'regression') return 1
  return target.kind === 'binary' ? 2 : target.classes
}

/** The same of some rows, in their order. */
export function takeTarget(target: Target, rows: Uint32Array): Target {
  if (target.kind === 'regression')
    return { kind: 'regression', values: Float64Array.from(rows, (r) => target.values[r]!) }
  return { ...target, labels: takeLabels(target.labels, rows) }
}

/** Whether there is something to tell apart: two classes, or two values. */
export function hasTwoOutcomes(target: Target): boolean {
  const all: ArrayLike<number> = target.kind === 'regression' ? target.values : target.labels
  for (let i = 1; i < all.length; i++) if (all[i] !== all[0]) return true
  return false
}

export function cannotTrain(why: string): PlatformError {
  return new PlatformError('invalid_argument', `cannot train: ${why}`)
}

/** Of the rows that are learned from. */
export function refuseOneOutcome(target: Target): void {
  if (hasTwoOutcomes(target)) return
  throw cannotTrain(`all ${rowsOfTarget(target)} training rows have the same label; there is nothing to tell apart`)
}

/** The labels of two classes; refuses what a learner of those alone is not asked for (learners.ts: `learns`). */
export function binaryLabels(target: Target): Uint8Array {
  if (target.kind === 'binary') return target.labels
  throw new PlatformError('unsupported', `this learner tells two classes apart, and was given a ${target.kind}`)
}

/** The classes that none of these rows is of. */
export function lackedClasses(target: Target, rows: Uint32Array): number[] {
  if (target.kind === 'regression') return []
  const there = new Uint8Array(classesOf(target))
  for (const row of rows) there[target.labels[row]!] = 1
  return [...there.keys()].filter((c) => there[c] === 0)
}
