import type { Model } from '../ml/model/model-file.ts'
import type { Label } from '../ml/model/outcome.ts'

/** A column of the result: an expression over the numbers that were computed for a row. */
export type ScoreColumn = { name: string; sql: string }

/**
 * What is computed of a row, in this order: the place of the class that is said (none for a number), the outputs, and with
 * `explain` the base and what each input adds.
 */
export function computedNames(model: Model, explain: boolean): string[] {
  const { outcome, encoder, out } = model
  const inputs = encoder.spec.inputs.map((_, i) => `c${i}`)
  const said = outcome.kind === 'regression' ? [] : ['said']
  return [...said, ...Array.from(out, (_, k) => `y${k}`), ...(explain ? ['base', ...inputs] : [])]
}

export function scoreColumns({ outcome, encoder }: Model, explain: boolean): ScoreColumn[] {
  const reasons = explain
    ? [
        { name: 'base', sql: 's.base' },
        ...encoder.spec.inputs.map(({ name }, i) => ({ name: `contribution_${name}`, sql: `s.c${i}` })),
      ]
    : []
  if (outcome.kind === 'regression') return [{ name: 'prediction', sql: 's.y0' }, ...reasons]
  const prediction = { name: 'prediction', sql: labelSql(outcome.classes) }
  if (outcome.kind === 'binary') return [prediction, { name: 'probability', sql: 's.y0' }, ...reasons]
  const shares = outcome.classes.map((label, k) => ({ name: `probability_${label}`, sql: `s.y${k}` }))
  return [prediction, ...shares, ...reasons]
}

/** The label of the class that is said, in the type that labels have. */
function labelSql(classes: readonly Label[]): string {
  const cases = classes.map((label, k) => `WHEN ${k} THEN ${literalOf(label)}`)
  return `CASE s.said ${cases.join(' ')} END`
}

function literalOf(label: Label): string {
  return typeof label === 'string' ? `'${label.replaceAll("'", "''")}'` : String(label)
}
