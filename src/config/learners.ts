import type { z } from 'zod'
import type {
  additiveModelShape,
  autoShape,
  extraTreesShape,
  gradientBoostingShape,
  logisticRegressionShape,
  randomForestShape,
  ridgeRegressionShape,
  splineRegressionShape,
} from './learner-shapes.ts'

type Options<Shape extends z.ZodType> = Omit<z.input<Shape>, 'kind'>

/** A random forest in a project file: `learner: randomForest({ trees: 100 })`. */
export function randomForest(options: Options<typeof randomForestShape> = {}) {
  return { ...options, kind: 'random_forest' as const }
}

/** Extra-trees in a project file: `learner: extraTrees({ trees: 500 })`. */
export function extraTrees(options: Options<typeof extraTreesShape> = {}) {
  return { ...options, kind: 'extra_trees' as const }
}

/** Gradient boosting in a project file: `learner: gradientBoosting({ learningRate: 0.1 })`. */
export function gradientBoosting(options: Options<typeof gradientBoostingShape> = {}) {
  return { ...options, kind: 'gradient_boosting' as const }
}

/** Logistic regression in a project file, for classes: `learner: logisticRegression()`. */
export function logisticRegression(options: Options<typeof logisticRegressionShape> = {}) {
  return { ...options, kind: 'logistic_regression' as const }
}

/** Ridge regression in a project file, for numbers: `learner: ridgeRegression()`. */
export function ridgeRegression(options: Options<typeof ridgeRegressionShape> = {}) {
  return { ...options, kind: 'ridge_regression' as const }
}

/** Regression on splines in a project file: `learner: splineRegression({ knots: 10 })`. */
export function splineRegression(options: Options<typeof splineRegressionShape> = {}) {
  return { ...options, kind: 'spline_regression' as const }
}

/** An additive model in a project file, which can be read as curves: `learner: additiveModel({ pairs: 0 })`. */
export function additiveModel(options: Options<typeof additiveModelShape> = {}) {
  return { ...options, kind: 'additive_model' as const }
}

/** A search over learners and their options in a project file: `learner: auto({ budget: 60_000 })`, or just `'auto'`. */
export function auto(options: Options<typeof autoShape> = {}) {
  return { ...options, kind: 'auto' as const }
}
