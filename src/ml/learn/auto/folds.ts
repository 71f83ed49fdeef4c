import { createPrng } from '../../../base/prng.ts'

/** The fold of each row: rows of one group are in one fold, since their outcomes are alike. */
export function foldsOfGroups(
  groups: Uint32Array,
  rows: Uint32Array,
  count: number,
  seed: number,
): Map<number, number> {
  const prng = createPrng(seed)
  const own = [...new Set(Array.from(rows, (row) => groups[row]!))]
  for (let i = own.length - 1; i > 0; i--) {
    const j = Math.floor(prng.float() * (i + 1))
    const group = own[i]!
    own[i] = own[j]!
    own[j] = group
  }
  return new Map(own.map((group, i) => [group, i % count]))
}

/** About `share` of the rows, evenly spread over the order that the groups were drawn in; all for 1. */
export function thin(rows: Uint32Array, share: number): Uint32Array {
  const step = Math.round(1 / share)
  return step <= 1 ? rows : rows.filter((_, i) => i % step === 0)
}
