/**
 * Rows by falling score, with the places where another score begins: `order[starts[g]] … order[starts[g + 1] - 1]` are the
 * rows of the g-th highest score. Sorted once, it serves every measure of ranking and every resample of the rows.
 */
export type Ranked = { order: Uint32Array; starts: Uint32Array }

export function rankScores(scores: Float64Array): Ranked {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!)
  const starts = new Uint32Array(order.length + 1)
  let groups = 0
  for (let i = 0; i < order.length; i++) {
    if (i === 0 || scores[order[i]!] !== scores[order[i - 1]!]) starts[groups++] = i
  }
  starts[groups] = order.length
  return { order, starts: starts.slice(0, groups + 1) }
}

/** How many positives and negatives (each row counted `counts[row]` times, else once) have each score, the highest first. */
export function countRanked(
  { order, starts }: Ranked,
  labels: Uint8Array,
  counts?: ArrayLike<number>,
): { positive: Float64Array; negative: Float64Array } {
  const groups = starts.length - 1
  const positive = new Float64Array(groups)
  const negative = new Float64Array(groups)
  for (let g = 0; g < groups; g++) {
    for (let i = starts[g]!; i < starts[g + 1]!; i++) {
      const row = order[i]!
      const n = counts === undefined ? 1 : counts[row]!
      if (labels[row] === 1) positive[g]! += n
      else negative[g]! += n
    }
  }
  return { positive, negative }
}
