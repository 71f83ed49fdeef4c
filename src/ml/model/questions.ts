/** What a node of a tree asks beside a threshold: by node, flags of these. */
export const MISSING_LEFT = 1
export const ASKS_SET = 2
/** Words of a set: categories of one column are 0 … 255 at most. */
export const SET_WORDS = 8

export function inSet(sets: Uint32Array, set: number, category: number): boolean {
  return ((sets[set * SET_WORDS + (category >>> 5)]! >>> (category & 31)) & 1) === 1
}

/** Of trees: by node its flags, and the sets that are asked for. */
export type Questions = { flags: Uint8Array; sets: Uint32Array }
