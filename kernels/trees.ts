/**
 * Walks through packed trees, in AssemblyScript: what src/ml/model/walk-javascript.ts does, to the bit. `npm run build` makes
 * WebAssembly of it; where that is missing, the JavaScript does the work. Places are addresses in bytes.
 */

/** One row, whose codes are at `codes`, through all trees; `leaves` gets a number for each. */
export function walkTrees(trees: i32, nodes: usize, starts: usize, shift: i32, codes: usize, leaves: usize): void {
  const mask = (1 << shift) - 1
  let t = 0
  for (; t + 8 <= trees; t += 8) {
    const from = starts + ((t as usize) << 2)
    let a = load<i32>(from)
    let b = load<i32>(from, 4)
    let c = load<i32>(from, 8)
    let d = load<i32>(from, 12)
    let e = load<i32>(from, 16)
    let f = load<i32>(from, 20)
    let g = load<i32>(from, 24)
    let h = load<i32>(from, 28)
    for (let moved = 1; moved !== 0; ) {
      const i = step(nodes, codes, a, shift, mask)
      const j = step(nodes, codes, b, shift, mask)
      const k = step(nodes, codes, c, shift, mask)
      const l = step(nodes, codes, d, shift, mask)
      const m = step(nodes, codes, e, shift, mask)
      const n = step(nodes, codes, f, shift, mask)
      const o = step(nodes, codes, g, shift, mask)
      const p = step(nodes, codes, h, shift, mask)
      moved = (a ^ i) | (b ^ j) | (c ^ k) | (d ^ l) | (e ^ m) | (f ^ n) | (g ^ o) | (h ^ p)
      a = i
      b = j
      c = k
      d = l
      e = m
      f = n
      g = o
      h = p
    }
    const to = leaves + ((t as usize) << 2)
    store<u32>(to, numberOf(nodes, a, shift))
    store<u32>(to, numberOf(nodes, b, shift), 4)
    store<u32>(to, numberOf(nodes, c, shift), 8)
    store<u32>(to, numberOf(nodes, d, shift), 12)
    store<u32>(to, numberOf(nodes, e, shift), 16)
    store<u32>(to, numberOf(nodes, f, shift), 20)
    store<u32>(to, numberOf(nodes, g, shift), 24)
    store<u32>(to, numberOf(nodes, h, shift), 28)
  }
  for (; t < trees; t++) {
    const at = (t as usize) << 2
    store<u32>(leaves + at, walkOne(nodes, load<i32>(starts + at), codes, shift, mask))
  }
}

/** `rows` rows, whose codes follow each other, through the tree that starts at node `root`. */
export function walkRows(rows: i32, nodes: usize, root: i32, shift: i32, codes: usize, leaves: usize): void {
  const mask = (1 << shift) - 1
  const width: usize = (4 as usize) << shift
  let r = 0
  let own = codes
  for (; r + 8 <= rows; r += 8, own += 8 * width) {
    let a = root
    let b = root
    let c = root
    let d = root
    let e = root
    let f = root
    let g = root
    let h = root
    for (let moved = 1; moved !== 0; ) {
      const i = step(nodes, own, a, shift, mask)
      const j = step(nodes, own + width, b, shift, mask)
      const k = step(nodes, own + 2 * width, c, shift, mask)
      const l = step(nodes, own + 3 * width, d, shift, mask)
      const m = step(nodes, own + 4 * width, e, shift, mask)
      const n = step(nodes, own + 5 * width, f, shift, mask)
      const o = step(nodes, own + 6 * width, g, shift, mask)
      const p = step(nodes, own + 7 * width, h, shift, mask)
      moved = (a ^ i) | (b ^ j) | (c ^ k) | (d ^ l) | (e ^ m) | (f ^ n) | (g ^ o) | (h ^ p)
      a = i
      b = j
      c = k
      d = l
      e = m
      f = n
      g = o
      h = p
    }
    const to = leaves + ((r as usize) << 2)
    store<u32>(to, numberOf(nodes, a, shift))
    store<u32>(to, numberOf(nodes, b, shift), 4)
    store<u32>(to, numberOf(nodes, c, shift), 8)
    store<u32>(to, numberOf(nodes, d, shift), 12)
    store<u32>(to, numberOf(nodes, e, shift), 16)
    store<u32>(to, numberOf(nodes, f, shift), 20)
    store<u32>(to, numberOf(nodes, g, shift), 24)
    store<u32>(to, numberOf(nodes, h, shift), 28)
  }
  for (; r < rows; r++, own += width) {
    store<u32>(leaves + ((r as usize) << 2), walkOne(nodes, root, own, shift, mask))
  }
}

// @ts-expect-error: decorator
@inline
function step(nodes: usize, codes: usize, place: i32, shift: i32, mask: i32): i32 {
  const node = nodes + ((place as usize) << 3)
  const word = load<i32>(node)
  const right = (((word >> shift) - load<i32>(codes + (((word & mask) as usize) << 2))) as u32) >>> 31
  return load<i32>(node, 4) + (right as i32)
}

// @ts-expect-error: decorator
@inline
function numberOf(nodes: usize, place: i32, shift: i32): u32 {
  return load<u32>(nodes + ((place as usize) << 3)) >>> shift
}

function walkOne(nodes: usize, root: i32, codes: usize, shift: i32, mask: i32): u32 {
  let place = root
  for (let before = -1; before !== place; ) {
    before = place
    place = step(nodes, codes, place, shift, mask)
  }
  return numberOf(nodes, place, shift)
}
