import { categoriesOf, type EncodedColumn, type EncoderSpec, encoderOf, type InputColumn } from '../model/encoder.ts'
import type { Matrix } from '../model/trees.ts'
import { learnCategories, SET_CATEGORIES_MAX, writeOutOfFold } from './boosting/categories.ts'
import type { Task } from './task.ts'

/** Of more categories than that only the most frequent ones are told apart, where a mean of outcomes says nothing. */
const FREQUENT_MAX = 255

/**
 * What the strings of a task become: categories where there are few, else means of their outcomes (boosting/categories.ts).
 * Of several classes there is no one mean: of many categories the most frequent ones are told apart, others count as missing.
 */
export function learnTexts(task: Task, seed: number): { encoder: EncoderSpec; writeOutOfFold(part: Matrix): void } {
  const { inputs, target, train } = task
  if (target.kind === 'multiclass') return { encoder: frequentCategories(inputs, train), writeOutOfFold: () => {} }
  const outcomes = target.kind === 'binary' ? target.labels : target.values
  const encoder = learnCategories(inputs, outcomes, train)
  return { encoder, writeOutOfFold: (part) => writeOutOfFold(part, encoder, inputs, outcomes, train, seed) }
}

function frequentCategories(inputs: readonly InputColumn[], train: Uint32Array): EncoderSpec {
  return encoderOf(inputs, (input): EncodedColumn[] => {
    const categories = categoriesOf(input)
    if (categories.length === 0) return []
    if (categories.length <= SET_CATEGORIES_MAX) return [{ kind: 'category', input: input.name, categories }]
    const counts = new Map(categories.map((category) => [category, 0]))
    for (const row of train) {
      const category = String(input.values[row])
      if (input.valid[row] === 1) counts.set(category, counts.get(category)! + 1)
    }
    const byCount = [...counts].filter(([, count]) => count > 0).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    const kept = byCount.slice(0, FREQUENT_MAX).map(([category]) => category)
    return [{ kind: 'category', input: input.name, categories: kept.sort() }]
  })
}
