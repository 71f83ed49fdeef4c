import { createPrng, type Prng } from '../../src/base/prng.ts'
import { ASKS_SET, MISSING_LEFT, type Questions, SET_WORDS } from '../../src/ml/model/questions.ts'
import type { Trees } from '../../src/ml/model/trees.ts'

export type RandomTrees = Trees & Questions & { isCategory: boolean[]; cover: Float32Array }

type Wanted = { trees: number; columns: number; depth: number; categories?: number }

/** Trees of all shapes: single leaves, repeated questions, equal and infinite thresholds, sets, either side for missing. */
export function randomTrees(seed: number, { trees, columns, depth, categories = 0 }: Wanted): RandomTrees {
  const prng = createPrng(seed)
  const isCategory = Array.from({ length: columns }, () => categories > 0 && prng.int(3) === 0)
  const arrays = { feature: [], right: [], value: [], flags: [], cover: [], sets: [] } as Record<string, number[]>
  const roots = [0]
  for (let t = 0; t < trees; t++) {
    grow(prng, arrays, { columns, depth: prng.int(10) === 0 ? 0 : depth, categories, isCategory }, 1 + prng.int(1_000))
    roots.push(arrays.feature!.length)
  }
  return {
    trees,
    columns,
    roots: Uint32Array.from(roots),
    feature: Int16Array.from(arrays.feature!),
    right: Uint32Array.from(arrays.right!),
    value: Float64Array.from(arrays.value!),
    cover: Float32Array.from(arrays.cover!),
    flags: Uint8Array.from(arrays.flags!),
    sets: Uint32Array.from(arrays.sets!),
    isCategory,
  }
}

const THRESHOLDS = [-1, -0.5, 0, 0, 0.25, 1, 3, Infinity]

type Limits = { columns: number; depth: number; categories: number; isCategory: boolean[] }

function grow(prng: Prng, arrays: Record<string, number[]>, limits: Limits, cover: number): void {
  const { feature, right, value, flags, sets } = arrays as Record<
    'feature' | 'right' | 'value' | 'flags' | 'sets',
    number[]
  >
  const at = feature.length
  arrays.cover!.push(cover)
  right.push(0)
  if (limits.depth === 0 || prng.int(6) === 0) {
    feature.push(-1)
    value.push(prng.normal())
    flags.push(0)
    return
  }
  const column = prng.int(limits.columns)
  feature.push(column)
  const side = prng.int(2) === 0 ? MISSING_LEFT : 0
  if (limits.isCategory[column]) {
    value.push(sets.length / SET_WORDS)
    flags.push(side | ASKS_SET)
    const words = new Uint32Array(SET_WORDS)
    for (let c = 0; c < limits.categories; c++) if (prng.int(2) === 0) words[c >> 5]! |= 2 ** (c & 31)
    sets.push(...words)
  } else {
    value.push(prng.int(3) === 0 ? prng.normal() : THRESHOLDS[prng.int(THRESHOLDS.length)]!)
    flags.push(side)
  }
  // Eighths, so that float32 covers sum exactly and some parts are small.
  const left = Math.max(1, Math.floor(cover * 8 * prng.float())) / 8
  const deeper = { ...limits, depth: limits.depth - 1 }
  grow(prng, arrays, deeper, left)
  right[at] = feature.length
  grow(prng, arrays, deeper, Math.max(0.125, cover - left))
  arrays.cover![at] = arrays.cover![at + 1]! + arrays.cover![right[at]!]!
}

/** A row for them: thresholds themselves, values between, infinities, zeros of both signs, and nothing. */
export function randomRow(prng: Prng, { columns, isCategory }: RandomTrees, categories: number): Float64Array {
  return Float64Array.from({ length: columns }, (_, c) => {
    if (prng.int(5) === 0) return Number.NaN
    if (isCategory[c]) return prng.int(categories)
    const plain = [-0, Infinity, -Infinity, ...THRESHOLDS]
    return prng.int(2) === 0 ? plain[prng.int(plain.length)]! : prng.normal()
  })
}
