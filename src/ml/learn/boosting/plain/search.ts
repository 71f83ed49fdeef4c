import type { Kernels } from '../kernel-set.ts'
import type { Views } from '../memory.ts'
import { scoreOfTwo } from '../score.ts'

export function plainSearch({ words, doubles }: Views): Pick<Kernels, 'searchColumn'> {
  return {
    searchColumn(lanes, bins, missing, gradient, hessian, l1, l2, least, column, best) {
      const first = lanes / 4
      const out = best / 8
      const atStart = doubles[out]!
      let score = atStart
      let leftGradient = missing < 0 ? 0 : words[first + 2 * missing + 1]!
      let leftHessian = missing < 0 ? 0 : words[first + 2 * missing]! >>> 0
      for (let b = 0; b < bins; b++) {
        leftHessian += words[first + 2 * b]! >>> 0
        leftGradient += words[first + 2 * b + 1]!
        const rightHessian = hessian - leftHessian
        if (leftHessian < least || rightHessian < least) continue
        const own = scoreOfTwo(leftGradient, leftHessian, gradient - leftGradient, rightHessian, l1, l2)
        if (own <= score) continue
        score = own
        doubles[out] = own
        doubles[out + 1] = leftGradient
        doubles[out + 2] = leftHessian
        words[best / 4 + 6] = column
        words[best / 4 + 7] = b
        words[best / 4 + 8] = missing < 0 ? 0 : 1
      }
    },
  }
}
