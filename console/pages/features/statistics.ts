import type { FeatureViewAnswer, MomentsStatisticsAnswer } from '../../../src/wire/features.ts'
import type { ColumnsAnswer } from '../../../src/wire/snapshots.ts'

type Moments = MomentsStatisticsAnswer['moments']
type Statistics = Moments[number]['features'][number]

/** One feature over the moments, the newest last. Pure. */
export type Line = {
  name: string
  type: string
  from: string
  newest: Statistics | undefined
  /** The mean of numbers, the share of the most frequent value of others. */
  centre: (number | null)[]
  nullShare: (number | null)[]
  distinct: (number | null)[]
}

export function linesOf(view: Pick<FeatureViewAnswer, 'features'>, moments: Moments): Line[] {
  return view.features.map(({ name, type, column, sql }) => {
    const found = moments.map((moment) => moment.features.find((feature) => feature.name === name))
    return {
      name,
      type,
      from: sql ?? column ?? '',
      newest: found.at(-1),
      centre: found.map((one, i) => (one === undefined ? null : (one.mean ?? topShare(one, moments[i]?.rows ?? 0)))),
      nullShare: found.map((one) => one?.nullShare ?? null),
      distinct: found.map((one) => one?.distinct ?? null),
    }
  })
}

function topShare({ top, nulls }: Statistics, rows: number): number | null {
  const [most] = top ?? []
  const there = rows - nulls
  return most && there > 0 ? most.count / there : null
}

/** The bars of the newest snapshot of a column, and those of the one before, in the same bins. */
export function barsOf(
  column: ColumnsAnswer['columns'][number] | undefined,
): { counts: number[]; before: number[] | undefined; names: string[] } | undefined {
  const histogram = column?.histogram
  if (!histogram) return undefined
  const whole = histogram.counts.map((list) => list?.map((count) => count ?? 0))
  // What lies below and above all bins is drawn only where there is something.
  const outside = histogram.kind === 'bins' && whole.every((list) => !list || (list[0] === 0 && list.at(-1) === 0))
  const lists = outside ? whole.map((list) => list?.slice(1, -1)) : whole
  const counts = lists.findLast((list) => list !== undefined)
  if (counts === undefined) return undefined
  const before = lists.slice(0, lists.lastIndexOf(counts)).findLast((list) => list !== undefined)
  const names = histogram.kind === 'values' ? histogram.values : histogram.edges.map(String)
  return { counts, before, names }
}
