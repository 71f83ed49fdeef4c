/**
 * Symmetric positive definite systems by Cholesky's factor A = L Lᵀ. Matrices are n x n, row after row; of A and L only the
 * lower triangle is read and written.
 */

/** Writes L over A. False, and A is spoiled, where A is not positive definite as far as doubles tell. */
export function factor(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    const rowJ = j * n
    let diagonal = a[rowJ + j]!
    const least = diagonal * 1e-13
    for (let k = 0; k < j; k++) diagonal -= a[rowJ + k]! * a[rowJ + k]!
    if (!(diagonal > least && diagonal < Infinity)) return false
    const root = Math.sqrt(diagonal)
    a[rowJ + j] = root
    for (let i = j + 1; i < n; i++) {
      const rowI = i * n
      let sum = a[rowI + j]!
      for (let k = 0; k < j; k++) sum -= a[rowI + k]! * a[rowJ + k]!
      a[rowI + j] = sum / root
    }
  }
  return true
}

/** Solves A x = b over b, by A's factor. */
export function solve(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]!
    for (let k = 0; k < i; k++) sum -= l[i * n + k]! * b[k]!
    b[i] = sum / l[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    const x = b[i]! / l[i * n + i]!
    b[i] = x
    for (let k = 0; k < i; k++) b[k]! -= l[i * n + k]! * x
  }
}

/** The inverse of A by its factor, whole and symmetric. */
export function inverse(l: Float64Array, n: number): Float64Array {
  // M = L⁻¹ first, then Mᵀ M.
  const m = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    const diagonal = 1 / l[i * n + i]!
    for (let k = 0; k < i; k++) {
      const factorIK = -l[i * n + k]! * diagonal
      for (let j = 0; j <= k; j++) m[i * n + j]! += factorIK * m[k * n + j]!
    }
    m[i * n + i] = diagonal
  }
  const out = new Float64Array(n * n)
  for (let k = 0; k < n; k++) {
    for (let i = 0; i <= k; i++) {
      const mki = m[k * n + i]!
      for (let j = 0; j <= i; j++) out[i * n + j]! += mki * m[k * n + j]!
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[j * n + i] = out[i * n + j]!
  return out
}
