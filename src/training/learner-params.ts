import { isTrainer, type Trainer } from '../ml/learn/given/params.ts'
import type { Learner } from '../ml/learn/learners.ts'
import type { ForestParams } from '../ml/learn/random-forest.ts'
import type { TargetKind } from '../ml/learn/task.ts'

type Params<L extends Learner> = (learner: L, predicts: TargetKind) => Record<string, string>

function forestParams(learner: ForestParams, predicts: TargetKind): Record<string, string> {
  const maxFeatures = learner.maxFeatures ?? (predicts === 'regression' ? 1 / 3 : 'sqrt')
  return {
    n_estimators: String(learner.trees),
    max_depth: python(learner.maxDepth),
    min_samples_leaf: String(learner.minSamplesLeaf),
    min_samples_split: String(learner.minSamplesSplit),
    max_features: maxFeatures === 'all' ? 'None' : String(maxFeatures),
    class_weight: python(learner.classWeight === 'none' || predicts === 'regression' ? null : 'balanced'),
    bootstrap: python(learner.bootstrap),
    random_state: String(learner.seed),
  }
}

/** The parameters of a run, for each learner by the names and spellings that its users know. */
const PARAMS: { [K in Learner['kind']]: Params<Extract<Learner, { kind: K }>> } = {
  /** scikit-learn's. */
  random_forest: forestParams,
  extra_trees: forestParams,
  /** LightGBM's. */
  gradient_boosting: (learner) => ({
    n_estimators: String(learner.rounds),
    learning_rate: String(learner.learningRate),
    num_leaves: String(learner.maxLeaves),
    max_depth: python(learner.maxDepth),
    min_child_samples: String(learner.minSamplesLeaf),
    min_child_weight: String(learner.minChildHessian),
    reg_alpha: String(learner.l1),
    reg_lambda: String(learner.l2),
    subsample: String(learner.rowShare),
    colsample_bytree: String(learner.columnShare),
    max_bin: String(learner.maxBins),
    class_weight: learner.classWeight === 'none' ? 'None' : learner.classWeight,
    early_stopping_round: python(learner.earlyStopping?.rounds ?? null),
    early_stopping_share: python(learner.earlyStopping?.share ?? null),
    early_stopping_refit: python(learner.earlyStopping?.refit ?? null),
    monotone_constraints: JSON.stringify(learner.monotone),
    ...(learner.interactions.length > 0 ? { interaction_constraints: JSON.stringify(learner.interactions) } : {}),
    ...(learner.shape === 'leaf_wise' ? {} : { tree_shape: learner.shape }),
    random_state: String(learner.seed),
  }),
  /** interpret's, where it has the thing. */
  additive_model: (learner) => ({
    max_rounds: String(learner.rounds),
    learning_rate: String(learner.learningRate),
    min_samples_leaf: String(learner.minSamplesLeaf),
    max_bins: String(learner.maxBins),
    max_interaction_bins: String(learner.pairBins),
    interactions: String(learner.pairs),
    folds: String(learner.folds),
    early_stopping_rounds: String(learner.patience),
    class_weight: learner.classWeight === 'none' ? 'None' : learner.classWeight,
    random_state: String(learner.seed),
  }),
  /** Ours: scikit-learn's C divides what our penalty multiplies, and has no word for what is chosen. */
  logistic_regression: (learner) => ({
    penalty: String(learner.penalty),
    class_weight: learner.classWeight === 'none' ? 'None' : learner.classWeight,
    random_state: String(learner.seed),
  }),
  ridge_regression: (learner) => ({ penalty: String(learner.penalty), random_state: String(learner.seed) }),
  spline_regression: (learner) => ({
    n_knots: String(learner.knots),
    smoothing: String(learner.smoothing),
    class_weight: learner.classWeight === 'none' ? 'None' : learner.classWeight,
    random_state: String(learner.seed),
  }),
}

export function learnerParams(learner: Learner | Trainer, predicts: TargetKind): Record<string, string> {
  // What it learns by is told by itself.
  if (isTrainer(learner)) return { trainer_command: JSON.stringify(learner.command) }
  const params = PARAMS[learner.kind] as Params<Learner>
  return params(learner, predicts)
}

export function python(value: boolean | number | string | null): string {
  if (value === null) return 'None'
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}
