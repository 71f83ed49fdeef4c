/**
 * Points and weights of Gauss and Legendre on [0, 1]: with n of them the integral of every polynomial of degree 2n - 1 or less
 * is exact. Only +, -, * and /, so that every engine finds the same bits.
 */
export function gaussLegendre(count: number): { points: Float64Array; weights: Float64Array } {
  const [points, weights] = [new Float64Array(count), new Float64Array(count)]
  for (let i = 0; i < count; i++) {
    let x = cosine((Math.PI * (i + 0.75)) / (count + 0.5))
    // Newton's doubles the right digits each time; it has settled long before.
    for (let k = 0; k < 12; k++) {
      const { value, slope } = legendre(count, x)
      x -= value / slope
    }
    const { slope } = legendre(count, x)
    points[i] = (1 + x) / 2
    weights[i] = 1 / ((1 - x * x) * slope * slope)
  }
  return { points, weights }
}

function legendre(degree: number, x: number): { value: number; slope: number } {
  let [before, value] = [1, x]
  for (let k = 2; k <= degree; k++) {
    const next = ((2 * k - 1) * x * value - (k - 1) * before) / k
    before = value
    value = next
  }
  return { value, slope: (degree * (x * value - before)) / (x * x - 1) }
}

/** Of an angle from 0 to π, good enough to begin with. */
function cosine(angle: number): number {
  if (angle > Math.PI / 2) return -cosine(Math.PI - angle)
  const square = angle * angle
  let sum = 0
  for (let k = 16; k >= 2; k -= 2) sum = (-square / (k * (k - 1))) * (1 + sum)
  return 1 + sum
}
