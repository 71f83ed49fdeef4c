/**
 * What trees ask, in whole numbers. A row is turned into codes once: its rank among the thresholds of each column, so that a
 * question is one subtraction whose sign says right. A set of categories that is asked for is a column of its own: its code is
 * 0 where the category is in it, else 1. A question is one 32-bit word: rank of the threshold, which side a missing value goes,
 * column.
 */
import { ASKS_SET, inSet, MISSING_LEFT, type Questions, SET_WORDS } from './questions.ts'
import type { Trees } from './trees.ts'

export type RankedQuestions = {
  /** By node, its question; 0 in a leaf. */
  words: Int32Array
  /** Bits of a word below the rank. */
  shift: number
  /** A column whose codes always say left: what leaves ask. */
  nothing: number
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

/** Undefined where columns and thresholds do not fit into a word. */
export function rankQuestions(trees: Trees, { flags, sets }: Questions): RankedQuestions | undefined {
  const { feature, columns } = trees
  const { thresholds, from, ranks, most } = rankThresholds(trees, flags)
  const { setOf, setColumns, setWords } = distinctSets(trees, flags, sets)
  const nothing = columns + setColumns.length
  const bits = Math.ceil(Math.log2(nothing + 1))
  const shift = bits + 1
  if (most + 1 > ranksOf(shift)) return undefined
  const words = new Int32Array(feature.length)
  for (let i = 0; i < words.length; i++) {
    if (feature[i]! < 0) continue
    const asksSet = (flags[i]! & ASKS_SET) !== 0
    const side = (flags[i]! & MISSING_LEFT) === 0 ? 0 : 1
    const [rank, column] = asksSet ? [0, columns + setOf[i]!] : [ranks[i]!, feature[i]!]
    words[i] = (rank << shift) | (side << bits) | column
  }
  const asked = Uint32Array.from({ length: columns }, (_, c) => c).filter((c) => from[c + 1]! > from[c]!)
  return { words, shift, nothing, thresholds, from, asked, setColumns, setWords, codes: 2 ** shift, columns }
}

/** How many numbers the upper part of a word can hold. */
export function ranksOf(shift: number): number {
  return 2 ** Math.min(31 - shift, 29)
}

/** The codes of the encoded row that begins at `at`, written from `to` on. */
export function writeCodes(ranks: RankedQuestions, row: Float64Array, at: number, codes: Int32Array, to: number): void {
  const { thresholds, from, asked, setColumns, setWords, shift, columns } = ranks
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
