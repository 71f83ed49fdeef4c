import type { z } from 'zod'
import type { gradientBoostingShape, randomForestShape } from './learner-shapes.ts'

type Options<Shape extends z.ZodType> = Omit<z.input<Shape>, 'kind'>

/** A random forest in a project file: `learner: randomForest({ trees: 100 })`. */
export function randomForest(options: Options<typeof randomForestShape> = {}) {
  return { ...options, kind: 'random_forest' as const }
}

/** Gradient boosting in a project file: `learner: gradientBoosting({ learningRate: 0.1 })`. */
export function gradientBoosting(options: Options<typeof gradientBoostingShape> = {}) {
  return { ...options, kind: 'gradient_boosting' as const }
}
