export { defineProject, type ProjectInput } from './config/define.ts'
export {
  additiveModel,
  auto,
  extraTrees,
  gradientBoosting,
  logisticRegression,
  randomForest,
  ridgeRegression,
  splineRegression,
} from './config/learners.ts'
