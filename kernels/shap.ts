/**
 * Shapley values of one tree, in AssemblyScript: what src/ml/explain/shap-javascript.ts does, to the bit. `npm run build` makes
 * WebAssembly of it; where that is missing, the JavaScript does the work. Places are addresses in bytes.
 */

/**
 * Adds to `phi`, by column, what each column's value of one row adds to the value of the leaf it comes to: Shapley values of
 * one tree. src/ml/explain/shap-javascript.ts says how; the same operations in the same order.
 */
export function explainTree(
  nodes: usize,
  count: usize,
  shift: i32,
  codes: usize,
  values: usize,
  stride: usize,
  points: usize,
  gauss: usize,
  scratch: usize,
  phi: usize,
): void {
  const mask = (1 << shift) - 1
  const end = nodes + (count << 5)
  // By depth: a slot of one-off numbers, then the products, their reciprocals and the sums at the points.
  const lane = points << 3
  const slot: usize = 32 + 3 * lane
  const one = f64x2.splat(1.0)
  store<f64>(scratch, 1.0)
  store<f64>(scratch, 0.0, 8)
  for (let k: usize = 0; k < lane; k += 16) {
    v128.store(scratch + 32 + k, v128.load(gauss + 2 * lane + k))
    v128.store(scratch + 32 + lane + k, one)
    v128.store(scratch + 32 + 2 * lane + k, f64x2.splat(0.0))
  }
  let top = scratch
  ask(nodes, top, shift, mask, codes)
  if (load<i32>(nodes, 8) < 0) return
  for (let node = nodes + 32; node < end; node += 32) {
    const own = scratch + (load<i32>(node, 20) as usize) * slot
    for (; top >= own; top -= slot) close(top, slot, lane, phi, scratch)
    const parent = own - slot
    const former = scratch + (load<i32>(node, 16) as usize) * slot
    const z = load<f64>(node)
    const side = load<f64>(parent, 16)
    const o = (load<i32>(node, 28) === 0 ? side : 1.0 - side) * load<f64>(former)
    store<f64>(own, o)
    store<f64>(own, o - z, 8)
    store<i32>(own, load<i32>(node, 24), 24)
    store<u32>(own, former as u32, 28)
    const zs = f64x2.splat(z)
    const os = f64x2.splat(o)
    if (load<i32>(node, 8) < 0) {
      const value = f64x2.splat(load<f64>(values + (load<i32>(node, 12) as usize) * stride))
      for (let k: usize = 0; k < lane; k += 16) {
        const a = f64x2.add(f64x2.mul(zs, v128.load(gauss + k)), f64x2.mul(os, v128.load(gauss + lane + k)))
        v128.store(own + 32 + lane + k, f64x2.div(one, a))
        const p = f64x2.mul(f64x2.mul(v128.load(parent + 32 + k), a), v128.load(former + 32 + lane + k))
        v128.store(own + 32 + 2 * lane + k, f64x2.mul(p, value))
      }
    } else {
      for (let k: usize = 0; k < lane; k += 16) {
        const a = f64x2.add(f64x2.mul(zs, v128.load(gauss + k)), f64x2.mul(os, v128.load(gauss + lane + k)))
        v128.store(own + 32 + lane + k, f64x2.div(one, a))
        const p = f64x2.mul(f64x2.mul(v128.load(parent + 32 + k), a), v128.load(former + 32 + lane + k))
        v128.store(own + 32 + k, p)
        v128.store(own + 32 + 2 * lane + k, f64x2.splat(0.0))
      }
      ask(node, own, shift, mask, codes)
    }
    top = own
  }
  for (; top > scratch; top -= slot) close(top, slot, lane, phi, scratch)
}

/** Whether the row goes left at a node: 1 or 0. */
// @ts-expect-error: decorator
@inline
function ask(node: usize, own: usize, shift: i32, mask: i32, codes: usize): void {
  const word = load<i32>(node, 8)
  const right = (((word >> shift) - load<i32>(codes + (((word & mask) as usize) << 2))) as u32) >>> 31
  store<f64>(own, (1 - (right as i32)) as f64, 16)
}

/** All below a node is summed: what its edge adds, and its sums to those of its parent. */
// @ts-expect-error: decorator
@inline
function close(own: usize, slot: usize, lane: usize, phi: usize, scratch: usize): void {
  const former = load<u32>(own, 28) as usize
  const parent = own - slot + 32 + 2 * lane
  let first = f64x2.splat(0.0)
  let second = f64x2.splat(0.0)
  for (let k: usize = 0; k < lane; k += 16) {
    const sum = v128.load(own + 32 + 2 * lane + k)
    first = f64x2.add(first, f64x2.mul(sum, v128.load(own + 32 + lane + k)))
    second = f64x2.add(second, f64x2.mul(sum, v128.load(former + 32 + lane + k)))
    v128.store(parent + k, f64x2.add(v128.load(parent + k), sum))
  }
  const to = phi + ((load<i32>(own, 24) as usize) << 3)
  const added = load<f64>(own, 8) * (f64x2.extract_lane(first, 0) + f64x2.extract_lane(first, 1))
  const former_added = load<f64>(former, 8) * (f64x2.extract_lane(second, 0) + f64x2.extract_lane(second, 1))
  store<f64>(to, load<f64>(to) + (added - former_added))
}
