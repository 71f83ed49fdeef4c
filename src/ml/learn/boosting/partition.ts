/**
 * Moves the records of a node from one buffer to the other, those that go left to the front in their order, the others to
 * the back in reverse order, in one pass. Returns how many went left. `goesLeft` says it by bin, 1 or 0.
 */
export function partition(
  { stride, source, target }: { stride: number; source: Int32Array; target: Int32Array },
  from: number,
  to: number,
  column: number,
  goesLeft: Uint8Array,
): number {
  const word = column >> 2
  const shift = (column & 3) << 3
  const start = from * stride
  const end = to * stride
  let front = start
  let back = (end - stride) | 0
  for (let at = start; at < end; at = (at + stride) | 0) {
    const left = goesLeft[(source[(at + word) | 0]! >>> shift) & 255]!
    // Choosing the place without a branch: which way a row goes cannot be predicted.
    const place = left === 1 ? front : back
    for (let k = 0; k < stride; k++) target[(place + k) | 0] = source[(at + k) | 0]!
    const step = Math.imul(stride, left)
    front = (front + step) | 0
    back = (back + step - stride) | 0
  }
  return (front - start) / stride
}
