import { rankScores } from './ranked.ts'

/** When the `share` of rows with the highest scores is taken: how much of all positives is among them, and how many times more than by chance. */
export type LiftPoint = { share: number; gain: number; lift: number }

/** At `parts` even shares, or at each row where there are fewer. Rows of one score count by their mean, so that the curve does not depend on their order. */
export function liftPoints(labels: Uint8Array, scores: Float64Array, parts = 20): LiftPoint[] {
  const { order, starts } = rankScores(scores)
  const rows = order.length
  const expected = new Float64Array(rows + 1)
  for (let g = 0; g + 1 < starts.length; g++) {
    const [from, to] = [starts[g]!, starts[g + 1]!]
    let positive = 0
    for (let i = from; i < to; i++) positive += labels[order[i]!]!
    for (let i = from; i < to; i++) expected[i + 1] = expected[from]! + (positive * (i + 1 - from)) / (to - from)
  }
  const positives = expected[rows]!
  const points = Math.min(parts, rows)
  return Array.from({ length: points }, (_, p) => {
    const taken = Math.round((rows * (p + 1)) / points)
    const share = taken / rows
    const gain = expected[taken]! / positives
    return { share, gain, lift: gain / share }
  })
}
