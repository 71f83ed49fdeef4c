import type { RankCodes } from './rank-codes.ts'
import { sortKeys } from './sort-keys.ts'

/**
 * The best threshold of one column in one node, exactly: every boundary between two values that occur in the node is
 * scored. Counts are integers (how often the bootstrap drew a row) and are weighted only when a boundary is scored, so
 * the result does not depend on the order of the rows. The score is Σ over both sides of (Σ over classes w²) / Σ w:
 * greatest where the weighted Gini impurity is least. Missing values are tried on the right and on the left.
 */
export type Split = {
  column: number
  score: number
  /** Codes up to this go left, and so do values up to the threshold. */
  code: number
  threshold: number
  missingLeft: boolean
  /** Draws of class 0 and 1 that go left. */
  left0: number
  left1: number
}

/** Rows start … end - 1 of the tree's row list; n0 and n1 are draws of the two classes among them. */
export type Node = { start: number; end: number; n0: number; n1: number }

export type SplitSearch = {
  data: RankCodes
  /** For each row: times drawn · 2 + class. At most MAX_DRAWS times, so that a key of 8 bits holds it. */
  draws: Uint8Array
  weight0: number
  weight1: number
  minLeaf: number
  keys: Uint32Array
  keysOther: Uint32Array
  histogram: Uint32Array
  /** The distinct codes of the node in ascending order: code, draws of class 0, of class 1, rows. */
  groups: Uint32Array
}

/** Drawing one row more often than this in a bootstrap has a probability below 1e-200. */
export const MAX_DRAWS = 127

export function createSplitSearch(
  data: RankCodes,
  draws: Uint8Array,
  weights: readonly [number, number],
  minLeaf: number,
): SplitSearch {
  const n = data.rows
  return {
    data,
    draws,
    weight0: weights[0],
    weight1: weights[1],
    minLeaf,
    keys: new Uint32Array(n),
    keysOther: new Uint32Array(n),
    histogram: new Uint32Array(3 * (2 * n + 1)),
    groups: new Uint32Array(4 * n),
  }
}

export function emptySplit(): Split {
  return { column: -1, score: -Infinity, code: 0, threshold: 0, missingLeft: false, left0: 0, left1: 0 }
}

/** Writes the best split of `column` into `best` if it scores higher; false when the column is constant in the node. */
export function searchColumn(s: SplitSearch, rows: Uint32Array, node: Node, column: number, best: Split): boolean {
  const { data, draws, keys } = s
  const codes = data.codes
  const base = column * data.rows
  const missingCode = data.offsets[column + 1]! - data.offsets[column]!
  let present = 0
  let low = missingCode
  let high = 0
  let missing0 = 0
  let missing1 = 0
  for (let i = node.start; i < node.end; i++) {
    const row = rows[i]!
    const code = codes[base + row]!
    const draw = draws[row]!
    if (code === missingCode) {
      if (draw & 1) missing1 += draw >>> 1
      else missing0 += draw >>> 1
      continue
    }
    if (code < low) low = code
    if (code > high) high = code
    keys[present++] = (code << 8) | draw
  }
  const missingRows = node.end - node.start - present
  if (present === 0 || (low === high && missingRows === 0)) return false
  // Counting touches every code of the range, sorting every row a few times: measured equal near a range of 2 · rows.
  const many = high - low > 2 * present
  const groups = many ? groupBySorting(s, present, low, high) : groupByCounting(s, present, low, high)
  scan(s, node, column, groups, 0, 0, 0, missingRows, best)
  if (missingRows > 0) scan(s, node, column, groups, missing0, missing1, missingRows, missingRows, best)
  return true
}

/**
 * Scores each boundary. The counts that are handed in (the missing rows, when they go left) are on the left from the
 * start. With missing rows on the right the last boundary, all values against the missing, counts too.
 */
function scan(
  s: SplitSearch,
  node: Node,
  column: number,
  groups: number,
  from0: number,
  from1: number,
  fromRows: number,
  missingRows: number,
  best: Split,
): void {
  const { weight0, weight1, minLeaf, groups: g } = s
  const rows = node.end - node.start
  const boundaries = missingRows > 0 && fromRows === 0 ? groups : groups - 1
  let left0 = from0
  let left1 = from1
  let leftRows = fromRows
  for (let i = 0; i < boundaries; i++) {
    left0 += g[4 * i + 1]!
    left1 += g[4 * i + 2]!
    leftRows += g[4 * i + 3]!
    if (leftRows < minLeaf) continue
    if (rows - leftRows < minLeaf) break
    const l0 = left0 * weight0
    const l1 = left1 * weight1
    // Subtracted as counts: a pure side scores exactly as one, and mirrored splits exactly alike.
    const r0 = (node.n0 - left0) * weight0
    const r1 = (node.n1 - left1) * weight1
    const score = (l0 * l0 + l1 * l1) / (l0 + l1) + (r0 * r0 + r1 * r1) / (r0 + r1)
    if (score <= best.score) continue
    best.score = score
    best.column = column
    best.code = g[4 * i]!
    best.left0 = left0
    best.left1 = left1
    best.threshold = i === groups - 1 ? Infinity : midpoint(s.data, column, g[4 * i]!, g[4 * (i + 1)]!)
    // Where training saw no missing value in a node, a later one goes with the greater part, as in scikit-learn.
    best.missingLeft = missingRows > 0 ? fromRows > 0 : leftRows > rows - leftRows
  }
}

function midpoint(data: RankCodes, column: number, below: number, above: number): number {
  const a = data.values[data.offsets[column]! + below]!
  const b = data.values[data.offsets[column]! + above]!
  const middle = a / 2 + b / 2
  return middle >= a && middle < b ? middle : a
}

function groupByCounting(s: SplitSearch, present: number, low: number, high: number): number {
  const { keys, histogram, groups } = s
  const range = high - low + 1
  histogram.fill(0, 0, 3 * range)
  for (let i = 0; i < present; i++) {
    const key = keys[i]!
    const at = 3 * ((key >>> 8) - low)
    histogram[at + (key & 1)]! += (key & 255) >>> 1
    histogram[at + 2]!++
  }
  let n = 0
  for (let k = 0; k < range; k++) {
    const count = histogram[3 * k + 2]!
    if (count === 0) continue
    groups[4 * n] = low + k
    groups[4 * n + 1] = histogram[3 * k]!
    groups[4 * n + 2] = histogram[3 * k + 1]!
    groups[4 * n + 3] = count
    n++
  }
  return n
}

function groupBySorting(s: SplitSearch, present: number, low: number, high: number): number {
  const sorted = sortKeys(s.keys, s.keysOther, present, low, high)
  const groups = s.groups
  let n = -1
  let code = -1
  for (let i = 0; i < present; i++) {
    const key = sorted[i]!
    if (key >>> 8 !== code) {
      code = key >>> 8
      n++
      groups[4 * n] = code
      groups[4 * n + 1] = 0
      groups[4 * n + 2] = 0
      groups[4 * n + 3] = 0
    }
    groups[4 * n + 1 + (key & 1)]! += (key & 255) >>> 1
    groups[4 * n + 3]!++
  }
  return n + 1
}
