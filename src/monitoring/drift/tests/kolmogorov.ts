/**
 * How likely the two-sided distance of Kolmogorov for n values is at least d. Which formula is near enough where is told by
 * R. Simard and P. L'Ecuyer, "Computing the two-sided Kolmogorov–Smirnov distribution", J. Stat. Soft. 39(11), 2011.
 */
import { smirnov } from 'cephes'

export function kolmogorovTail(n: number, d: number): number {
  if (d >= 1) return 0
  if (n * d <= 0.5) return 1
  const reach = n * d * d
  // Twice one side: both at once are too unlikely to be seen in the digits.
  if (d >= 0.5 || reach >= (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * smirnov(n, d))
  if (n <= 140 || (n <= 1e5 && n * d ** 1.5 <= 1.4)) return 1 - byMatrix(n, d)
  return 1 - pelzGood(n, d)
}

/** J. Durbin's matrix, raised to the n by squaring: Marsaglia, Tsang and Wang, J. Stat. Soft. 8(18), 2003. */
function byMatrix(n: number, d: number): number {
  const k = Math.ceil(n * d)
  const size = 2 * k - 1
  const h = k - n * d
  const matrix = new Float64Array(size * size)
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) matrix[i * size + j] = i - j + 1 < 0 ? 0 : 1
  for (let i = 0; i < size; i++) {
    matrix[i * size]! -= h ** (i + 1)
    matrix[(size - 1) * size + i]! -= h ** (size - i)
  }
  matrix[(size - 1) * size]! += 2 * h - 1 > 0 ? (2 * h - 1) ** size : 0
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      for (let g = 1; g <= i - j + 1; g++) matrix[i * size + j]! /= g
    }
  }
  let power: Float64Array = matrix
  let result = identity(size)
  let [exponent, shift, shiftOfPower] = [n, 0, 0]
  while (exponent > 0) {
    if (exponent % 2 === 1) {
      result = times(result, power, size)
      shift += shiftOfPower
      if (result[(k - 1) * size + k - 1]! > 1e140) {
        result = result.map((value) => value * 1e-140)
        shift += 140
      }
    }
    power = times(power, power, size)
    shiftOfPower *= 2
    if (power[(k - 1) * size + k - 1]! > 1e140) {
      power = power.map((value) => value * 1e-140)
      shiftOfPower += 140
    }
    exponent = Math.floor(exponent / 2)
  }
  let value = result[(k - 1) * size + k - 1]!
  for (let i = 1; i <= n; i++) {
    value = (value * i) / n
    if (value < 1e-140) {
      value *= 1e140
      shift -= 140
    }
  }
  return value * 10 ** shift
}

function identity(size: number): Float64Array {
  const matrix = new Float64Array(size * size)
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1
  return matrix
}

function times(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const product = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const left = a[i * size + k]!
      for (let j = 0; j < size; j++) product[i * size + j]! += left * b[k * size + j]!
    }
  }
  return product
}

/** W. Pelz and I. J. Good, J. Royal Stat. Soc. B 38(2), 1976: the limit and three corrections, in powers of 1 / sqrt(n). */
function pelzGood(n: number, d: number): number {
  const z = Math.sqrt(n) * d
  const [z2, pi2, root] = [z * z, Math.PI ** 2, Math.sqrt(2 * Math.PI)]
  const [z4, z6] = [z2 ** 2, z2 ** 3]
  const last = Math.ceil((16 * z) / Math.PI) + 1
  let [k0, k1, k2, k3, extra2, extra3] = [0, 0, 0, 0, 0, 0]
  for (let k = last; k >= 1; k--) {
    const m2 = (2 * k - 1) ** 2
    const [m4, m6] = [m2 ** 2, m2 ** 3]
    const weight = Math.exp((-m2 * pi2) / (8 * z2))
    k0 += weight
    k1 += weight * (-z2 + (pi2 / 4) * m2)
    k2 += weight * (6 * z6 + 2 * z4 + ((2 * z4 - 5 * z2) * pi2 * m2) / 4 + (pi2 ** 2 * (1 - 2 * z2) * m4) / 16)
    k3 +=
      weight *
      (-30 * z6 -
        90 * z6 * z2 +
        (pi2 * (135 * z4 - 96 * z6) * m2) / 4 +
        (pi2 ** 2 * (-60 * z2 + 212 * z4) * m4) / 16 +
        (pi2 ** 3 * (5 - 30 * z2) * m6) / 64)
    const square = k * k
    const far = Math.exp((-pi2 * square) / (2 * z2))
    extra2 += square * far
    extra3 += (3 * z2 - pi2 * square) * square * far
  }
  const terms = [
    (root * k0) / z,
    (root * k1) / (6 * z4),
    (root * k2) / (72 * z6 * z) - (pi2 * root * extra2) / (36 * z2 * z),
    (root * k3) / (6480 * z4 * z6) + (pi2 * root * extra3) / (216 * z6),
  ]
  return terms.reduce((total, term, i) => total + term / n ** (i / 2), 0)
}
