/**
 * The loops of boosting that take the time, in AssemblyScript: what src/ml/learn/boosting/{histogram,partition,gradients}.ts
 * do, to the bit. `npm run build` makes WebAssembly of it; where that is missing, the JavaScript does the work.
 *
 * Places are addresses in bytes. A record is `stride` bytes: bins, then gradient and hessian in one word, then its number.
 */

/** Sums `count` records from `at` on into 64-bit lanes: gradients in the high half, hessians in the low one. */
export function sumRecords(at: usize, stride: usize, words: usize, count: usize, offsets: usize, lanes: usize): void {
  const end = at + count * stride
  const pair = words << 2
  for (let tile = at; tile < end; ) {
    // Of a tile, the bins stay in the cache while column after column is summed.
    let stop = tile + 2048 * stride
    if (stop > end) stop = end
    let w: usize = 0
    for (; w + 1 < words; w += 2) sumTwoWords(tile, stop, stride, w << 2, pair, offsets + (w << 4), lanes)
    if (w < words) sumWord(tile, stop, stride, w << 2, pair, offsets + (w << 4), lanes)
    tile = stop
  }
}

// @ts-expect-error: decorator
@inline
function laneOf(record: usize, pair: usize): i64 {
  const both = load<i32>(record + pair)
  return ((both >> 16) as i64) * 4294967296 + ((both & 0xffff) as i64)
}

// @ts-expect-error: decorator
@inline
function add(lanes: usize, bin: u32, value: i64): void {
  const place = lanes + ((bin as usize) << 3)
  store<i64>(place, load<i64>(place) + value)
}

function sumTwoWords(
  from: usize,
  to: usize,
  stride: usize,
  word: usize,
  pair: usize,
  offsets: usize,
  lanes: usize,
): void {
  const a = lanes + ((load<u32>(offsets) as usize) << 3)
  const b = lanes + ((load<u32>(offsets, 4) as usize) << 3)
  const c = lanes + ((load<u32>(offsets, 8) as usize) << 3)
  const d = lanes + ((load<u32>(offsets, 12) as usize) << 3)
  const e = lanes + ((load<u32>(offsets, 16) as usize) << 3)
  const f = lanes + ((load<u32>(offsets, 20) as usize) << 3)
  const g = lanes + ((load<u32>(offsets, 24) as usize) << 3)
  const h = lanes + ((load<u32>(offsets, 28) as usize) << 3)
  for (let at = from; at < to; at += stride) {
    const value = laneOf(at, pair)
    const bins = at + word
    add(a, load<u8>(bins), value)
    add(b, load<u8>(bins, 1), value)
    add(c, load<u8>(bins, 2), value)
    add(d, load<u8>(bins, 3), value)
    add(e, load<u8>(bins, 4), value)
    add(f, load<u8>(bins, 5), value)
    add(g, load<u8>(bins, 6), value)
    add(h, load<u8>(bins, 7), value)
  }
}

function sumWord(from: usize, to: usize, stride: usize, word: usize, pair: usize, offsets: usize, lanes: usize): void {
  const a = lanes + ((load<u32>(offsets) as usize) << 3)
  const b = lanes + ((load<u32>(offsets, 4) as usize) << 3)
  const c = lanes + ((load<u32>(offsets, 8) as usize) << 3)
  const d = lanes + ((load<u32>(offsets, 12) as usize) << 3)
  for (let at = from; at < to; at += stride) {
    const value = laneOf(at, pair)
    const bins = at + word
    add(a, load<u8>(bins), value)
    add(b, load<u8>(bins, 1), value)
    add(c, load<u8>(bins, 2), value)
    add(d, load<u8>(bins, 3), value)
  }
}

const ZERO: usize = 0

/** Moves records from `source` to `target`, as partition.ts does, and answers how many went left. */
export function partition(
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
  if (stride === 24) {
    for (let at = source + from * stride; at < end; at += 24) {
      const left: usize = load<u8>(goesLeft + (load<u8>(at + column) as usize))
      const place = back ^ ((front ^ back) & (ZERO - left))
      v128.store(place, v128.load(at))
      store<i64>(place, load<i64>(at, 16), 16)
      const step = (ZERO - left) & 24
      front += step
      back = back + step - 24
    }
  } else {
    for (let at = source + from * stride; at < end; at += stride) {
      const left: usize = load<u8>(goesLeft + (load<u8>(at + column) as usize))
      const place = back ^ ((front ^ back) & (ZERO - left))
      for (let k: usize = 0; k < stride; k += 4) store<i32>(place + k, load<i32>(at + k))
      const step = (ZERO - left) & stride
      front += step
      back = back + step - stride
    }
  }
  return (front - start) / stride
}

/** Adds `value` to the margins of the records from number `from` up to `to`. */
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

/** Writes gradients and hessians into the base records, as gradients.ts does with the exp of numbers/exp.ts. */
export function writeGradients(
  records: usize,
  stride: usize,
  count: usize,
  margins: usize,
  labels: usize,
  weights: usize,
  byGradient: f64,
  byHessian: f64,
  shift: i32,
): void {
  let place = records
  let i: usize = 0
  // Two rows at a time; the same operations in the same order as for one.
  for (; i + 1 < count; i += 2) {
    const one = f64x2.splat(1.0)
    const p = f64x2.div(one, f64x2.add(one, expOfTwo(f64x2.neg(v128.load(margins + (i << 3))))))
    const weight = v128.load(weights + (i << 3))
    const label = i32x4.replace_lane(i32x4.splat(load<u8>(labels + i)), 1, load<u8>(labels + i, 1))
    const off = f64x2.sub(p, f64x2.convert_low_i32x4_s(label))
    const g = f64x2.mul(f64x2.mul(off, weight), f64x2.splat(byGradient))
    const share = f64x2.mul(p, f64x2.sub(one, p))
    const h = f64x2.mul(f64x2.mul(share, weight), f64x2.splat(byHessian))
    const first = (i as i32) * GOLDEN + shift
    const spread = i32x4.replace_lane(i32x4.splat(first), 1, first + GOLDEN)
    const part = f64x2.splat(1.0 / 4294967296.0)
    const up = f64x2.mul(f64x2.convert_low_i32x4_u(spread), part)
    const upToo = f64x2.mul(f64x2.convert_low_i32x4_u(i32x4.mul(spread, i32x4.splat(ANOTHER))), part)
    const gradient = i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(f64x2.add(g, up)))
    const hessian = i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(f64x2.add(h, upToo)))
    const pair = v128.or(i32x4.shl(gradient, 16), hessian)
    store<i32>(place, i32x4.extract_lane(pair, 0))
    store<i32>(place + stride, i32x4.extract_lane(pair, 1))
    place += stride << 1
  }
  for (; i < count; i++, place += stride) {
    const p = 1.0 / (1.0 + exp(-load<f64>(margins + (i << 3))))
    const weight = load<f64>(weights + (i << 3))
    const g = (p - (load<u8>(labels + i) as f64)) * weight * byGradient
    const h = p * (1.0 - p) * weight * byHessian
    const spread = (i as i32) * GOLDEN + shift
    const up = ((spread as u32) as f64) * (1.0 / 4294967296.0)
    const upToo = ((spread * ANOTHER) as u32 as f64) * (1.0 / 4294967296.0)
    store<i32>(place, ((f64.floor(g + up) as i32) << 16) | (f64.floor(h + upToo) as i32))
  }
}

const GOLDEN: i32 = 0x9e3779b1
const ANOTHER: i32 = 0x85ebca6b

function expOfTwo(given: v128): v128 {
  const x = f64x2.min(f64x2.max(given, f64x2.splat(-708.0)), f64x2.splat(708.0))
  const n = f64x2.floor(f64x2.add(f64x2.mul(x, f64x2.splat(8.0 / LN2)), f64x2.splat(0.5)))
  const near = f64x2.sub(x, f64x2.mul(n, f64x2.splat(LN2_HIGH / 8.0)))
  const r = f64x2.sub(near, f64x2.mul(n, f64x2.splat(LN2_LOW / 8.0)))
  const p = f64x2.mul(r, r)
  const odd = f64x2.mul(r, term(1.0, p, term(1.0 / 6.0, p, term(1.0 / 120.0, p, f64x2.splat(1.0 / 5040.0)))))
  const even = f64x2.mul(p, term(0.5, p, term(1.0 / 24.0, p, term(1.0 / 720.0, p, f64x2.splat(1.0 / 40320.0)))))
  const whole = i32x4.trunc_sat_f64x2_s_zero(n)
  const first = load<f64>(EIGHTHS + (((i32x4.extract_lane(whole, 0) & 7) as usize) << 3))
  const second = load<f64>(EIGHTHS + (((i32x4.extract_lane(whole, 1) & 7) as usize) << 3))
  const eighth = f64x2.replace_lane(f64x2.splat(first), 1, second)
  const exponent = i64x2.add(i64x2.extend_low_i32x4_s(i32x4.shr_s(whole, 3)), i64x2.splat(1023))
  return f64x2.mul(f64x2.add(eighth, f64x2.mul(eighth, f64x2.add(odd, even))), i64x2.shl(exponent, 52))
}

// @ts-expect-error: decorator
@inline
function term(constant: f64, p: v128, rest: v128): v128 {
  return f64x2.add(f64x2.splat(constant), f64x2.mul(p, rest))
}

const LN2_HIGH: f64 = 0.6931471803691238
const LN2_LOW: f64 = 1.9082149292705877e-10
const LN2: f64 = Math.LN2

function exp(given: f64): f64 {
  let x = given
  if (x > 708.0) x = 708.0
  else if (x < -708.0) x = -708.0
  const n = f64.floor(x * (8.0 / LN2) + 0.5)
  const r = x - n * (LN2_HIGH / 8.0) - n * (LN2_LOW / 8.0)
  const p = r * r
  const odd = r * (1.0 + p * (1.0 / 6.0 + p * (1.0 / 120.0 + p * (1.0 / 5040.0))))
  const even = p * (0.5 + p * (1.0 / 24.0 + p * (1.0 / 720.0 + p * (1.0 / 40320.0))))
  const whole = n as i32
  const eighth = load<f64>(EIGHTHS + (((whole & 7) as usize) << 3))
  // 2^k by its bits.
  const power = f64.reinterpret_i64((((whole >> 3) + 1023) as i64) << 52)
  return (eighth + eighth * (odd + even)) * power
}

const EIGHTHS = memory.data<f64>([
  1.0, 1.0905077326652577, 1.189207115002721, 1.2968395546510096, Math.SQRT2, 1.5422108254079407,
  1.681792830507429, 1.8340080864093424,
])
