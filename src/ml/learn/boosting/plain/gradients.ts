import type { Kernels } from '../kernel-set.ts'
import type { Views } from '../memory.ts'
import { floatExp } from './float-exp.ts'

type Gradients = Pick<Kernels, 'logisticGradients' | 'softmaxGradients' | 'squaredGradients' | 'measureResiduals'>

const f = Math.fround
const GOLDEN = 0x9e3779b1
const ANOTHER = 0x85ebca6b

/** Each operation is rounded to a float32, as WebAssembly's are. */
export function plainGradients({ bytes, words, floats, doubles }: Views): Gradients {
  const weightOf = (weights: number, i: number) => (weights === 0 ? 1 : floats[weights / 4 + i]!)
  /** Rounds up for as many rows as the fraction says, spread evenly over them; both in one word. */
  const store = (pairs: number, i: number, g: number, h: number, shift: number) => {
    const spread = (Math.imul(i, GOLDEN) + shift) | 0
    const up = (spread >>> 8) / 2 ** 24
    const upToo = (Math.imul(spread, ANOTHER) >>> 8) / 2 ** 24
    words[pairs / 4 + i] = (Math.floor(f(g + up)) << 16) | Math.floor(f(h + upToo))
  }
  return {
    logisticGradients(margins, labels, weights, pairs, from, to, byGradient, byHessian, shift) {
      const [ofGradient, ofHessian] = [f(byGradient), f(byHessian)]
      for (let i = from; i < to; i++) {
        const p = f(1 / f(1 + floatExp(-f(doubles[margins / 8 + i]!))))
        const weight = weightOf(weights, i)
        const g = f(f(f(p - bytes[labels + i]!) * weight) * ofGradient)
        store(pairs, i, g, f(f(f(p * f(1 - p)) * weight) * ofHessian), shift)
      }
    },
    softmaxGradients(
      margins,
      marginStride,
      classes,
      labels,
      weights,
      pairs,
      pairStride,
      from,
      to,
      byGradient,
      byHessian,
      shift,
    ) {
      const [ofGradient, ofHessian] = [f(byGradient), f(byHessian)]
      const shares = new Float32Array(classes)
      for (let i = from; i < to; i++) {
        const marginOf = (k: number) => f(doubles[(margins + k * marginStride) / 8 + i]!)
        let most = marginOf(0)
        for (let k = 1; k < classes; k++) most = Math.max(most, marginOf(k))
        let all = 0
        for (let k = 0; k < classes; k++) {
          shares[k] = floatExp(f(marginOf(k) - most))
          all = f(all + shares[k]!)
        }
        const weight = weightOf(weights, i)
        for (let k = 0; k < classes; k++) {
          const p = f(shares[k]! / all)
          const g = f(f(f(p - (bytes[labels + i] === k ? 1 : 0)) * weight) * ofGradient)
          const h = f(f(f(p * f(1 - p)) * weight) * ofHessian)
          store(pairs + k * pairStride, i, g, h, (shift + Math.imul(k, ANOTHER)) | 0)
        }
      }
    },
    squaredGradients(margins, values, weights, pairs, from, to, byGradient, byHessian, shift) {
      const [ofGradient, ofHessian] = [f(byGradient), f(byHessian)]
      for (let i = from; i < to; i++) {
        const weight = weightOf(weights, i)
        const off = f(doubles[margins / 8 + i]! - doubles[values / 8 + i]!)
        store(pairs, i, f(f(off * weight) * ofGradient), f(weight * ofHessian), shift)
      }
    },
    measureResiduals(margins, values, weights, from, to, out) {
      let all = 0
      let most = 0
      for (let i = from; i < to; i++) {
        const off = Math.abs(doubles[margins / 8 + i]! - doubles[values / 8 + i]!) * weightOf(weights, i)
        all += off
        most = Math.max(most, off)
      }
      doubles[out / 8] = all
      doubles[out / 8 + 1] = most
    },
  }
}
