const f = Math.fround
const [LOG2E, HIGH, LOW] = [f(Math.LOG2E), f(0.693359375), f(-2.1219444e-4)]
const TERMS = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1].map(
  f,
)
const bits = new DataView(new ArrayBuffer(4))

/** e^x for x in -80 … 80 in float32, after the single-precision one of Cephes; every operation rounded, as in WebAssembly. */
export function floatExp(given: number): number {
  const x = Math.min(Math.max(given, -80), 80)
  const k = nearest(f(x * LOG2E))
  const r = f(f(x - f(k * HIGH)) - f(k * LOW))
  let p = TERMS[0]!
  for (let i = 1; i < TERMS.length; i++) p = f(f(p * r) + TERMS[i]!)
  p = f(f(f(p * f(r * r)) + r) + 1)
  // p · 2^k by its bits.
  bits.setFloat32(0, p)
  bits.setInt32(0, bits.getInt32(0) + (k << 23))
  return bits.getFloat32(0)
}

/** To the nearest whole number, halves to the even one. */
function nearest(x: number): number {
  const floor = Math.floor(x)
  const off = x - floor
  if (off !== 0.5) return off < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}
