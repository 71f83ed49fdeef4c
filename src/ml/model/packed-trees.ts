/**
 * Trees made ready for walking fast. Each node is two 32-bit words: what it asks, and where its children are, the left one
 * before the right one; nodes stand breadth first per tree. A row is turned into whole numbers once (its rank among the
 * thresholds of a column), so that a question is one subtraction whose sign says right; a leaf asks a column that always says
 * left and leads to itself, so that eight walks go on side by side without a branch, the short ones waiting for the long ones.
 *
 * First word: rank of the threshold (or, of a leaf, its number among the nodes as learned), which side a missing value goes,
 * column. A set of categories that is asked for is a column of its own: 0 where the category is in it, else 1.
 *
 * Made from the arrays of trees.ts when a model is first asked, and not kept in its file: so files of every layout walk like
 * this, the file has one truth that is checked, and this form may change without a new layout.
 */
import { ASKS_SET, inSet, MISSING_LEFT, SET_WORDS } from './questions.ts'
import type { Trees } from './trees.ts'

export type PackedTrees = {
  trees: number
  /** Two words for each node. */
  nodes: Int32Array
  /** Where each tree starts. */
  starts: Int32Array
  /** Bits of a first word below the rank. */
  shift: number
  /** Distinct thresholds of all columns, ascending in each, where each column's start, and the columns that have any. */
  thresholds: Float64Array
  from: Uint32Array
  asked: Uint32Array
  /** The sets that are asked for: of which column, and their words. */
  setColumns: Uint32Array
  setWords: Uint32Array
  /** How many codes a row has: two for each column and set (what is missing goes right, goes left), and those of leaves. */
  codes: number
  /** Of a row as the encoder gives it. */
  columns: number
}

/** Of a missing value that goes right, that goes left, and of a leaf: greater and smaller than every rank. */
const RIGHT = 0x3fffffff
const LEFT = -1

/** Undefined where columns, thresholds and nodes do not fit into a word. */
export function packTrees(trees: Trees, flags: Uint8Array, sets: Uint32Array): PackedTrees | undefined {
  const { feature, right, roots, columns } = trees
  const count = feature.length
  const ranked = rankThresholds(trees, flags)
  const { setOf, setColumns, setWords } = distinctSets(trees, flags, sets)
  // One more for the leaves.
  const bits = Math.ceil(Math.log2(columns + setColumns.length + 1))
  const shift = bits + 1
  if (Math.max(count, ranked.most + 1) > 2 ** Math.min(31 - shift, 29)) return undefined
  const leafWord = columns + setColumns.length
  const nodes = new Int32Array(2 * count)
  const starts = new Int32Array(trees.trees)
  // The nodes of a tree in the order of their places.
  const queue = new Uint32Array(count)
  for (let t = 0; t < trees.trees; t++) {
    const start = roots[t]!
    starts[t] = start
    queue[start] = start
    let next = start + 1
    for (let place = start; place < next; place++) {
      const node = queue[place]!
      if (feature[node]! < 0) {
        nodes[2 * place] = (node << shift) | leafWord
        nodes[2 * place + 1] = place
        continue
      }
      const asksSet = (flags[node]! & ASKS_SET) !== 0
      const column = asksSet ? columns + setOf[node]! : feature[node]!
      const side = (flags[node]! & MISSING_LEFT) === 0 ? 0 : 1
      nodes[2 * place] = ((asksSet ? 0 : ranked.ranks[node]!) << shift) | (side << bits) | column
      nodes[2 * place + 1] = next
      queue[next++] = node + 1
      queue[next++] = right[node]!
    }
  }
  const { thresholds, from } = ranked
  return {
    trees: trees.trees,
    nodes,
    starts,
    shift,
    thresholds,
    from,
    asked: Uint32Array.from({ length: columns }, (_, c) => c).filter((c) => from[c + 1]! > from[c]!),
    setColumns,
    setWords,
    codes: 2 ** shift,
    columns,
  }
}

/** The codes of the encoded row that begins at `at`, written from `to` on. */
export function writeCodes(packed: PackedTrees, row: Float64Array, at: number, codes: Int32Array, to: number): void {
  const { thresholds, from, asked, setColumns, setWords, shift, columns } = packed
  const left = to + 2 ** (shift - 1)
  for (let i = 0; i < asked.length; i++) {
    const c = asked[i]!
    const x = row[at + c]!
    if (Number.isNaN(x)) {
      codes[to + c] = RIGHT
      codes[left + c] = LEFT
      continue
    }
    let low = from[c]!
    const start = low
    // How many thresholds are smaller: halved without a branch that depends on x.
    for (let rest = from[c + 1]! - low; rest > 0; ) {
      const half = rest >>> 1
      const smaller = thresholds[low + half]! < x ? 1 : 0
      low += smaller * (half + 1)
      rest = smaller * (rest - half - 1) + (1 - smaller) * half
    }
    codes[to + c] = low - start
    codes[left + c] = low - start
  }
  for (let s = 0; s < setColumns.length; s++) {
    const x = row[at + setColumns[s]!]!
    const missing = Number.isNaN(x)
    const code = missing || inSet(setWords, s, x) ? 0 : 1
    codes[to + columns + s] = missing ? RIGHT : code
    codes[left + columns + s] = missing ? LEFT : code
  }
  const leaf = columns + setColumns.length
  codes[to + leaf] = LEFT
}

/** The distinct thresholds of each column, and the rank of each node's. */
function rankThresholds({ feature, value, columns }: Trees, flags: Uint8Array) {
  const counts = new Uint32Array(columns + 1)
  const asksNumber = (i: number) => feature[i]! >= 0 && (flags[i]! & ASKS_SET) === 0
  for (let i = 0; i < feature.length; i++) if (asksNumber(i)) counts[feature[i]! + 1]!++
  for (let c = 0; c < columns; c++) counts[c + 1]! += counts[c]!
  const all = new Float64Array(counts[columns]!)
  const at = counts.slice()
  for (let i = 0; i < feature.length; i++) if (asksNumber(i)) all[at[feature[i]!]!++] = value[i]!
  const from = new Uint32Array(columns + 1)
  let size = 0
  let most = 0
  for (let c = 0; c < columns; c++) {
    const own = all.subarray(counts[c]!, counts[c + 1]!).sort()
    from[c] = size
    // Written where they were read, or before.
    for (const threshold of own) if (size === from[c] || threshold !== all[size - 1]) all[size++] = threshold
    most = Math.max(most, size - from[c]!)
  }
  from[columns] = size
  const thresholds = all.slice(0, size)
  const ranks = new Uint32Array(feature.length)
  for (let i = 0; i < feature.length; i++) {
    if (!asksNumber(i)) continue
    const c = feature[i]!
    let low = from[c]!
    for (let high = from[c + 1]!; low < high; ) {
      const middle = (low + high) >>> 1
      if (thresholds[middle]! < value[i]!) low = middle + 1
      else high = middle
    }
    ranks[i] = low - from[c]!
  }
  return { thresholds, from, ranks, most }
}

/** The same set of the same column is asked for once. */
function distinctSets({ feature, value }: Trees, flags: Uint8Array, sets: Uint32Array) {
  const setOf = new Uint32Array(sets.length === 0 ? 0 : feature.length)
  const places = new Map<string, number>()
  const [setColumns, setWords]: [number[], number[]] = [[], []]
  for (let i = 0; i < feature.length; i++) {
    if (feature[i]! < 0 || (flags[i]! & ASKS_SET) === 0) continue
    const words = sets.subarray(value[i]! * SET_WORDS, (value[i]! + 1) * SET_WORDS)
    const key = `${feature[i]} ${words.join(' ')}`
    let place = places.get(key)
    if (place === undefined) {
      place = places.size
      places.set(key, place)
      setColumns.push(feature[i]!)
      setWords.push(...words)
    }
    setOf[i] = place
  }
  return { setOf, setColumns: Uint32Array.from(setColumns), setWords: Uint32Array.from(setWords) }
}
