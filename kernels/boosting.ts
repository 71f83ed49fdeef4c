/**
 * The loops of boosting that take the time, in AssemblyScript: what src/ml/learn/boosting/plain/ does, to the bit.
 * `npm run build` makes WebAssembly of it; where that is missing, the JavaScript does the work.
 *
 * All places are addresses in bytes of one memory that the threads share. What a function does is said in kernel-set.ts.
 */

// --- sums of a histogram: 256 lanes of 64 bits for each column, gradients in the high half, hessians in the low one

// @ts-expect-error: decorator
@inline
function laneOf(place: usize): i64 {
  const both = load<i32>(place)
  return (((both >> 16) as i64) << 32) + ((both & 0xffff) as i64)
}

// The place of a column among the bins and among the lanes must be written out: it becomes part of the instruction.
// @ts-expect-error: decorator
@inline
function add0(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins) as usize) << 3)
  store<i64>(at, load<i64>(at) + value)
}
// @ts-expect-error: decorator
@inline
function add1(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins, 1) as usize) << 3)
  store<i64>(at, load<i64>(at, 2048) + value, 2048)
}
// @ts-expect-error: decorator
@inline
function add2(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins, 2) as usize) << 3)
  store<i64>(at, load<i64>(at, 4096) + value, 4096)
}
// @ts-expect-error: decorator
@inline
function add3(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins, 3) as usize) << 3)
  store<i64>(at, load<i64>(at, 6144) + value, 6144)
}
// @ts-expect-error: decorator
@inline
function add4(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins, 4) as usize) << 3)
  store<i64>(at, load<i64>(at, 8192) + value, 8192)
}
// @ts-expect-error: decorator
@inline
function add5(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins, 5) as usize) << 3)
  store<i64>(at, load<i64>(at, 10240) + value, 10240)
}
// @ts-expect-error: decorator
@inline
function add6(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins, 6) as usize) << 3)
  store<i64>(at, load<i64>(at, 12288) + value, 12288)
}
// @ts-expect-error: decorator
@inline
function add7(bins: usize, lanes: usize, value: i64): void {
  const at = lanes + ((load<u8>(bins, 7) as usize) << 3)
  store<i64>(at, load<i64>(at, 14336) + value, 14336)
}

// @ts-expect-error: decorator
@inline
function sumColumns(
  n: i32,
  bins: usize,
  binStride: usize,
  pairs: usize,
  pairStride: usize,
  count: usize,
  lanes: usize,
): void {
  for (const end = bins + count * binStride; bins < end; bins += binStride, pairs += pairStride) {
    const value = laneOf(pairs)
    add0(bins, lanes, value)
    if (n > 1) add1(bins, lanes, value)
    if (n > 2) add2(bins, lanes, value)
    if (n > 3) add3(bins, lanes, value)
    if (n > 4) add4(bins, lanes, value)
    if (n > 5) add5(bins, lanes, value)
    if (n > 6) add6(bins, lanes, value)
    if (n > 7) add7(bins, lanes, value)
  }
}

/** Rows whose bins stay in the cache while column after column is summed. */
const TILE: usize = 2048

export function sum(
  bins: usize,
  binStride: usize,
  pairs: usize,
  pairStride: usize,
  count: usize,
  columns: usize,
  histogram: usize,
): void {
  while (count > 0) {
    const rows = count < TILE ? count : TILE
    let column: usize = 0
    for (; column + 8 <= columns; column += 8) {
      sumColumns(8, bins + column, binStride, pairs, pairStride, rows, histogram + (column << 11))
    }
    const at = bins + column
    const lanes = histogram + (column << 11)
    switch ((columns - column) as i32) {
      case 1:
        sumColumns(1, at, binStride, pairs, pairStride, rows, lanes)
        break
      case 2:
        sumColumns(2, at, binStride, pairs, pairStride, rows, lanes)
        break
      case 3:
        sumColumns(3, at, binStride, pairs, pairStride, rows, lanes)
        break
      case 4:
        sumColumns(4, at, binStride, pairs, pairStride, rows, lanes)
        break
      case 5:
        sumColumns(5, at, binStride, pairs, pairStride, rows, lanes)
        break
      case 6:
        sumColumns(6, at, binStride, pairs, pairStride, rows, lanes)
        break
      case 7:
        sumColumns(7, at, binStride, pairs, pairStride, rows, lanes)
        break
    }
    bins += rows * binStride
    pairs += rows * pairStride
    count -= rows
  }
}

export function clear(histogram: usize, bytes: usize): void {
  memory.fill(histogram, 0, bytes)
}

export function addHistogram(to: usize, from: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    v128.store(to, i64x2.add(v128.load(to), v128.load(from)))
  }
}

export function subtractHistogram(to: usize, from: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16, from += 16) {
    v128.store(to, i64x2.sub(v128.load(to), v128.load(from)))
  }
}

// --- moving records

const ZERO: usize = 0

/** Copies `blocks` times eight bytes; told a constant, it has no loop. */
// @ts-expect-error: decorator
@inline
function copyEights(blocks: i32, to: usize, from: usize): void {
  if (blocks > 1) v128.store(to, v128.load(from))
  if (blocks === 1) store<i64>(to, load<i64>(from))
  if (blocks === 3) store<i64>(to, load<i64>(from, 16), 16)
  if (blocks > 3) v128.store(to, v128.load(from, 16), 16)
  if (blocks === 5) store<i64>(to, load<i64>(from, 32), 32)
}

// @ts-expect-error: decorator
@inline
function copyMany(bytes: usize, to: usize, from: usize): void {
  for (let k: usize = 0; k < bytes; k += 8) store<i64>(to + k, load<i64>(from + k))
}

// @ts-expect-error: decorator
@inline
function moveFixed(
  blocks: i32,
  source: usize,
  target: usize,
  stride: usize,
  from: usize,
  to: usize,
  column: usize,
  goesLeft: usize,
): usize {
  let front = target + from * stride
  const start = front
  let back = target + (to - 1) * stride
  const end = source + to * stride
  for (let at = source + from * stride; at < end; at += stride) {
    const left: usize = load<u8>(goesLeft + (load<u8>(at + column) as usize))
    const place = back ^ ((front ^ back) & (ZERO - left))
    if (blocks > 0) copyEights(blocks, place, at)
    else copyMany(stride, place, at)
    const step = (ZERO - left) & stride
    front += step
    back = back + step - stride
  }
  return (front - start) / stride
}

export function moveRecords(
  source: usize,
  target: usize,
  stride: usize,
  from: usize,
  to: usize,
  column: usize,
  goesLeft: usize,
): usize {
  if (stride === 16) return moveFixed(2, source, target, 16, from, to, column, goesLeft)
  if (stride === 24) return moveFixed(3, source, target, 24, from, to, column, goesLeft)
  if (stride === 32) return moveFixed(4, source, target, 32, from, to, column, goesLeft)
  if (stride === 40) return moveFixed(5, source, target, 40, from, to, column, goesLeft)
  return moveFixed(0, source, target, stride, from, to, column, goesLeft)
}

// @ts-expect-error: decorator
@inline
function takeFixed(
  blocks: i32,
  bins: usize,
  binStride: usize,
  pairs: usize,
  target: usize,
  from: usize,
  to: usize,
  column: usize,
  goesLeft: usize,
): usize {
  const stride = binStride + 8
  let front = target + from * stride
  const start = front
  let back = target + (to - 1) * stride
  for (let row = from; row < to; row++) {
    const at = bins + row * binStride
    const left: usize = load<u8>(goesLeft + (load<u8>(at + column) as usize))
    const place = back ^ ((front ^ back) & (ZERO - left))
    if (blocks > 0) copyEights(blocks, place, at)
    else copyMany(binStride, place, at)
    store<i32>(place + binStride, load<i32>(pairs + (row << 2)))
    store<i32>(place + binStride, row as i32, 4)
    const step = (ZERO - left) & stride
    front += step
    back = back + step - stride
  }
  return (front - start) / stride
}

export function takeRecords(
  bins: usize,
  binStride: usize,
  pairs: usize,
  target: usize,
  from: usize,
  to: usize,
  column: usize,
  goesLeft: usize,
): usize {
  if (binStride === 8) return takeFixed(1, bins, 8, pairs, target, from, to, column, goesLeft)
  if (binStride === 16) return takeFixed(2, bins, 16, pairs, target, from, to, column, goesLeft)
  if (binStride === 24) return takeFixed(3, bins, 24, pairs, target, from, to, column, goesLeft)
  if (binStride === 32) return takeFixed(4, bins, 32, pairs, target, from, to, column, goesLeft)
  return takeFixed(0, bins, binStride, pairs, target, from, to, column, goesLeft)
}

// --- margins

export function addToMargins(
  records: usize,
  stride: usize,
  from: usize,
  to: usize,
  value: f64,
  margins: usize,
): void {
  const end = records + to * stride
  for (let at = records + from * stride + stride - 4; at < end; at += stride) {
    const place = margins + ((load<u32>(at) as usize) << 3)
    store<f64>(place, load<f64>(place) + value)
  }
}

export function addToAll(margins: usize, from: usize, to: usize, value: f64): void {
  for (let i = from; i < to; i++) store<f64>(margins + (i << 3), load<f64>(margins + (i << 3)) + value)
}

// --- gradients, four rows at a time in float32

const GOLDEN: i32 = 0x9e3779b1
const ANOTHER: i32 = 0x85ebca6b

// @ts-expect-error: decorator
@inline
function fourMargins(margins: usize, i: usize): v128 {
  const a = f32x4.demote_f64x2_zero(v128.load(margins + (i << 3)))
  const b = f32x4.demote_f64x2_zero(v128.load(margins + (i << 3), 16))
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5)
}

// @ts-expect-error: decorator
@inline
function fourWeights(weights: usize, i: usize): v128 {
  return weights === 0 ? f32x4.splat(1) : v128.load(weights + (i << 2))
}

// @ts-expect-error: decorator
@inline
function fourLabels(labels: usize, i: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(labels + i)))
}

/** e^x for x in -80 … 80, after the single-precision one of Cephes. */
// @ts-expect-error: decorator
@inline
function fourExp(given: v128): v128 {
  const x = f32x4.min(f32x4.max(given, f32x4.splat(-80)), f32x4.splat(80))
  const k = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.44269504)))
  const near = f32x4.sub(x, f32x4.mul(k, f32x4.splat(0.693359375)))
  const r = f32x4.sub(near, f32x4.mul(k, f32x4.splat(-2.12194440e-4)))
  let p = f32x4.splat(1.9875691500e-4)
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1))
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1))
  return i32x4.add(p, i32x4.shl(i32x4.trunc_sat_f32x4_s(k), 23))
}

/** Rounds up for as many rows as the fraction says, spread evenly over them; both in one word. */
// @ts-expect-error: decorator
@inline
function storePairs(pairs: usize, i: usize, g: v128, h: v128, shift: i32): void {
  const rows = i32x4.add(i32x4.splat(i as i32), i32x4(0, 1, 2, 3))
  const spread = i32x4.add(i32x4.mul(rows, i32x4.splat(GOLDEN)), i32x4.splat(shift))
  const other = i32x4.mul(spread, i32x4.splat(ANOTHER))
  // 24 bits, so that the fraction stays below 1.
  const part = f32x4.splat(1.0 / 16777216.0)
  const up = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(spread, 8)), part)
  const upToo = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(other, 8)), part)
  const gradient = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(g, up)))
  const hessian = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(h, upToo)))
  v128.store(pairs + (i << 2), v128.or(i32x4.shl(gradient, 16), hessian))
}

export function logisticGradients(
  margins: usize,
  labels: usize,
  weights: usize,
  pairs: usize,
  from: usize,
  to: usize,
  byGradient: f32,
  byHessian: f32,
  shift: i32,
): void {
  const one = f32x4.splat(1)
  for (let i = from; i < to; i += 4) {
    const p = f32x4.div(one, f32x4.add(one, fourExp(f32x4.neg(fourMargins(margins, i)))))
    const weight = fourWeights(weights, i)
    const off = f32x4.sub(p, f32x4.convert_i32x4_s(fourLabels(labels, i)))
    const g = f32x4.mul(f32x4.mul(off, weight), f32x4.splat(byGradient))
    const h = f32x4.mul(f32x4.mul(f32x4.mul(p, f32x4.sub(one, p)), weight), f32x4.splat(byHessian))
    storePairs(pairs, i, g, h, shift)
  }
}

export function softmaxGradients(
  margins: usize,
  marginStride: usize,
  classes: usize,
  labels: usize,
  weights: usize,
  pairs: usize,
  pairStride: usize,
  from: usize,
  to: usize,
  byGradient: f32,
  byHessian: f32,
  shift: i32,
): void {
  const one = f32x4.splat(1)
  for (let i = from; i < to; i += 4) {
    let most = fourMargins(margins, i)
    for (let k: usize = 1; k < classes; k++) most = f32x4.max(most, fourMargins(margins + k * marginStride, i))
    let all = f32x4.splat(0)
    // The exponentials wait where the pairs will be.
    for (let k: usize = 0; k < classes; k++) {
      const e = fourExp(f32x4.sub(fourMargins(margins + k * marginStride, i), most))
      v128.store(pairs + k * pairStride + (i << 2), e)
      all = f32x4.add(all, e)
    }
    const weight = fourWeights(weights, i)
    const label = fourLabels(labels, i)
    for (let k: usize = 0; k < classes; k++) {
      const p = f32x4.div(v128.load(pairs + k * pairStride + (i << 2)), all)
      const hit = v128.and(i32x4.eq(label, i32x4.splat(k as i32)), one)
      const g = f32x4.mul(f32x4.mul(f32x4.sub(p, hit), weight), f32x4.splat(byGradient))
      const h = f32x4.mul(f32x4.mul(f32x4.mul(p, f32x4.sub(one, p)), weight), f32x4.splat(byHessian))
      storePairs(pairs + k * pairStride, i, g, h, shift + (k as i32) * ANOTHER)
    }
  }
}

/** Four residuals, margin less value, made from doubles. */
// @ts-expect-error: decorator
@inline
function fourResiduals(margins: usize, values: usize, i: usize): v128 {
  const at = i << 3
  const a = f32x4.demote_f64x2_zero(f64x2.sub(v128.load(margins + at), v128.load(values + at)))
  const b = f32x4.demote_f64x2_zero(f64x2.sub(v128.load(margins + at, 16), v128.load(values + at, 16)))
  return v128.shuffle<f32>(a, b, 0, 1, 4, 5)
}

export function squaredGradients(
  margins: usize,
  values: usize,
  weights: usize,
  pairs: usize,
  from: usize,
  to: usize,
  byGradient: f32,
  byHessian: f32,
  shift: i32,
): void {
  for (let i = from; i < to; i += 4) {
    const weight = fourWeights(weights, i)
    const g = f32x4.mul(f32x4.mul(fourResiduals(margins, values, i), weight), f32x4.splat(byGradient))
    storePairs(pairs, i, g, f32x4.mul(weight, f32x4.splat(byHessian)), shift)
  }
}

/** The sum and the greatest of |residual| times weight, as two doubles at `out`; row by row, so the sum is always the same. */
export function measureResiduals(
  margins: usize,
  values: usize,
  weights: usize,
  from: usize,
  to: usize,
  out: usize,
): void {
  let all: f64 = 0
  let most: f64 = 0
  for (let i = from; i < to; i++) {
    const weight: f64 = weights === 0 ? 1 : (load<f32>(weights + (i << 2)) as f64)
    const off = f64.abs(load<f64>(margins + (i << 3)) - load<f64>(values + (i << 3))) * weight
    all += off
    most = f64.max(most, off)
  }
  store<f64>(out, all)
  store<f64>(out, most, 8)
}

// --- the best threshold

// @ts-expect-error: decorator
@inline
function shrink(hasL1: bool, g: v128, l1: f64): v128 {
  if (!hasL1) return g
  return f64x2.sub(g, f64x2.pmax(f64x2.splat(-l1), f64x2.pmin(f64x2.splat(l1), g)))
}

/** The low half of each lane as a number: below 2^32 it stands in the last bits of 2^52. */
// @ts-expect-error: decorator
@inline
function lowHalves(lanes: v128): v128 {
  const bits = v128.or(v128.and(lanes, i64x2.splat(0xffffffff)), i64x2.splat(0x4330000000000000))
  return f64x2.sub(bits, f64x2.splat(4503599627370496.0))
}

/** Two bins at a time, so that score and bin of even and odd bins are found apart. */
// @ts-expect-error: decorator
@inline
function search(
  hasL1: bool,
  lanes: usize,
  bins: i32,
  missing: i32,
  gradient: f64,
  hessian: f64,
  l1: f64,
  l2: f64,
  least: f64,
  column: i32,
  best: usize,
): void {
  const nothing = i64x2.splat(0)
  const atStart = load<f64>(best)
  const start: i64 = missing < 0 ? 0 : load<i64>(lanes + ((missing as usize) << 3))
  let score = f64x2.splat(atStart)
  let found = i64x2.splat(-1)
  let running = i64x2.splat(start)
  let index = i64x2(0, 1)
  let place = lanes
  for (let b = 0; b < bins; b += 2, place += 16) {
    const both = v128.load(place)
    // Sums up to each bin: (x, y) becomes (x, x + y), on top of all before.
    const upTo = i64x2.add(running, i64x2.add(both, v128.shuffle<i64>(nothing, both, 0, 2)))
    running = v128.shuffle<i64>(upTo, upTo, 1, 1)
    const h = lowHalves(upTo)
    const rightHessian = f64x2.sub(f64x2.splat(hessian), h)
    const rightEnough = f64x2.ge(rightHessian, f64x2.splat(least))
    // What is right only becomes less.
    if (!v128.any_true(rightEnough)) break
    const g = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(upTo, upTo, 1, 3, 1, 3))
    const left = shrink(hasL1, g, l1)
    const right = shrink(hasL1, f64x2.sub(f64x2.splat(gradient), g), l1)
    const byLeft = f64x2.add(h, f64x2.splat(l2))
    const byRight = f64x2.add(rightHessian, f64x2.splat(l2))
    const above = f64x2.add(
      f64x2.mul(f64x2.mul(left, left), byRight),
      f64x2.mul(f64x2.mul(right, right), byLeft),
    )
    const own = f64x2.div(above, f64x2.mul(byLeft, byRight))
    const enough = v128.and(f64x2.ge(h, f64x2.splat(least)), rightEnough)
    let better = v128.and(f64x2.gt(own, score), enough)
    if (b + 1 >= bins) better = v128.and(better, i64x2(-1, 0))
    score = v128.bitselect(own, score, better)
    found = v128.bitselect(index, found, better)
    index = i64x2.add(index, i64x2.splat(2))
  }
  const even = f64x2.extract_lane(score, 0)
  const odd = f64x2.extract_lane(score, 1)
  if (even <= atStart && odd <= atStart) return
  const first = i64x2.extract_lane(found, 0)
  const second = i64x2.extract_lane(found, 1)
  const bin = even > odd || (even === odd && first < second) ? first : second
  let upToBin = start
  for (let b: i64 = 0; b <= bin; b++) upToBin += load<i64>(lanes + ((b as usize) << 3))
  store<f64>(best, even > odd ? even : odd)
  store<f64>(best, ((upToBin >> 32) as i32) as f64, 8)
  store<f64>(best, ((upToBin & 0xffffffff) as u32) as f64, 16)
  store<i32>(best, column, 24)
  store<i32>(best, bin as i32, 28)
  store<i32>(best, missing < 0 ? 0 : 1, 32)
}

/**
 * Looks for the best bin of one column. At `best`: score, gradient and hessian of the left side as doubles, then column, bin
 * and side as words; replaced where it is beaten.
 */
export function searchColumn(
  lanes: usize,
  bins: i32,
  missing: i32,
  gradient: f64,
  hessian: f64,
  l1: f64,
  l2: f64,
  least: f64,
  column: i32,
  best: usize,
): void {
  if (l1 === 0) search(false, lanes, bins, missing, gradient, hessian, l1, l2, least, column, best)
  else search(true, lanes, bins, missing, gradient, hessian, l1, l2, least, column, best)
}
