import type { ComparedRow, ComparisonAnswer } from '../../../src/wire/comparison.ts'

/** A param or metric as an axis: numbers, or words with their order. */
export type AxisColumn = { id: string; name: string; values: (number | null)[]; words?: string[] }

/** All that can be an axis: what differs, params first. A param is a number where all that there is of it are numbers. */
export function axisColumns({ params, metrics }: Pick<ComparisonAnswer, 'params' | 'metrics'>): AxisColumn[] {
  return [...params.map((row) => ofParam(row)), ...metrics.map((row) => ofMetric(row))]
}

function ofMetric({ key, values }: ComparedRow): AxisColumn {
  return { id: `metrics.${key}`, name: key, values: values.map((value) => (typeof value === 'number' ? value : null)) }
}

function ofParam({ key, values }: ComparedRow): AxisColumn {
  const [id, name] = [`params.${key}`, key]
  const there = values.filter((value) => value !== null)
  const numbers = there.every((value) => String(value).trim() !== '' && Number.isFinite(Number(value)))
  if (numbers) return { id, name, values: values.map((value) => (value === null ? null : Number(value))) }
  const words = [...new Set(there.map(String))].sort()
  return { id, name, words, values: values.map((value) => (value === null ? null : words.indexOf(String(value)))) }
}

/** The values of one column by those of another, in the order of their names. */
export function groupsOf(by: AxisColumn, of: AxisColumn): { name: string; values: number[] }[] {
  const groups = new Map<string, number[]>()
  of.values.forEach((value, i) => {
    const at = by.values[i]
    if (value === null || at === null || at === undefined) return
    const name = by.words?.[at] ?? String(at)
    groups.set(name, [...(groups.get(name) ?? []), value])
  })
  return [...groups]
    .map(([name, values]) => ({ name, values }))
    .sort((a, b) => Number(a.name) - Number(b.name) || (a.name < b.name ? -1 : 1))
}
