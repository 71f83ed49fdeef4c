const BITS = 6
const BUCKETS = 1 << BITS
const counts = new Uint32Array(BUCKETS)

/**
 * Sorts the first `n` keys by code (key >>> 8, all within low … high) and returns the array that holds the result, one
 * of the two given. Insertion for the many small nodes, else passes of 6 bits: a node of some hundred rows would pay
 * more for clearing 256 counters than for one more pass.
 */
export function sortKeys(keys: Uint32Array, other: Uint32Array, n: number, low: number, high: number): Uint32Array {
  if (n <= 32) {
    insertionSort(keys, n)
    return keys
  }
  let from = keys
  let to = other
  for (let shift = 0; (high - low) >>> shift > 0; shift += BITS) {
    counts.fill(0)
    for (let i = 0; i < n; i++) counts[(((from[i]! >>> 8) - low) >>> shift) & (BUCKETS - 1)]!++
    let at = 0
    for (let b = 0; b < BUCKETS; b++) {
      const count = counts[b]!
      counts[b] = at
      at += count
    }
    for (let i = 0; i < n; i++) to[counts[(((from[i]! >>> 8) - low) >>> shift) & (BUCKETS - 1)]!++] = from[i]!
    const swap = from
    from = to
    to = swap
  }
  return from
}

function insertionSort(keys: Uint32Array, n: number): void {
  for (let i = 1; i < n; i++) {
    const key = keys[i]!
    let j = i - 1
    while (j >= 0 && keys[j]! > key) {
      keys[j + 1] = keys[j]!
      j--
    }
    keys[j + 1] = key
  }
}
