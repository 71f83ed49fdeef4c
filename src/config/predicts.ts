/**
 * What a model predicts, as far as its definition tells: the kind of its outcome and how its labels are said. What the values
 * of the label are is known when they are read (training/targets.ts).
 */
import type { TargetKind } from '../ml/learn/task.ts'
import type { ValueType } from '../values/values.ts'
import { labelOf, sourceOf } from './find.ts'
import type { Model, Project } from './project.ts'

export const PREDICTS = ['binary', 'multiclass', 'regression'] as const satisfies readonly TargetKind[]
export type Predicts = TargetKind

/** `flag`: 0 or 1, as a Bool and numbers without a stated positive value are answered. */
export type Says = { kind: Predicts; labels: 'flag' | 'text' | 'integer' | 'number' }

type Written = { predicts: Predicts | null; positive: string | number | null }

/**
 * A Bool has two outcomes, a Float is a number. A whole number has two outcomes, 0 and 1, where nothing else is stated; a
 * text has as many as there are, and two where the positive one is stated.
 */
export function predictedKind({ predicts, positive }: Written, type: ValueType): Predicts {
  if (predicts !== null) return predicts
  if (type === 'Float32' || type === 'Float64') return 'regression'
  return type === 'String' && positive === null ? 'multiclass' : 'binary'
}

export function saysOf(written: Written, type: ValueType): Says {
  const kind = predictedKind(written, type)
  if (kind === 'regression') return { kind, labels: 'number' }
  if (type === 'String') return { kind, labels: 'text' }
  return { kind, labels: kind === 'multiclass' || written.positive !== null ? 'integer' : 'flag' }
}

/** The same of a model of a complete project. */
export function saysOfModel(project: Project, model: Model): Says {
  return saysOf(model, labelTypeOf(project, model))
}

function labelTypeOf(project: Project, model: Model): ValueType {
  const { source, column } = labelOf(project, model.label)
  return sourceOf(project, source).columns.find(({ name }) => name === column)?.type ?? 'Bool'
}
