/** What both children take off the loss, twice, as one fraction: a division costs more than all the rest. */
export function scoreOfTwo(
  leftGradient: number,
  leftHessian: number,
  rightGradient: number,
  rightHessian: number,
  l1: number,
  l2: number,
): number {
  const left = shrink(leftGradient, l1)
  const right = shrink(rightGradient, l1)
  const byLeft = leftHessian + l2
  const byRight = rightHessian + l2
  return (left * left * byRight + right * right * byLeft) / (byLeft * byRight)
}

/** A gradient that the L1 penalty has drawn towards 0. */
export function shrink(gradient: number, l1: number): number {
  return gradient - Math.max(-l1, Math.min(l1, gradient))
}
