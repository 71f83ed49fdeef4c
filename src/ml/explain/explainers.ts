/** How each kind of model is explained; model/kinds.ts names them. */
import { type Additive, binOf, firstBin, wideBinsOf } from '../model/additive.ts'
import type { Boosted } from '../model/boosted.ts'
import { addCurve, type Curves } from '../model/curves.ts'
import type { Forest } from '../model/forest.ts'
import type { Explainer, Unit } from './explainer.ts'
import { explainTrees } from './tree-shap.ts'

/** On the scale that a forest sums on: of probabilities, or of the number that it says. */
export function explainForest(forest: Forest): Explainer {
  const { trees, outputs, value, leaves, missingLeft, link } = forest
  const explained = explainTrees({
    trees: forest,
    questions: { flags: missingLeft, sets: new Uint32Array(0) },
    outputs,
    valueOf: outputs === 1 ? (node) => value[node]! : (node, output) => leaves[value[node]! * outputs + output]!,
    base: () => 0,
    scale: 1 / trees,
  })
  return { ...explained, unit: link === 'share' ? 'probability' : 'value' }
}

export function explainBoosted(boosted: Boosted): Explainer {
  const { value, base, link } = boosted
  const outputs = base.length
  const several = outputs > 1 ? { outputOf: (tree: number) => tree % outputs } : {}
  const parts = { trees: boosted, questions: boosted, outputs, valueOf: (node: number) => value[node]!, ...several }
  return { ...explainTrees({ ...parts, base: (output) => base[output]!, scale: 1 }), unit: UNITS[link] }
}

/** A curve adds what it says of its column: its mean over the training rows is 0 (learn/linear/centre.ts), so this is exact. */
export function explainCurves(curves: Curves): Explainer {
  const { outputs, columns, base, link } = curves
  const said = new Float64Array(outputs)
  return {
    unit: UNITS[link],
    work: columns * outputs,
    base,
    contributions(row, out) {
      for (let c = 0; c < columns; c++) {
        addCurve(curves, c, row[c]!, said.fill(0), 0)
        for (let k = 0; k < outputs; k++) out[k * columns + c] = said[k]!
      }
    },
  }
}

/**
 * A shape adds its score, and a grid half of its score to each of its sides. Shapes have the mean 0, and grids in each row and
 * column (learn/additive/purify.ts), so these are the Shapley values against the mean of the training rows.
 */
export function explainAdditive(model: Additive): Explainer {
  const { outputs, columns, base, link, scores, wide, pairs, grids } = model
  const places = new Uint32Array(columns)
  return {
    unit: UNITS[link],
    work: columns + pairs.length,
    base,
    contributions(row, out) {
      for (let c = 0; c < columns; c++) {
        places[c] = firstBin(model, c) + binOf(model, c, row[c]!)
        for (let k = 0; k < outputs; k++) out[k * columns + c] = scores[places[c]! * outputs + k]!
      }
      let grid = 0
      for (let p = 0; p < pairs.length; p += 2) {
        const [a, b] = [pairs[p]!, pairs[p + 1]!]
        const width = wideBinsOf(model, b)
        const at = grid + (wide[places[a]!]! * width + wide[places[b]!]!) * outputs
        for (let k = 0; k < outputs; k++) {
          out[k * columns + a]! += grids[at + k]! / 2
          out[k * columns + b]! += grids[at + k]! / 2
        }
        grid += wideBinsOf(model, a) * width * outputs
      }
    },
  }
}

const UNITS = { logit: 'log_odds', softmax: 'score', identity: 'value' } as const satisfies Record<Curves['link'], Unit>
