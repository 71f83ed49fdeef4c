import type { HistoryAnswer } from '../../../src/wire/entities.ts'
import type { TimeCell } from '../../../src/wire/time.ts'

type Fact = HistoryAnswer['facts'][number]

/** One feature of an entity over all moments that are known now, the newest last. Pure. */
export type HistoryLine = {
  view: string
  feature: string
  type: string
  /** One for each moment: of several versions the newest that counts. */
  points: { at: string; value: TimeCell; snapshot: string }[]
  /** Versions of a moment beside the one that counts: corrected, or withdrawn. */
  others: number
}

export function historyLines({ views, facts }: Pick<HistoryAnswer, 'views' | 'facts'>): HistoryLine[] {
  return views.flatMap(({ view, features }) => {
    // Newest recorded first, so the first of a moment that was not withdrawn is the one that counts.
    const mine = facts.filter((fact) => fact.view === view)
    const counting = new Map<string, Fact>()
    for (const fact of mine) {
      if (fact.withdrawn_at === null && !counting.has(fact.valid_at)) counting.set(fact.valid_at, fact)
    }
    const inOrder = [...counting.values()].sort((a, b) => (a.valid_at < b.valid_at ? -1 : 1))
    return features.map(({ name, type }, i) => ({
      view,
      feature: name,
      type,
      points: inOrder.map((fact) => ({ at: fact.valid_at, value: fact.values[i] ?? null, snapshot: fact.snapshot })),
      others: mine.length - counting.size,
    }))
  })
}

/** For a line: numbers as they are, true and false as 1 and 0, what else there is has none. */
export function numberOfCell(value: TimeCell): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'boolean' ? Number(value) : null
}
