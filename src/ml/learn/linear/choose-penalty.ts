import type { Problem } from '../problem.ts'
import type { Basis, Design } from './design.ts'
import { leaveOneOutLoss } from './leave-one-out.ts'
import { minimise, ROUGH, type Solution } from './newton.ts'
import { type Penalty, penaltyMatrix } from './penalty.ts'

/** Where the search begins, and by what it goes on; at most so many steps each way. */
export type Grid = { from: number; factor: number; steps: number }

/**
 * The penalty of the least leave-one-out loss: one part of it after the other goes up or down its grid for as long as that
 * helps. The loss has one valley in each, as far as was seen.
 */
export function choosePenalty(
  design: Design,
  basis: Basis,
  problem: Problem,
  start: Penalty,
  grids: Partial<Record<keyof Penalty, Grid>>,
): { penalty: Penalty; weights: Float64Array; loss: number } {
  let best = tried(start, new Float64Array(design.width * problem.outputs))
  for (const part of ['smoothing', 'ridge'] as const) {
    const grid = grids[part]
    if (grid === undefined) continue
    const middle = best
    for (const way of [grid.factor, 1 / grid.factor]) {
      if (way < 1 && best !== middle) continue
      for (let step = 0; step < grid.steps; step++) {
        const next = tried({ ...best.penalty, [part]: best.penalty[part] * way }, best.weights)
        if (!(next.loss < best.loss)) break
        best = next
      }
    }
  }
  return best

  function tried(penalty: Penalty, weights: Float64Array) {
    const solution: Solution = minimise(design, basis, problem, penaltyMatrix(basis, penalty), weights, ROUGH)
    return { penalty, weights: solution.weights, loss: leaveOneOutLoss(design, basis, problem, solution) }
  }
}
