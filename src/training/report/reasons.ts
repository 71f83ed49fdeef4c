/** What a model goes by: what features add on the rows that measure it, and how much worse it is without each. */
import { globalShap, type ShapDependence, type ShapSummary } from '../../ml/explain/global-shap.ts'
import { type Judge, type PermutationImportance, permutationImportance } from '../../ml/explain/permutation.ts'
import { takeRows } from '../../ml/learn/take-rows.ts'
import { type Target, takeTarget } from '../../ml/learn/task.ts'
import { classLogLoss } from '../../ml/measure/multiclass.ts'
import { rootMeanSquaredError } from '../../ml/measure/regression.ts'
import { rocAuc } from '../../ml/measure/roc.ts'
import { isExplained } from '../../ml/model/kinds.ts'
import type { Model } from '../../ml/model/model-file.ts'
import type { Matrix } from '../../ml/model/trees.ts'
import { type Frame, framePart } from '../frame.ts'

/** `shap` and `dependence` are null of a model that nothing is known of but its answers. */
export type Reasons = {
  shap: ShapSummary | null
  dependence: ShapDependence | null
  permutation: PermutationImportance
}

/** No choice of the user's: another sample of the same rows says the same. */
const SEED = 20_240_131

/** `matrix` has all rows of the frame, `importance` what each of its columns helped the fit. */
export type FittedParts = { model: Model; matrix: Matrix; importance: Float64Array }

export function reasonsOf(parts: FittedParts & { frame: Frame; test: Uint32Array }): Reasons {
  const { model, frame, test, importance } = parts
  const { inputs, target } = framePart(frame, test)
  const measuring = { model, matrix: takeRows(parts.matrix, test), inputs, seed: SEED }
  const { summary, dependence } = isExplained(model.learned) ? globalShap(measuring) : NOT_EXPLAINED
  const gain = model.encoder.fields.map(({ at, width }) =>
    importance.subarray(at, at + width).reduce((sum, share) => sum + share, 0),
  )
  return { shap: summary, dependence, permutation: permutationImportance(measuring, judgeOf(target), gain) }
}

const NOT_EXPLAINED = { summary: null, dependence: null }

/** By what a model of such a target is judged. */
function judgeOf(target: Target): Judge {
  const own = (rows: Uint32Array) => takeTarget(target, rows)
  if (target.kind === 'regression') {
    const of: Judge['of'] = (outputs, rows) => rootMeanSquaredError(valuesOf(own(rows)), outputs)
    return { metric: 'rmse', better: 'less', of }
  }
  if (target.kind === 'binary') {
    return { metric: 'auc', better: 'more', of: (outputs, rows) => rocAuc(labelsOf(own(rows)), outputs) }
  }
  const { classes } = target
  const of: Judge['of'] = (scores, rows) => classLogLoss(Uint32Array.from(labelsOf(own(rows))), { classes, scores })
  return { metric: 'logloss', better: 'less', of }
}

function labelsOf(target: Target): Uint8Array {
  return target.kind === 'regression' ? new Uint8Array(0) : target.labels
}

function valuesOf(target: Target): Float64Array {
  return target.kind === 'regression' ? target.values : new Float64Array(0)
}
