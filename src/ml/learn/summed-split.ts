/**
 * The best threshold of one column in one node by sums of weights, for any outcome: classes have a sum for each class, numbers
 * one of weight times value. The score is Σ over both sides of (Σ over sums s²) / weight: greatest where the weighted Gini
 * impurity, or the variance, is least. Missing values are tried on both sides. Sums are of floating point and taken in the
 * order of the rows of the node, which is the same in every thread.
 */
import type { RankCodes } from './rank-codes.ts'

/** What is summed: `labels` for classes, else `values`. `weights`: of each row in this tree, 0 where it was not drawn. */
export type Summed = {
  data: RankCodes
  sums: number
  labels: Uint8Array | null
  values: Float64Array | null
  weights: Float64Array
}

export type SummedSplit = { column: number; score: number; code: number; threshold: number; missingLeft: boolean }

export type SummedSearch = {
  task: Summed
  minLeaf: number
  /** Rows of a node by rising code; the missing ones behind them. */
  order: Uint32Array
  keys: Float64Array
  counts: Uint32Array
  /** The sums of the node, of the left side, and of its missing rows; the weight stands last. */
  all: Float64Array
  left: Float64Array
  missing: Float64Array
}

export function createSummedSearch(task: Summed, minLeaf: number): SummedSearch {
  const { rows } = task.data
  const vector = () => new Float64Array(task.sums + 1)
  return {
    task,
    minLeaf,
    order: new Uint32Array(rows),
    keys: new Float64Array(rows),
    counts: new Uint32Array(COUNTED_MAX * rows + 1),
    all: vector(),
    left: vector(),
    missing: vector(),
  }
}

export function emptySummedSplit(): SummedSplit {
  return { column: -1, score: -Infinity, code: 0, threshold: 0, missingLeft: false }
}

export function addRow({ sums, labels, values, weights }: Summed, row: number, into: Float64Array): void {
  const weight = weights[row]!
  if (labels !== null) into[labels[row]!]! += weight
  else into[0]! += weight * values![row]!
  into[sums]! += weight
}

/** Codes of up to so many times the rows are counted, more of them sorted. */
const COUNTED_MAX = 4
/** Above every number of a row. */
const ROW_BASE = 2 ** 22

/** Sets `order` to the rows of the node by code, and tells how many have a value. */
function orderRows(s: SummedSearch, rows: Uint32Array, start: number, end: number, column: number): number {
  const { data } = s.task
  const { codes } = data
  const base = column * data.rows
  const missingCode = data.offsets[column + 1]! - data.offsets[column]!
  let low = missingCode
  let high = -1
  for (let i = start; i < end; i++) {
    const code = codes[base + rows[i]!]!
    if (code === missingCode) continue
    if (code < low) low = code
    if (code > high) high = code
  }
  const range = high - low + 1
  let present = 0
  if (high >= 0 && range <= COUNTED_MAX * (end - start)) {
    const { counts, order } = s
    counts.fill(0, 0, range + 1)
    for (let i = start; i < end; i++) {
      const code = codes[base + rows[i]!]!
      if (code !== missingCode) counts[code - low + 1]!++
    }
    for (let k = 1; k <= range; k++) counts[k]! += counts[k - 1]!
    present = counts[range]!
    for (let i = start; i < end; i++) {
      const row = rows[i]!
      const code = codes[base + row]!
      if (code !== missingCode) order[counts[code - low]!++] = row
    }
  } else if (high >= 0) {
    for (let i = start; i < end; i++) {
      const code = codes[base + rows[i]!]!
      if (code !== missingCode) s.keys[present++] = code * ROW_BASE + rows[i]!
    }
    s.keys.subarray(0, present).sort()
    for (let i = 0; i < present; i++) s.order[i] = s.keys[i]! % ROW_BASE
  }
  let behind = present
  for (let i = start; i < end; i++) if (codes[base + rows[i]!]! === missingCode) s.order[behind++] = rows[i]!
  return present
}

/** Writes the best split of `column` into `best` if it scores higher; false when the column is constant in the node. */
export function searchSummed(
  s: SummedSearch,
  rows: Uint32Array,
  { start, end }: { start: number; end: number },
  column: number,
  best: SummedSplit,
): boolean {
  const present = orderRows(s, rows, start, end, column)
  const count = end - start
  if (present === 0 || (isConstant(s, column, present) && present === count)) return false
  sumMissing(s, present, count)
  scan(s, column, present, count, false, best)
  if (present < count) scan(s, column, present, count, true, best)
  return true
}

/** One threshold drawn between the least and the greatest value of the node, instead of the best (Geurts et al. 2006). */
export function drawSummed(
  s: SummedSearch,
  rows: Uint32Array,
  { start, end }: { start: number; end: number },
  column: number,
  chance: number,
  best: SummedSplit,
): boolean {
  const { data } = s.task
  const present = orderRows(s, rows, start, end, column)
  const count = end - start
  if (present === 0 || (isConstant(s, column, present) && present === count)) return false
  const codeAt = (i: number) => data.codes[column * data.rows + s.order[i]!]!
  const valueAt = (code: number) => data.values[data.offsets[column]! + code]!
  const [least, greatest] = [valueAt(codeAt(0)), valueAt(codeAt(present - 1))]
  const between = least * (1 - chance) + greatest * chance
  const threshold = between >= least && between < greatest ? between : least
  sumMissing(s, present, count)
  let on = 0
  s.left.fill(0)
  while (on < present && valueAt(codeAt(on)) <= threshold) addRow(s.task, s.order[on++]!, s.left)
  const code = codeAt(on - 1)
  // All values on one side of those that are missing.
  const cut = on === present ? Infinity : threshold
  tryBoundary(
    s,
    column,
    { code, threshold: cut, leftRows: on, count, missingRows: count - present, missingLeft: false },
    best,
  )
  if (on === present || present === count) return true
  for (let c = 0; c < s.left.length; c++) s.left[c]! += s.missing[c]!
  const leftRows = on + count - present
  tryBoundary(
    s,
    column,
    { code, threshold: cut, leftRows, count, missingRows: count - present, missingLeft: true },
    best,
  )
  return true
}

function isConstant({ task: { data }, order }: SummedSearch, column: number, present: number): boolean {
  const base = column * data.rows
  return data.codes[base + order[0]!] === data.codes[base + order[present - 1]!]
}

function sumMissing(s: SummedSearch, present: number, count: number): void {
  s.missing.fill(0)
  for (let i = present; i < count; i++) addRow(s.task, s.order[i]!, s.missing)
}

function scan(
  s: SummedSearch,
  column: number,
  present: number,
  count: number,
  missingLeft: boolean,
  best: SummedSplit,
) {
  const { data } = s.task
  const base = column * data.rows
  if (missingLeft) s.left.set(s.missing)
  else s.left.fill(0)
  const missingRows = count - present
  for (let i = 0; i < present; i++) {
    const row = s.order[i]!
    addRow(s.task, row, s.left)
    const code = data.codes[base + row]!
    const last = i === present - 1
    // With missing rows on the right, all values against them is a boundary too.
    if (last && (missingLeft || missingRows === 0)) break
    const next = last ? -1 : data.codes[base + s.order[i + 1]!]!
    if (next === code) continue
    const threshold = last ? Infinity : midpoint(data, column, code, next)
    const leftRows = i + 1 + (missingLeft ? missingRows : 0)
    tryBoundary(s, column, { code, threshold, leftRows, count, missingRows, missingLeft }, best)
  }
}

type Boundary = {
  code: number
  threshold: number
  leftRows: number
  count: number
  missingRows: number
  missingLeft: boolean
}

function tryBoundary(s: SummedSearch, column: number, at: Boundary, best: SummedSplit): void {
  const { minLeaf, all, left, task } = s
  const rightRows = at.count - at.leftRows
  if (at.leftRows < minLeaf || rightRows < minLeaf) return
  const leftWeight = left[task.sums]!
  const rightWeight = all[task.sums]! - leftWeight
  // Rounding of very different weights may leave nothing of a side.
  if (!(leftWeight > 0 && rightWeight > 0)) return
  let [l, r] = [0, 0]
  for (let c = 0; c < task.sums; c++) {
    const own = left[c]!
    const other = all[c]! - own
    l += own * own
    r += other * other
  }
  const score = l / leftWeight + r / rightWeight
  if (!(score > best.score)) return
  best.score = score
  best.column = column
  best.code = at.code
  best.threshold = at.threshold
  // Where training saw no missing value in a node, a later one goes with the greater part, as in scikit-learn.
  best.missingLeft = at.missingRows > 0 ? at.missingLeft : at.leftRows > rightRows
}

function midpoint(data: RankCodes, column: number, below: number, above: number): number {
  const a = data.values[data.offsets[column]! + below]!
  const b = data.values[data.offsets[column]! + above]!
  const middle = a / 2 + b / 2
  return middle >= a && middle < b ? middle : a
}
