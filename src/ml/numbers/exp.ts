/**
 * exp and log of our own. The standard lets engines differ in the last bits of Math.exp and Math.log, and a model must have
 * the same bytes on every one: these use only +, -, * and /, which are fixed by IEEE 754, and are within 2 ulp of the truth.
 */

const POWERS_FROM = -1_022
const POWERS = powersOfTwo()
/** 2^(j/8). */
const EIGHTHS = Float64Array.of(
  1,
  1.0905077326652577,
  1.189207115002721,
  1.2968395546510096,
  Math.SQRT2,
  1.5422108254079407,
  1.681792830507429,
  1.8340080864093424,
)
const EIGHTH_INVERSE = 8 / Math.LN2
/** ln 2 in two parts, the first short enough that a whole number times it is exact (as in fdlibm). */
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const EIGHTH_HIGH = LN2_HIGH / 8
const EIGHTH_LOW = LN2_LOW / 8

/** e^x for x within -708 … 708; beyond, the value at the end. exp(NaN) is NaN. */
export function exp(x: number): number {
  if (x > 708) x = 708
  else if (x < -708) x = -708
  else if (Number.isNaN(x)) return x
  const n = Math.floor(x * EIGHTH_INVERSE + 0.5)
  const r = x - n * EIGHTH_HIGH - n * EIGHTH_LOW
  // |r| <= ln 2 / 16, so that what Taylor's series leaves out is below 2e-18.
  const p = r * r
  const odd = r * (1 + p * (1 / 6 + p * (1 / 120 + p * (1 / 5040))))
  const even = p * (0.5 + p * (1 / 24 + p * (1 / 720 + p * (1 / 40320))))
  const eighth = EIGHTHS[n & 7]!
  return (eighth + eighth * (odd + even)) * POWERS[(n >> 3) - POWERS_FROM]!
}

/** The share of the positive class for a margin: 1 / (1 + e^-m). */
export function sigmoid(margin: number): number {
  return 1 / (1 + exp(-margin))
}

const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)
/** Which half of a double has the exponent: the second, unless the machine is big-endian. */
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0

/** Natural logarithm of a normal positive number. */
export function log(x: number): number {
  bits[0] = x
  let exponent = ((words[HIGH]! >>> 20) & 0x7ff) - 1023
  words[HIGH] = (words[HIGH]! & 0x800fffff) | (1023 << 20)
  let f = bits[0]!
  if (f > Math.SQRT2) {
    f /= 2
    exponent++
  }
  // log f = 2 atanh s, |s| <= 0.172.
  const s = (f - 1) / (f + 1)
  const q = s * s
  let sum = 0
  for (let k = 23; k >= 3; k -= 2) sum = (sum + 1 / k) * q
  return exponent * LN2_HIGH + (exponent * LN2_LOW + (2 * s * sum + 2 * s))
}

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(2_046)
  let power = 1
  for (let k = 0; k <= 1_023; k++, power *= 2) powers[k - POWERS_FROM] = power
  power = 1
  for (let k = 0; k >= POWERS_FROM; k--, power /= 2) powers[k - POWERS_FROM] = power
  return powers
}
